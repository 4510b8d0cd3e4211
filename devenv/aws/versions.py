"""Versions: numbered snapshots of a revision.

Recorded: publishing is idempotent for the current revision; lists are newest first; deleting twice succeeds; a number
is never given out again. Documented: a version that an alias names cannot be deleted; at most 1000 versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devenv.aws.arns import parse_machine_arn
from devenv.aws.errors import AwsError, conflict, invalid_arn
from devenv.aws.pagination import page
from devenv.aws.state_machine import Machine, Version, find, invalid_token, require_unqualified

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.region import Fields, Params, Region

_MOST_VERSIONS = 1000


def publish(region: Region, params: Params) -> Fields:
    machine = require_unqualified(region, params["stateMachineArn"])
    _require_current(machine, params.get("revisionId"))
    version = publish_current(machine, params.get("description"), region.now())
    return {"stateMachineVersionArn": machine.version_arn(version.number), "creationDate": version.created}


def publish_current(machine: Machine, description: str | None, now: datetime) -> Version:
    """The version of the current revision, made when there is none."""
    for version in machine.versions.values():
        if version.revision is machine.revision:
            return version
    if len(machine.versions) >= _MOST_VERSIONS:
        raise AwsError("ServiceQuotaExceededException", f"The maximum of {_MOST_VERSIONS} versions is reached.")
    machine.published += 1
    version = Version(machine.published, machine.revision, description, now)
    machine.versions[version.number] = version
    return version


def list_all(region: Region, params: Params) -> Fields:
    machine = require_unqualified(region, params["stateMachineArn"])
    newest_first = [machine.versions[number] for number in sorted(machine.versions, reverse=True)]
    versions, token = page(
        newest_first,
        scope=f"ListStateMachineVersions {machine.arn}",
        size=params.get("maxResults") or 100,
        token=params.get("nextToken"),
        now=region.now(),
        refusal=invalid_token(),
    )
    listed = [
        {"stateMachineVersionArn": machine.version_arn(item.number), "creationDate": item.created} for item in versions
    ]
    return {"stateMachineVersions": listed, **({"nextToken": token} if token else {})}


def delete(region: Region, params: Params) -> Fields:
    """The text for an ARN without a version number is not established."""
    arn = parse_machine_arn(params["stateMachineVersionArn"])
    if arn.version is None:
        raise invalid_arn(f"Not a state machine version ARN: {arn}")
    machine = find(region, arn)
    if machine and arn.version in machine.versions:
        _require_unreferenced(machine, arn.version)
        del machine.versions[arn.version]
    return {}


def _require_current(machine: Machine, revision_id: str | None) -> None:
    current = machine.revision.id or "INITIAL"
    if revision_id not in (None, current):
        raise conflict(
            f"Failed to publish the State Machine version for revision {revision_id}. "
            f"The current State Machine revision is {current}."
        )


def _require_unreferenced(machine: Machine, number: int) -> None:
    names = [alias.name for alias in machine.aliases.values() if number in alias.routing]
    if names:
        raise conflict(
            "Version to be deleted must not be referenced by an alias. "
            f"Current list of aliases referencing this version: [{', '.join(names)}]"
        )
