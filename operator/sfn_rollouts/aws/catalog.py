"""Published versions: `ports.VersionCatalog` over Step Functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.timestamps import to_milliseconds
from sfn_rollouts.core.values.readings import RunningExecutions, VersionFound, VersionReading
from sfn_rollouts.ports import Clock, Urgency

if TYPE_CHECKING:
    from datetime import datetime

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import Place, StateMachineArn

_LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class _Described:
    status: str  # ACTIVE or DELETING
    created_at: datetime
    is_express: bool


class StepFunctionsCatalog:
    """What is known of versions."""

    def __init__(self, clients: Clients, calls: Calls, clock: Clock) -> None:
        self._clients = clients
        self._calls = calls
        self._clock = clock

    def find(self, machine: StateMachineArn, version: int) -> VersionReading:
        """Return whether the version can be routed to, and when it was created.

        AWS has one answer for a missing version and a missing machine. The creationDate of a version's ARN is that of
        the version, not of the machine (Step Functions API reference, DescribeStateMachine).
        """
        read_at = self._clock.now()  # before the call: a slow answer must not pass for a fresh one
        described = self._describe(machine.place, machine.version(version))
        if described is not None and described.status != "DELETING":
            return VersionReading(VersionFound.FOUND, described.created_at, read_at, described.is_express)
        described = described or self._describe(machine.place, str(machine))
        return VersionReading(_lacking(described), None, read_at)

    def running(self, machine: StateMachineArn, version: int) -> RunningExecutions | None:
        """Count running executions of a version (one page); None for Express machines, which cannot be counted."""
        arn = machine.version(version)

        def work() -> RunningExecutions | None:
            client = self._clients.reader(machine.region)
            try:
                page = client.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=_LARGEST_PAGE)
            except client.exceptions.StateMachineTypeNotSupported:
                return None
            with reading():
                return RunningExecutions(len(field(page, "executions")), more=bool(page.get("nextToken")))

        return self._calls.make(Call(Api.LIST_EXECUTIONS, machine.place, arn, Urgency.BACKGROUND), work)

    def _describe(self, place: Place, arn: str) -> _Described | None:
        """Describe a machine or a version; None where there is none."""

        def work() -> _Described | None:
            client = self._clients.reader(place.region)
            try:
                # Without the definition: reading an encrypted one would need the right to use its KMS key.
                answer = client.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
            except client.exceptions.StateMachineDoesNotExist:
                return None
            with reading():
                created_at = to_milliseconds(field(answer, "creationDate"))
                return _Described(str(field(answer, "status")), created_at, answer.get("type") == "EXPRESS")

        return self._calls.make(Call(Api.DESCRIBE_STATE_MACHINE, place, arn, Urgency.FORWARD), work)


def _lacking(described: _Described | None) -> VersionFound:
    if described is None:
        return VersionFound.NO_MACHINE
    return VersionFound.DELETING if described.status == "DELETING" else VersionFound.NO_VERSION
