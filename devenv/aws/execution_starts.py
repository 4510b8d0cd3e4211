"""StartExecution and StartSyncExecution: which version a start goes to, and when it is a repetition.

"Associate executions with a version or alias" (AWS documentation): started by an alias's ARN an execution carries the
alias and the version, by a version's ARN the version only, by the plain ARN neither.

API reference of StartExecution: for STANDARD, the name and input of a running execution are that execution; a closed
one, or another input, is ExecutionAlreadyExists, until the name is free again 90 days after the close. EXPRESS is not
idempotent. StartSyncExecution answers 200 also when the execution fails, and takes five minutes at most.

Not established, and chosen here: a start that names another version is a repetition too, if name and input are equal.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from devenv.aws.aliases import Alias, find_alias
from devenv.aws.arns import MachineArn, parse_machine_arn
from devenv.aws.errors import AwsError, machine_does_not_exist
from devenv.aws.execution import RUNNING, SUCCEEDED, Ending, Execution, find
from devenv.aws.state_machine import Machine, require, require_key, require_type

if TYPE_CHECKING:
    from devenv.aws.region import Fields, Params, Region

_LONGEST_EXPRESS_S = 300.0
_BILLED_STEP_MS = 100
_UNFIT_FOR_A_NAME = re.compile(r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff]')


def start(region: Region, params: Params) -> Fields:
    arn, machine, name, given = _asked(region, params)
    execution = _repeated(region, machine, name, given) or _begin(region, machine, arn, name, given)
    region.executions[execution.arn] = execution
    return {"executionArn": execution.arn, "startDate": execution.started}


def start_sync(region: Region, params: Params) -> Fields:
    """Answers at once, with the dates of an execution that took its time; a fault of kind "delay" makes it slow."""
    arn, machine, name, given = _asked(region, params)
    require_type(machine, "EXPRESS")
    begun = _begin(region, machine, arn, name, given)
    ending = _of_express(begun.ending or Ending(SUCCEEDED))
    execution = begun.ended(ending, begun.started + timedelta(seconds=ending.after_s))
    region.executions[execution.arn] = execution
    answer = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "startDate": execution.started,
        "stopDate": execution.stopped,
        "status": execution.status,
        "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": _billed_ms(ending.after_s)},
    }
    return answer | shown_data(execution, params) | shown_failure(execution)


def shown_data(execution: Execution, params: Params) -> Fields:
    """Input and output, unless the metadata alone is asked for."""
    if params.get("includedData") == "METADATA_ONLY":
        return {}
    answer: Fields = {"input": execution.input, "inputDetails": {"included": True}}
    return answer | ({"output": execution.output, "outputDetails": {"included": True}} if execution.output else {})


def shown_failure(execution: Execution) -> Fields:
    failure = {"error": execution.error, "cause": execution.cause}
    return {name: value for name, value in failure.items() if value is not None}


def _asked(region: Region, params: Params) -> tuple[MachineArn, Machine, str, str]:
    """The ARN that was named, its machine, the execution's name and its input."""
    arn = parse_machine_arn(params["stateMachineArn"])
    machine = require(region, arn)
    given = params.get("input", "{}")
    _require_json(given)
    name = params.get("name") or str(uuid.uuid4())
    if _UNFIT_FOR_A_NAME.search(name):
        raise AwsError("InvalidName", f"Invalid Name: '{name}'")
    return arn, machine, name, given


def _begin(region: Region, machine: Machine, arn: MachineArn, name: str, given: str) -> Execution:
    alias, number = _chosen(region, machine, arn)
    if number is not None and number not in machine.versions:
        raise machine_does_not_exist(str(arn))  # a stale alias may still name a version deleted since
    revision = machine.versions[number].revision if number is not None else machine.revision
    require_key(region, revision)
    version_arn = machine.version_arn(number) if number is not None else None
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
        version_arn=version_arn,
        alias_arn=alias.arn if alias else None,
        is_express=is_express,
        ending=region.ending_of(version_arn, machine.arn),
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
    former = find(region, region.arn("states", f"execution:{machine.name}:{name}"))
    if machine.type == "EXPRESS" or former is None:
        return None
    if former.status != RUNNING or former.input != given:
        raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{former.arn}'")
    return former


def _of_express(ending: Ending) -> Ending:
    """What would take longer than an EXPRESS execution may is a timeout."""
    if ending.status != RUNNING and ending.after_s <= _LONGEST_EXPRESS_S:
        return ending
    return replace(ending, status="TIMED_OUT", after_s=_LONGEST_EXPRESS_S, error="States.Timeout", cause=None)


def _billed_ms(duration_s: float) -> int:
    return max(1, math.ceil(duration_s * 1000 / _BILLED_STEP_MS)) * _BILLED_STEP_MS


def _require_json(given: str) -> None:
    try:
        json.loads(given)
    except ValueError as error:
        raise AwsError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from None
