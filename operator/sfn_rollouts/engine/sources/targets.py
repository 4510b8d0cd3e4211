"""What preflight looks at: the definition of a version, what it calls, what its role may do, who calls it.

All of it in the background of the quotas, and worth a few tries: what stays unseen is Unknown, and blocks nothing.
"""

from collections.abc import Mapping
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import AskRole, CountCallers, FindCallee, Look, ReadDefinition
from sfn_rollouts.core.values.targets import CalleeReading, CallersReading, DefinitionReading, Permissions
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.ports import Lane, TargetInspector, Urgency

TRIES = 3


def target_sources(targets: TargetInspector) -> Mapping[type[Look[Any]], Source]:
    """Return who answers which look of preflight at a target."""
    return {
        ReadDefinition: _definitions(targets),
        FindCallee: _callees(targets),
        AskRole: _permissions(targets),
        CountCallers: _callers(targets),
    }


def _definitions(targets: TargetInspector) -> Source:
    def read(alias: AliasArn, look: ReadDefinition, _: Urgency) -> DefinitionReading:
        return targets.definition(alias.machine, look.version, look.created_at)

    return Source(read, _background, TRIES)


def _callees(targets: TargetInspector) -> Source:
    def find(_: AliasArn, look: FindCallee, __: Urgency) -> CalleeReading:
        return targets.callee(look.arn)

    return Source(find, _background, TRIES, may_be_put_right=True, together_s=lambda count: 10.0 + count)


def _permissions(targets: TargetInspector) -> Source:
    def simulate(alias: AliasArn, look: AskRole, _: Urgency) -> Permissions:
        return targets.permissions(look.role, look.rights, alias.machine.place)

    return Source(simulate, _background, TRIES, may_be_put_right=True)


def _callers(targets: TargetInspector) -> Source:
    def count(alias: AliasArn, _: CountCallers, __: Urgency) -> CallersReading:
        return targets.callers(alias)

    return Source(count, _background, TRIES, may_be_put_right=True)


def _background(_: Status) -> tuple[Lane, Urgency]:
    return Lane.CHORES, Urgency.BACKGROUND
