"""What preflight looks at: `ports.TargetInspector` over Step Functions, Lambda and IAM.

All of it in the background of the quotas: a rollout can wait for it, a rollback never does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sfn_rollouts.arns import FUNCTION, STATE_MACHINE, Arn
from sfn_rollouts.asl.document import DefinitionError, parse
from sfn_rollouts.asl.outline import outline
from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.metrics import STARTED, CloudWatchSums, Metric
from sfn_rollouts.aws.pages import pages
from sfn_rollouts.aws.timestamps import to_milliseconds
from sfn_rollouts.core.preflight.reading import home_of
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.targets import (
    CalleeReading,
    CallersReading,
    DefinitionReading,
    Permission,
    Permissions,
)
from sfn_rollouts.errors import Gone
from sfn_rollouts.ports import Clock, Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from types_boto3_iam.type_defs import EvaluationResultTypeDef

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn

_LARGEST_PAGE = 1000
_RESOURCES_A_CALL = 20
"""Every action is asked for on every resource of a call; AWS throttles those that ask for much."""
_DAY = timedelta(days=1)
_REPORTED_AFTER = timedelta(minutes=3)
_DECISIONS = {
    "allowed": Permission.ALLOWED,
    "implicitDeny": Permission.NOT_ALLOWED,
    "explicitDeny": Permission.DENIED,
}
_NOWHERE = "global"
"""IAM has one endpoint for all regions of a partition, so its budget is one too."""


class AwsTargetInspector:
    """Reads definitions, what they call, and what their roles may do."""

    def __init__(self, clients: Clients, calls: Calls, clock: Clock) -> None:
        self._clients = clients
        self._calls = calls
        self._clock = clock
        self._metrics = CloudWatchSums(clients, calls)

    def definition(self, machine: StateMachineArn, version: int, created_at: datetime | None) -> DefinitionReading:
        """Read the definition of a version. Gone: there is no such version, or another one of that number.

        Denied: of an encrypted one the operator may not use the key, among others.
        """
        arn, read_at = machine.version(version), self._clock.now()

        def work() -> DefinitionReading | None:
            answer = self._clients.reader(machine.region).describe_state_machine(stateMachineArn=arn)
            with reading():
                text, role = str(field(answer, "definition")), str(field(answer, "roleArn"))
                found_at = to_milliseconds(field(answer, "creationDate"))
                is_express = field(answer, "type") == "EXPRESS"
            if created_at not in (None, found_at):
                return None
            try:
                found, why = outline(parse(text), home_of(machine)), ""
            except DefinitionError as error:
                found, why = None, str(error)
            return DefinitionReading(found, role, is_express, read_at, why)

        found = self._calls.make(_call(Api.DESCRIBE_STATE_MACHINE, machine.place, arn), work)
        if found is None:
            raise Gone(f"version {version} is another one by now: the state machine was created again")
        return found

    def callee(self, arn: str) -> CalleeReading:
        """Return whether a function or a state machine, or their version or alias, can be called."""
        parsed, read_at = Arn.parse(arn), self._clock.now()
        place = Place(parsed.account, parsed.region)
        is_function = parsed.service == FUNCTION.service
        lacking = self._lacking_function(place, arn) if is_function else self._lacking_machine(place, arn)
        return CalleeReading(lacking, read_at)

    def permissions(self, role: str, rights: Collection[tuple[str, str]], place: Place) -> Permissions:
        """Ask IAM's simulator whether a role may do each action on its resource. Gone: there is no such role."""
        read_at, found = self._clock.now(), dict[tuple[str, str], Permission]()
        for actions, resources in _questions(rights):
            found |= self._answers(role, actions, resources, place)
        return Permissions({right: found.get(right, Permission.UNDECIDED) for right in rights}, read_at)

    def callers(self, alias: AliasArn) -> CallersReading:
        """Count the last day's executions of its state machine: one page of a list, or the metrics of an Express one.

        Gone: there is no such state machine.
        """
        arn, read_at = str(alias.machine), self._clock.now()

        def work() -> CallersReading | None:
            client = self._clients.reader(alias.machine.region)
            try:
                page = client.list_executions(stateMachineArn=arn, maxResults=_LARGEST_PAGE)
            except client.exceptions.StateMachineTypeNotSupported:
                return None
            with reading():
                recent = [each for each in field(page, "executions") if each["startDate"] > read_at - _DAY]
                past = [
                    each
                    for each in recent
                    if not each.get("stateMachineAliasArn") and not each.get("stateMachineVersionArn")
                ]
                return CallersReading(len(past), len(recent), len(recent) == _LARGEST_PAGE, read_at)

        counted = self._calls.make(_call(Api.LIST_EXECUTIONS, alias.machine.place, arn), work)
        return counted if counted is not None else self._express_callers(alias, read_at)

    def _express_callers(self, alias: AliasArn, read_at: datetime) -> CallersReading:
        """Without the last minutes: of those the starts by the alias might still be lacking."""
        until = read_at.replace(second=0, microsecond=0) - _REPORTED_AFTER
        all_of_them, by_alias = Metric(alias.machine, STARTED), Metric(alias.machine, STARTED, alias.name)
        sums = self._metrics.by_minute(alias.machine.place, [all_of_them, by_alias], until - _DAY, until).of
        started = sum(sums[all_of_them].values())
        past = max(0, started - sum(sums[by_alias].values()))
        return CallersReading(past, started, more=False, read_at=read_at, by_metrics=True)

    def _lacking_function(self, place: Place, arn: str) -> str:
        named = FUNCTION.parse(arn)
        bare = FUNCTION.format(replace(named, qualifier=None))

        def work() -> str:
            client = self._clients.functions(place.region)
            request = {"Qualifier": named.qualifier} if named.qualifier is not None else {}
            try:
                answer = client.get_function_configuration(FunctionName=bare, **request)
            except client.exceptions.ResourceNotFoundException:
                return "Lambda knows no such function, or no such version or alias of it"
            with reading():
                field(answer, "FunctionArn")  # a proxy's answer has none, and must not pass for a function that is well
                state = str(answer.get("State", "Active"))
            reason = answer.get("StateReason")
            return "" if state == "Active" else f"Lambda says it is {state}{f' ({reason})' if reason else ''}"

        return self._calls.make(_call(Api.GET_FUNCTION_CONFIGURATION, place, arn), work)

    def _lacking_machine(self, place: Place, arn: str) -> str:
        qualifier = STATE_MACHINE.parse(arn).qualifier
        is_alias = qualifier is not None and not qualifier.isdecimal()

        def work() -> str:
            client = self._clients.reader(place.region)
            try:
                if is_alias:
                    client.describe_state_machine_alias(stateMachineAliasArn=arn)
                    return ""
                answer = client.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
            except (client.exceptions.StateMachineDoesNotExist, client.exceptions.ResourceNotFound):
                return "Step Functions knows no such state machine, or no such version or alias of it"
            with reading():
                return "it is being deleted" if field(answer, "status") == "DELETING" else ""

        api = Api.DESCRIBE_ALIAS if is_alias else Api.DESCRIBE_STATE_MACHINE
        return self._calls.make(_call(api, place, arn), work)

    def _answers(
        self, role: str, actions: Sequence[str], resources: Sequence[str], place: Place
    ) -> Mapping[tuple[str, str], Permission]:
        def fetch(marker: str | None) -> tuple[Mapping[tuple[str, str], Permission], str | None]:
            request: dict[str, Any] = {"ActionNames": actions, "ResourceArns": resources, "MaxItems": _LARGEST_PAGE}
            if marker:
                request["Marker"] = marker
            answer = self._clients.roles(place.region).simulate_principal_policy(PolicySourceArn=role, **request)
            with reading():
                results = field(answer, "EvaluationResults")
                found = {right: permission for result in results for right, permission in _decisions(result)}
                return found, answer.get("Marker") if answer.get("IsTruncated") else None

        call = _call(Api.SIMULATE_PRINCIPAL_POLICY, Place(place.account, _NOWHERE), role)
        return {right: permission for page in pages(self._calls, call, fetch) for right, permission in page.items()}


def _call(api: Api, place: Place, resource: str) -> Call:
    return Call(api, place, resource, Urgency.BACKGROUND)


def _questions(rights: Collection[tuple[str, str]]) -> Iterator[tuple[list[str], list[str]]]:
    """Put rights of one service together: every action of a call is asked for on every resource of it."""
    for _, group in groupby(sorted(rights), key=lambda right: right[0].partition(":")[0]):
        together = list(group)
        actions = sorted({action for action, _ in together})
        resources = sorted({resource for _, resource in together})
        for start in range(0, len(resources), _RESOURCES_A_CALL):
            yield actions, resources[start : start + _RESOURCES_A_CALL]


def _decisions(result: EvaluationResultTypeDef) -> Iterator[tuple[tuple[str, str], Permission]]:
    """What a condition hangs on and was not handed over decides nothing, whichever way the simulator then leans."""
    action = result["EvalActionName"]
    specific = result.get("ResourceSpecificResults") or ()
    for each in specific:
        missing = each.get("MissingContextValues")
        yield (action, each["EvalResourceName"]), _permission(each["EvalResourceDecision"], missing)
    if not specific:
        missing = result.get("MissingContextValues")
        yield (action, result.get("EvalResourceName", "*")), _permission(result["EvalDecision"], missing)


def _permission(decision: str, missing: Sequence[str] | None) -> Permission:
    return Permission.UNDECIDED if missing else _DECISIONS[decision]
