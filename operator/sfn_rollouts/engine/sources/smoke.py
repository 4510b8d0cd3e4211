"""The smoke execution: started, run or read, and never kept with its output."""

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.chores import RunSmoke, StartSmoke
from sfn_rollouts.core.values.looks import ReadSmoke
from sfn_rollouts.core.values.smoke import SmokeReading, read_run
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.ports import Lane, SmokeRunner, Urgency


def smoke_source(smokes: SmokeRunner) -> Source:
    """Answers `ReadSmoke`."""

    def read(alias: AliasArn, look: ReadSmoke, _: Urgency) -> SmokeReading:
        return read_run(smokes.read(alias.machine, look.name), look.expected)

    return Source(read, _background, is_kept_at_rest=False)


def smoke_starter(smokes: SmokeRunner) -> Source:
    """Does `StartSmoke`."""

    def start(alias: AliasArn, chore: StartSmoke, _: Urgency) -> SmokeReading:
        return read_run(smokes.start(alias.machine, chore.version, chore.name, chore.given), chore.expected)

    return Source(start, is_kept_at_rest=False)


def smoke_runner(smokes: SmokeRunner) -> Source:
    """Does `RunSmoke`."""

    def run(alias: AliasArn, chore: RunSmoke, _: Urgency) -> SmokeReading:
        return read_run(smokes.run(alias.machine, chore.version, chore.name, chore.given), chore.expected)

    return Source(run, is_kept_at_rest=False)


def _background(_: Status) -> tuple[Lane, Urgency]:
    return Lane.CHORES, Urgency.BACKGROUND
