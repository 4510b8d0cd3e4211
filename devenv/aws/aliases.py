"""Aliases: a name that routes new executions to one or two versions by weight.

Recorded: every refusal of a routing or a name; that an omitted field is kept; oldest first in lists (the API reference
says newest first); deleting twice succeeds; an update of what is not there answers ResourceNotFound.

Not established on AWS, and chosen here:
- an entry of weight 0 is accepted (the shape allows 0, no recording covers it);
- a version that does not exist, or of another machine, is refused with ValidationException;
- a repeated update with the same parameters keeps the updateDate ("idempotent response" in the API reference);
- listing the aliases of a version that does not exist answers an empty list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from devenv.aws.arns import MachineArn, parse_machine_arn
from devenv.aws.errors import AwsError, conflict, resource_not_found, validation
from devenv.aws.pagination import page
from devenv.aws.state_machine import Machine, find, invalid_token, require

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.region import Fields, Params, Region

_MOST_ALIASES = 100


@dataclass(frozen=True)
class Alias:
    """`routing` maps version numbers to weights, in the order in which they were given."""

    arn: str
    name: str
    routing: dict[int, int]
    description: str | None
    created: datetime
    updated: datetime


def create(region: Region, params: Params) -> Fields:
    arns = _version_arns(params["routingConfiguration"])
    machine = require(region, arns[0])
    routing = _routing(machine, arns, params["routingConfiguration"])
    alias = machine.aliases.get(params["name"])
    if alias is None:
        alias = _add(region, machine, params["name"], routing, params.get("description"))
    elif (alias.routing, alias.description) != (routing, params.get("description")):
        raise conflict(
            "Failed to create alias because an alias with the same name and a different routing configuration "
            "already exists."
        )
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created}


def update(region: Region, params: Params) -> Fields:
    """The text for neither description nor routingConfiguration is not established."""
    if "routingConfiguration" not in params and "description" not in params:
        raise validation("Either the description or the routingConfiguration must be specified")
    arns = _version_arns(params["routingConfiguration"]) if "routingConfiguration" in params else None
    machine, alias = _require_alias(region, params["stateMachineAliasArn"])
    routing = _routing(machine, arns, params["routingConfiguration"]) if arns else alias.routing
    changed = replace(alias, routing=routing, description=params.get("description", alias.description))
    if changed != alias:
        _replace(region, machine, alias, replace(changed, updated=region.now()))
    return {"updateDate": machine.aliases[alias.name].updated}


def describe(region: Region, params: Params) -> Fields:
    machine, current = _require_alias(region, params["stateMachineAliasArn"])
    alias = region.shared.consistency.read(current.arn, current, region.now())
    answer: Fields = {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": [
            {"stateMachineVersionArn": machine.version_arn(number), "weight": weight}
            for number, weight in alias.routing.items()
        ],
        "creationDate": alias.created,
        "updateDate": alias.updated,
    }
    return answer | ({"description": alias.description} if alias.description is not None else {})


def list_all(region: Region, params: Params) -> Fields:
    """A version's ARN lists the aliases that route to it."""
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = require(region, arn)
    aliases, token = page(
        [alias for alias in machine.aliases.values() if arn.version is None or arn.version in alias.routing],
        scope=f"ListStateMachineAliases {arn}",
        size=params.get("maxResults") or 100,
        token=params.get("nextToken"),
        now=region.now(),
        refusal=invalid_token(),
    )
    listed = [{"stateMachineAliasArn": alias.arn, "creationDate": alias.created} for alias in aliases]
    return {"stateMachineAliases": listed, **({"nextToken": token} if token else {})}


def delete(region: Region, params: Params) -> Fields:
    arn = parse_machine_arn(params["stateMachineAliasArn"])
    machine = find(region, arn)
    if machine and machine.aliases.pop(arn.qualifier or "", None):
        region.shared.consistency.forget(str(arn))
        region.shared.alias_history.add(region.now(), str(arn), "deleted", {})
    return {}


def find_alias(region: Region, arn: MachineArn) -> Alias | None:
    machine = find(region, arn)
    return machine.aliases.get(arn.qualifier or "") if machine else None


def _require_alias(region: Region, text: str) -> tuple[Machine, Alias]:
    arn = parse_machine_arn(text)
    machine, alias = find(region, arn), find_alias(region, arn)
    if machine is None or alias is None:
        raise resource_not_found()
    return machine, alias


def _version_arns(entries: list[dict[str, Any]]) -> list[MachineArn]:
    """The checks that need no state. In which order AWS makes them is not established."""
    received = [entry["stateMachineVersionArn"] for entry in entries]
    arns = [parse_machine_arn(text) for text in received]
    if any(arn.version is None for arn in arns):
        listed = ", ".join(received)
        raise validation(f"Routing configuration must contain state machine version ARNs. Received: [{listed}]")
    if len(set(arns)) != len(arns):
        listed = ", ".join(received)
        raise validation(
            f"Routing configuration must contain distinct state machine version ARNs. Received: [{listed}]"
        )
    weights = [entry["weight"] for entry in entries]
    if sum(weights) != 100:
        raise validation(f"Sum of routing configuration weights must equal 100. Received: {weights}")
    return arns


def _routing(machine: Machine, arns: list[MachineArn], entries: list[dict[str, Any]]) -> dict[int, int]:
    foreign = [str(arn) for arn in arns if arn.machine != machine.arn or arn.version not in machine.versions]
    if foreign:
        listed = ", ".join(foreign)
        raise validation(
            f"Routing configuration must contain existing versions of one state machine. Received: [{listed}]"
        )
    return {arn.version: entry["weight"] for arn, entry in zip(arns, entries, strict=True) if arn.version is not None}


def _add(region: Region, machine: Machine, name: str, routing: dict[int, int], description: str | None) -> Alias:
    if len(machine.aliases) >= _MOST_ALIASES:
        raise AwsError("ServiceQuotaExceededException", f"The maximum of {_MOST_ALIASES} aliases is reached.")
    now = region.now()
    alias = machine.aliases[name] = Alias(f"{machine.arn}:{name}", name, routing, description, now, now)
    region.shared.alias_history.add(now, alias.arn, "created", routing)
    return alias


def _replace(region: Region, machine: Machine, former: Alias, alias: Alias) -> None:
    region.shared.consistency.updated(alias.arn, former, alias.updated)
    machine.aliases[alias.name] = alias
    if alias.routing != former.routing:
        region.shared.alias_history.add(alias.updated, alias.arn, "updated", alias.routing)
