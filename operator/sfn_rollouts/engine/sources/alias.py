"""The alias of the rollout."""

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import ReadAlias
from sfn_rollouts.core.values.readings import AliasMissing, AliasReading
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.ports import AliasRouter, Clock, Lane, Urgency


def alias_source(router: AliasRouter, clock: Clock) -> Source:
    """Answers `ReadAlias`."""

    def read(alias: AliasArn, _: ReadAlias, urgency: Urgency) -> AliasReading | AliasMissing:
        read_at = clock.now()  # before the call: a slow answer must not pass for a fresh one
        return router.read(alias, urgency) or AliasMissing(read_at)

    return Source(read, _route)


def _route(status: Status) -> tuple[Lane, Urgency]:
    """At rest it can wait; on the way back it must not stand behind forward work."""
    if status.finished_at is not None:
        return Lane.FORWARD, Urgency.BACKGROUND
    return (Lane.FORWARD, Urgency.FORWARD) if status.trip is None else (Lane.ROLLBACK, Urgency.ROLLBACK)
