"""Operations on state machines.

Sources: API reference (as shipped in botocore) and recorded answers. A machine that was never updated is at the
revision INITIAL and shows no revisionId; each update that changes something makes a revision with an id.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from devenv.aws.arns import parse_machine_arn
from devenv.aws.errors import AwsError, machine_does_not_exist, resource_not_found, validation
from devenv.aws.pagination import page
from devenv.aws.state_machine import (
    Machine,
    Revision,
    invalid_token,
    require,
    require_unqualified,
    shown_settings,
)
from devenv.aws.versions import publish_current

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.region import Fields, Params, Region

_LOGGING_OFF: dict[str, Any] = {"level": "OFF", "includeExecutionData": False}
_TRACING_OFF: dict[str, Any] = {"enabled": False}
_REVISED = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


def create(region: Region, params: Params) -> Fields:
    _require_publish_for_description(params)
    _require_definition(params["definition"])
    _require_role(params["roleArn"])
    arn = region.arn("states", f"stateMachine:{params['name']}")
    machine = region.machines.get(arn)
    if machine is None:
        machine = region.machines[arn] = _new_machine(arn, params, region.now())
        region.tags[arn] = {tag["key"]: tag["value"] for tag in params.get("tags", [])}
    elif machine.created_with != _identity(params):
        raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    answer: Fields = {"stateMachineArn": arn, "creationDate": machine.created}
    if params.get("publish"):
        version = publish_current(machine, params.get("versionDescription"), machine.created)
        answer["stateMachineVersionArn"] = machine.version_arn(version.number)
    return answer


def update(region: Region, params: Params) -> Fields:
    """An update that changes nothing keeps the revision and answers no revisionId (recorded)."""
    machine = require_unqualified(region, params["stateMachineArn"])
    _require_publish_for_description(params)
    changes = {name: params[name] for name in _REVISED if name in params}
    _require_some_change(changes)
    if "definition" in changes:
        _require_definition(changes["definition"])
    if "roleArn" in changes:
        _require_role(changes["roleArn"])
    now = region.now()
    answer: Fields = {"updateDate": now}
    settings = machine.revision.settings | changes
    if settings != machine.revision.settings:
        machine.revision = Revision(str(uuid.uuid4()), settings, now)
        answer["revisionId"] = machine.revision.id
    if params.get("publish"):
        version = publish_current(machine, params.get("versionDescription"), now)
        answer["stateMachineVersionArn"] = machine.version_arn(version.number)
    return answer


def describe(region: Region, params: Params) -> Fields:
    """A version's ARN answers its snapshot. An alias's ARN: not established, StateMachineDoesNotExist here."""
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = require(region, arn)
    if arn.qualifier is None:
        return _described(region, machine, machine.revision, params) | {"creationDate": machine.created}
    version = machine.versions.get(arn.version) if arn.version is not None else None
    if version is None:
        raise machine_does_not_exist(str(arn))
    answer = _described(region, machine, version.revision, params) | {"creationDate": version.created}
    return answer | ({"description": version.description} if version.description else {})


def delete(region: Region, params: Params) -> Fields:
    """Delete it with its versions and aliases; nothing there is no error. AWS shows DELETING for a while; not here."""
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = region.machines.pop(arn.machine, None)
    for alias in machine.aliases.values() if machine else ():
        region.shared.consistency.forget(alias.arn)
        region.shared.alias_history.add(region.now(), alias.arn, "deleted", {})
    region.tags.pop(arn.machine, None)
    return {}


def list_all(region: Region, params: Params) -> Fields:
    machines, token = page(
        list(region.machines.values()),
        scope="ListStateMachines",
        size=params.get("maxResults") or 100,
        token=params.get("nextToken"),
        now=region.now(),
        refusal=invalid_token(),
    )
    listed = [
        {"stateMachineArn": item.arn, "name": item.name, "type": item.type, "creationDate": item.created}
        for item in machines
    ]
    return {"stateMachines": listed, **({"nextToken": token} if token else {})}


def list_tags(region: Region, params: Params) -> Fields:
    tags = _tags_of(region, params["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def tag(region: Region, params: Params) -> Fields:
    _tags_of(region, params["resourceArn"]).update({tag["key"]: tag["value"] for tag in params["tags"]})
    return {}


def untag(region: Region, params: Params) -> Fields:
    tags = _tags_of(region, params["resourceArn"])
    for key in params["tagKeys"]:
        tags.pop(key, None)
    return {}


def _new_machine(arn: str, params: Params, now: datetime) -> Machine:
    settings: dict[str, Any] = {"loggingConfiguration": _LOGGING_OFF, "tracingConfiguration": _TRACING_OFF}
    settings |= {name: params[name] for name in _REVISED if name in params}
    settings["loggingConfiguration"] = _LOGGING_OFF | settings["loggingConfiguration"]
    revision = Revision(None, settings, now)
    return Machine(arn, params["name"], params.get("type", "STANDARD"), now, revision, _identity(params))


def _identity(params: Params) -> dict[str, Any]:
    """What CreateStateMachine's idempotency looks at; it ignores role and tags (API reference)."""
    defaults: dict[str, Any] = {"type": "STANDARD", "publish": False}
    return defaults | {name: value for name, value in params.items() if name not in ("roleArn", "tags")}


def _described(region: Region, machine: Machine, revision: Revision, params: Params) -> Fields:
    answer = {
        "stateMachineArn": params["stateMachineArn"],
        "name": machine.name,
        "status": "ACTIVE",
        "type": machine.type,
        **shown_settings(region, revision, params),
    }
    return answer | ({"revisionId": revision.id} if revision.id else {})


def _require_publish_for_description(params: Params) -> None:
    if params.get("versionDescription") and not params.get("publish"):
        raise validation("Version description can only be set when publish is true")


def _require_some_change(changes: dict[str, Any]) -> None:
    if not changes:
        raise AwsError("MissingRequiredParameter", "At least one of definition and roleArn must be specified")


def _require_definition(text: str) -> None:
    """Only that it is a JSON object with StartAt and States; the linter of AWS is not copied."""
    try:
        definition = json.loads(text)
    except ValueError as error:
        raise _invalid_definition(f"INVALID_JSON_DESCRIPTION: {error}") from None
    if not isinstance(definition, dict) or not {"StartAt", "States"} <= definition.keys():
        raise _invalid_definition("SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt, States] at /")


def _invalid_definition(why: str) -> AwsError:
    return AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{why}'")


def _require_role(arn: str) -> None:
    if not arn.startswith("arn:") or ":role/" not in arn:
        raise AwsError("InvalidArn", f"Invalid Role Arn: '{arn}'")


def _tags_of(region: Region, arn: str) -> dict[str, str]:
    if parse_machine_arn(arn).machine not in region.machines:
        raise resource_not_found()
    return region.tags.setdefault(parse_machine_arn(arn).machine, {})
