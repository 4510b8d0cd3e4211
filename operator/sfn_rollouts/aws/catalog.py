"""Published versions: `ports.VersionCatalog` over Step Functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.core.observation import RunningExecutions, VersionFound
from sfn_rollouts.ports import Urgency

if TYPE_CHECKING:
    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.arn import Place, StateMachineArn

_LARGEST_PAGE = 1000


class StepFunctionsCatalog:
    """Tells what is known of versions."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients = clients
        self._calls = calls

    def find(self, machine: StateMachineArn, version: int) -> VersionFound:
        """Tell whether the version can be routed to. AWS has one answer for a missing version and a missing machine."""
        status = self._status(machine.place, machine.version(version))
        found = VersionFound.FOUND
        if status is None:
            status = self._status(machine.place, str(machine))
            found = VersionFound.NO_VERSION if status else VersionFound.NO_MACHINE
        return VersionFound.DELETING if status == "DELETING" else found

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

    def _status(self, place: Place, arn: str) -> str | None:
        """Give ACTIVE or DELETING, None where there is no such machine or version."""

        def work() -> str | None:
            client = self._clients.reader(place.region)
            try:
                # Without the definition: reading an encrypted one would need the right to use its KMS key.
                answer = client.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
            except client.exceptions.StateMachineDoesNotExist:
                return None
            with reading():
                return str(field(answer, "status"))

        return self._calls.make(Call(Api.DESCRIBE_STATE_MACHINE, place, arn, Urgency.FORWARD), work)
