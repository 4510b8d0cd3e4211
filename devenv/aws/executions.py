"""Executions after their start: described, listed, stopped, redriven. How they begin is in `execution_starts.py`.

API reference of ListExecutions: the most recent first, running ones by their start or redrive and others by their stop;
not for EXPRESS machines. The texts for EXPRESS executions, where the operation is not supported, are not established.

API reference of RedriveExecution: what did not succeed and closed within the last 14 days runs again, by the same ARN.
The text of its refusal, and what a running one still shows of its former end, are not established.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from devenv.aws import execution
from devenv.aws.aliases import find_alias
from devenv.aws.arns import MachineArn, parse_machine_arn
from devenv.aws.errors import AwsError, resource_not_found, validation
from devenv.aws.execution import RUNNING, SUCCEEDED, Ending, Execution
from devenv.aws.execution_starts import shown_data, shown_failure
from devenv.aws.pagination import page
from devenv.aws.state_machine import Machine, invalid_token, require, require_key, require_type, shown_settings

if TYPE_CHECKING:
    from devenv.aws.region import Fields, Params, Region

_REDRIVABLE = timedelta(days=14)


def describe(region: Region, params: Params) -> Fields:
    found = execution.require(region, params["executionArn"])
    if params.get("includedData") != "METADATA_ONLY":
        require_key(region, found.revision)
    return found.summary() | shown_data(found, params) | shown_failure(found)


def describe_machine(region: Region, params: Params) -> Fields:
    """The definition that the execution was started with. The ARN is the machine's, without a version (recorded)."""
    found = execution.require(region, params["executionArn"])
    revision = found.revision
    answer = {
        "stateMachineArn": found.machine_arn,
        "name": found.machine_name,
        "updateDate": revision.at,
        **shown_settings(region, revision, params),
    }
    return answer | ({"revisionId": revision.id} if revision.id else {})


def list_all(region: Region, params: Params) -> Fields:
    """Of a machine, a version or an alias. There are no Map Runs here."""
    arn = _listed_arn(params)
    machine = require(region, arn)
    require_type(machine, "STANDARD")
    _require_qualifier(region, machine, arn)
    wanted = params.get("statusFilter")
    found = [item for item in execution.listed(region) if item.belongs_to(arn) and wanted in (None, item.status)]
    executions, token = page(
        sorted(found, key=lambda item: item.stopped or item.begun, reverse=True),
        scope=f"ListExecutions {arn} {wanted}",
        size=params.get("maxResults") or 100,
        token=params.get("nextToken"),
        now=region.now(),
        refusal=invalid_token(),
    )
    return {"executions": [item.summary() for item in executions], **({"nextToken": token} if token else {})}


def stop(region: Region, params: Params) -> Fields:
    ending = Ending("ABORTED", error=params.get("error"), cause=params.get("cause"))
    return {"stopDate": finish(region, params["executionArn"], ending).stopped}


def redrive(region: Region, params: Params) -> Fields:
    """It runs again with the outcome that is set for its version now; without one until somebody ends it."""
    found = execution.require(region, params["executionArn"])
    now = region.now()
    if found.status in (RUNNING, SUCCEEDED) or (found.stopped and now - found.stopped > _REDRIVABLE):
        raise AwsError("ExecutionNotRedrivable", f"Execution is not redrivable: '{found.arn}'")
    region.executions[found.arn] = replace(
        found,
        status=RUNNING,
        stopped=None,
        error=None,
        cause=None,
        ending=region.ending_of(found.version_arn, found.machine_arn),
        redrives=found.redrives + 1,
        redriven=now,
    )
    return {"redriveDate": now}


def history(region: Region, params: Params) -> Fields:
    """Only the first and, when ended, the last event."""
    found = execution.require(region, params["executionArn"])
    started = {
        "id": 1,
        "previousEventId": 0,
        "type": "ExecutionStarted",
        "timestamp": found.started,
        "executionStartedEventDetails": {"input": found.input, "roleArn": found.revision.settings["roleArn"]},
    }
    return {"events": [started] if found.stopped is None else [started, _last_event(found)]}


def finish(region: Region, arn: str, ending: Ending) -> Execution:
    """Ends a running execution now; an ended one stays as it is."""
    found = execution.require(region, arn)
    if found.status == RUNNING:
        found = found.ended(ending, region.now())
        region.executions[arn] = found
    return found


def summaries(region: Region, arn: MachineArn) -> list[Fields]:
    """Every execution of a machine, version or alias, Express included, oldest first: for the control surface."""
    found = [item for item in execution.current(region) if item.belongs_to(arn)]
    return [item.summary() for item in sorted(found, key=lambda item: item.started)]


def _last_event(ended: Execution) -> Fields:
    kind = "Execution" + "".join(word.capitalize() for word in ended.status.split("_"))
    details = {"output": ended.output} if ended.output else shown_failure(ended)
    return {
        "id": 2,
        "previousEventId": 1,
        "type": kind,
        "timestamp": ended.stopped,
        f"{kind[:1].lower()}{kind[1:]}EventDetails": details,
    }


def _listed_arn(params: Params) -> MachineArn:
    """The texts, but for the first, are not established."""
    if ("stateMachineArn" in params) == ("mapRunArn" in params):
        raise validation("Must provide either stateMachineArn or mapRunArn")
    if "mapRunArn" in params:
        raise resource_not_found()
    if params.get("statusFilter") == "PENDING_REDRIVE" or "redriveFilter" in params:
        raise validation("PENDING_REDRIVE and redriveFilter can only be used with mapRunArn")
    return parse_machine_arn(params["stateMachineArn"])


def _require_qualifier(region: Region, machine: Machine, arn: MachineArn) -> None:
    is_known = arn.qualifier is None or arn.version in machine.versions or find_alias(region, arn) is not None
    if not is_known:
        raise resource_not_found()
