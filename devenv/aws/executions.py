"""Executions: bound to a version at their start, and attributed to it.

"Associate executions with a version or alias" (AWS documentation): started by an alias's ARN an execution carries the
alias and the version, by a version's ARN the version only, by the plain ARN neither.

Nothing runs: an execution stays RUNNING until StopExecution or the control surface ends it. The texts for EXPRESS
executions, where the operation is not supported, are not established.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devenv.aws.aliases import Alias, find_alias
from devenv.aws.arns import MachineArn, parse_machine_arn
from devenv.aws.errors import AwsError, invalid_arn, machine_does_not_exist, resource_not_found, validation
from devenv.aws.pagination import page
from devenv.aws.state_machine import Machine, Revision, invalid_token, require, shown_settings

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.region import Fields, Params, Region


@dataclass(frozen=True)
class Execution:
    arn: str
    name: str
    machine_arn: str
    machine_name: str
    revision: Revision
    input: str
    started: datetime
    version_arn: str | None = None
    alias_arn: str | None = None
    status: str = "RUNNING"
    stopped: datetime | None = None
    error: str | None = None
    cause: str | None = None
    is_express: bool = False


def start(region: Region, params: Params) -> Fields:
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = require(region, arn)
    given = params.get("input", "{}")
    _require_json(given)
    name = params.get("name") or str(uuid.uuid4())
    execution = _repeated(region, machine, name, given) or _begin(region, machine, arn, name, given)
    region.executions[execution.arn] = execution
    return {"executionArn": execution.arn, "startDate": execution.started}


def describe(region: Region, params: Params) -> Fields:
    execution = require_execution(region, params["executionArn"])
    answer = _summary(execution) | {"input": execution.input, "inputDetails": {"included": True}}
    if execution.status == "SUCCEEDED":
        answer |= {"output": "{}", "outputDetails": {"included": True}}
    failure = {"error": execution.error, "cause": execution.cause}
    return answer | {name: value for name, value in failure.items() if value is not None}


def describe_machine(region: Region, params: Params) -> Fields:
    """The definition that the execution was started with. The ARN is the machine's, without a version (recorded)."""
    execution = require_execution(region, params["executionArn"])
    revision = execution.revision
    answer = {
        "stateMachineArn": execution.machine_arn,
        "name": execution.machine_name,
        "updateDate": revision.at,
        **shown_settings(region, revision, params),
    }
    return answer | ({"revisionId": revision.id} if revision.id else {})


def list_all(region: Region, params: Params) -> Fields:
    """Of a machine, a version or an alias, most recent first: running ones by their start, others by their stop."""
    if "stateMachineArn" not in params:
        raise validation("Must provide either stateMachineArn or mapRunArn")
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = require(region, arn)
    _require_standard(machine)
    _require_qualifier(region, machine, arn)
    found = [item for item in region.executions.values() if _belongs(item, arn) and _has_status(item, params)]
    executions, token = page(
        sorted(found, key=lambda item: item.stopped or item.started, reverse=True),
        scope=f"ListExecutions {arn} {params.get('statusFilter')}",
        size=params.get("maxResults") or 100,
        token=params.get("nextToken"),
        now=region.now(),
        refusal=invalid_token(),
    )
    return {"executions": [_summary(item) for item in executions], **({"nextToken": token} if token else {})}


def stop(region: Region, params: Params) -> Fields:
    stopped = finish(region, params["executionArn"], "ABORTED", params.get("error"), params.get("cause"))
    return {"stopDate": stopped.stopped}


def history(region: Region, params: Params) -> Fields:
    """Only the first and, when ended, the last event."""
    execution = require_execution(region, params["executionArn"])
    started = {
        "id": 1,
        "previousEventId": 0,
        "type": "ExecutionStarted",
        "timestamp": execution.started,
        "executionStartedEventDetails": {"input": execution.input, "roleArn": execution.revision.settings["roleArn"]},
    }
    if execution.stopped is None:
        return {"events": [started]}
    kind = "".join(word.capitalize() for word in execution.status.split("_"))
    ended = {"id": 2, "previousEventId": 1, "type": f"Execution{kind}", "timestamp": execution.stopped}
    return {"events": [started, ended]}


def finish(region: Region, arn: str, status: str, error: str | None = None, cause: str | None = None) -> Execution:
    """Ends a running execution as `status` (SUCCEEDED, FAILED, TIMED_OUT or ABORTED); an ended one stays as it is."""
    execution = require_execution(region, arn)
    if execution.status == "RUNNING":
        execution = replace(execution, status=status, stopped=region.now(), error=error, cause=cause)
        region.executions[arn] = execution
    return execution


def summaries(region: Region, arn: MachineArn) -> list[Fields]:
    """Every execution of a machine, version or alias, Express included, oldest first: for the control surface."""
    return [_summary(item) for item in region.executions.values() if _belongs(item, arn)]


def require_execution(region: Region, arn: str) -> Execution:
    execution = region.executions.get(arn)
    if execution is None:
        raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    if execution.is_express:
        raise invalid_arn("Resource type not valid in this context: express")
    return execution


def _begin(region: Region, machine: Machine, arn: MachineArn, name: str, given: str) -> Execution:
    alias, number = _chosen(region, machine, arn)
    if number is not None and number not in machine.versions:
        raise machine_does_not_exist(str(arn))  # a stale alias may still name a version deleted since
    revision = machine.versions[number].revision if number is not None else machine.revision
    is_express = machine.type == "EXPRESS"
    resource = f"express:{machine.name}:{name}:{uuid.uuid4()}" if is_express else f"execution:{machine.name}:{name}"
    return Execution(
        arn=region.arn("states", resource),
        name=name,
        machine_arn=machine.arn,
        machine_name=machine.name,
        revision=revision,
        input=given,
        started=region.now(),
        version_arn=machine.version_arn(number) if number is not None else None,
        alias_arn=alias.arn if alias else None,
        is_express=is_express,
    )


def _chosen(region: Region, machine: Machine, arn: MachineArn) -> tuple[Alias | None, int | None]:
    """The alias and the version that a start by this ARN goes to; the alias chooses by weight at each start."""
    if arn.qualifier is None:
        return None, None
    if arn.version is not None and arn.version in machine.versions:
        return None, arn.version
    current = find_alias(region, arn)
    if current is None:
        raise machine_does_not_exist(str(arn))
    alias = region.shared.consistency.seen(current.arn, current, region.now())
    return alias, region.shared.dice.choices(list(alias.routing), weights=list(alias.routing.values()))[0]


def _repeated(region: Region, machine: Machine, name: str, given: str) -> Execution | None:
    """A Standard start with the name and input of a running execution is that execution; Express is not idempotent."""
    former = region.executions.get(region.arn("states", f"execution:{machine.name}:{name}"))
    if machine.type == "EXPRESS" or former is None:
        return None
    if former.status != "RUNNING" or former.input != given:
        raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{former.arn}'")
    return former


def _require_json(given: str) -> None:
    try:
        json.loads(given)
    except ValueError as error:
        raise AwsError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from None


def _require_standard(machine: Machine) -> None:
    if machine.type == "EXPRESS":
        text = "This operation is not supported by this type of state machine"
        raise AwsError("StateMachineTypeNotSupported", text)


def _require_qualifier(region: Region, machine: Machine, arn: MachineArn) -> None:
    is_known = arn.qualifier is None or arn.version in machine.versions or find_alias(region, arn) is not None
    if not is_known:
        raise resource_not_found()


def _belongs(execution: Execution, arn: MachineArn) -> bool:
    return str(arn) in (execution.machine_arn, execution.version_arn, execution.alias_arn)


def _has_status(execution: Execution, params: Params) -> bool:
    return params.get("statusFilter") in (None, execution.status)


def _summary(execution: Execution) -> Fields:
    answer = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "redriveCount": 0,
    }
    optional = {
        "stopDate": execution.stopped,
        "stateMachineVersionArn": execution.version_arn,
        "stateMachineAliasArn": execution.alias_arn,
    }
    return answer | {name: value for name, value in optional.items() if value is not None}
