"""Aliases: `ports.AliasRouter` over Step Functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.timestamps import to_milliseconds
from sfn_rollouts.core.values.arn import version_number
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.ports import Clock, Urgency

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from types_boto3_stepfunctions.type_defs import RoutingConfigurationListItemTypeDef

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn


class StepFunctionsRouter:
    """Reads and writes aliases."""

    def __init__(self, clients: Clients, calls: Calls, clock: Clock) -> None:
        self._clients = clients
        self._calls = calls
        self._clock = clock

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        """Return the alias, None where AWS knows none. AWS may answer with what was true some seconds ago."""

        def work() -> AliasReading | None:
            # On the way back the engine itself tries again: a second try down here would hold the thread twice as long.
            client_of = self._clients.writer if urgency is Urgency.ROLLBACK else self._clients.reader
            client = client_of(alias.machine.region)
            read_at = self._clock.now()  # before the call: a slow answer must not pass for a fresh one
            try:
                answer = client.describe_state_machine_alias(stateMachineAliasArn=str(alias))
            except client.exceptions.ResourceNotFound:
                return None
            with reading():
                routing = _routing(field(answer, "routingConfiguration"))
                return AliasReading(routing, to_milliseconds(field(answer, "updateDate")), read_at)

        return self._calls.make(Call(Api.DESCRIBE_ALIAS, alias.machine.place, str(alias), urgency), work)

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        """Route the alias; return AWS's updateDate. Sent once: after a Transient, read back what became of it."""

        def work() -> datetime:
            client = self._clients.writer(alias.machine.region)
            answer = client.update_state_machine_alias(
                stateMachineAliasArn=str(alias), routingConfiguration=_entries(alias.machine, routing)
            )
            with reading():
                return to_milliseconds(field(answer, "updateDate"))

        return self._calls.make(Call(Api.UPDATE_ALIAS, alias.machine.place, str(alias), urgency), work)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        """Create the alias; return AWS's creationDate. Creating it again with the same routing is no error."""

        def work() -> datetime:
            client = self._clients.writer(alias.machine.region)
            answer = client.create_state_machine_alias(
                name=alias.name, routingConfiguration=_entries(alias.machine, routing)
            )
            with reading():
                return to_milliseconds(field(answer, "creationDate"))

        return self._calls.make(Call(Api.CREATE_ALIAS, alias.machine.place, str(alias), Urgency.FORWARD), work)


def _entries(machine: StateMachineArn, routing: Routing) -> list[RoutingConfigurationListItemTypeDef]:
    """Without entries of weight 0, which `Routing` cannot hold: they keep the old version from being deleted."""
    return [
        {"stateMachineVersionArn": machine.version(version), "weight": weight} for version, weight in routing.entries
    ]


def _routing(entries: Sequence[RoutingConfigurationListItemTypeDef]) -> Routing:
    return Routing(tuple((version_number(entry["stateMachineVersionArn"]), entry["weight"]) for entry in entries))
