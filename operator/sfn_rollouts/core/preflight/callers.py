"""Whoever starts the state machine past the alias gets the newest revision at once: no shift reaches them."""

from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.looks import CountCallers
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen


def callers(subject: Subject, seen: Observation, findings: Findings) -> Found:
    """Find executions of the last day that were started by the plain ARN."""
    machine, look = str(subject.machine), CountCallers()
    reading = seen.of(look)
    if reading is None:
        return Found(looks=frozenset({look}))
    if isinstance(reading, Unseen):
        unknown = findings.unknown(machine, f"its callers could not be seen: {reading.why}")
        return findings.conclude([unknown], machine, "", stands_on=[look])
    started = f"{reading.started}{' and more' if reading.more else ''}"
    if not reading.past_alias:
        passed = f"none of the last day's executions ({started}) was started past the alias"
        return findings.conclude((), machine, passed, stands_on=[look])
    if reading.by_metrics:
        undecided = (
            f"of the last day's executions ({started}), {reading.past_alias} were not started by {subject.alias}, and "
            "of Express executions AWS does not say by what: by the plain ARN they run the newest revision, whatever "
            "is shifted"
        )
        return findings.conclude([findings.unknown(machine, undecided)], machine, "", stands_on=[look])
    message = (
        f"of the last day's executions ({started}), {reading.past_alias} were started by the plain ARN, past the "
        f"alias: they run the newest revision, whatever is shifted; let their callers start {subject.alias}"
    )
    return findings.conclude([findings.problem(machine, message)], machine, "", stands_on=[look])
