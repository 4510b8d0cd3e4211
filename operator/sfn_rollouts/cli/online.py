"""Preflight with the credentials of whoever sits at the terminal: each look of the checks, answered by AWS."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sfn_rollouts.aws.connection import Aws, connect
from sfn_rollouts.aws.meanings import PERSON
from sfn_rollouts.cli.candidates import Candidate, Examined
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.core.preflight.examination import examine
from sfn_rollouts.core.preflight.subject import Subject
from sfn_rollouts.core.values.looks import Look, ReadAlarms
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AlarmSnapshot
from sfn_rollouts.engine.alarm_sheet import AlarmFact, seen_alarm
from sfn_rollouts.engine.facts import unseen
from sfn_rollouts.engine.sources.targets import target_sources
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import Clock, Urgency


def examined_online(rollouts: Sequence[Candidate], beside: Sequence[Candidate] = ()) -> Sequence[Examined]:
    """Ask all checks of each rollout by the caller's credentials; those `beside` are only compared with.

    Raises:
        PortError: there are no credentials to be had; its text says what to do.
    """
    with connected() as (aws, clock):
        gatherer = _Gatherer(aws, clock)
        known = [gatherer.outlined(each) for each in rollouts]
        return [gatherer.examined(each, (*known, *beside)) for each in known]


class _NoMeter:
    """Nobody counts the calls of a command."""

    def aws_call(self, api: str, result: str) -> None: ...

    def aws_throttled(self, api: str) -> None: ...

    def aws_withheld(self, api: str) -> None: ...


class _Gatherer:
    """Looks at AWS until a rollout's checks have seen all that they ask for."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._sources = target_sources(aws.targets)

    def outlined(self, rollout: Candidate) -> Candidate:
        """Return the rollout with what its target calls, which its neighbours are compared with."""
        if rollout.outline is not None:
            return rollout
        try:
            reading = self._aws.targets.definition(rollout.subject.machine, rollout.spec.version, None)
        except PortError:
            return rollout  # it is asked again, and then it is a finding
        return replace(rollout, outline=reading.outline, role=reading.role)

    def examined(self, rollout: Candidate, all_of_them: Sequence[Candidate]) -> Examined:
        """Return what the checks find. What AWS refuses is Unseen, and no error."""
        subject, seen = self._with_stable(rollout.subject), Observation(neighbours=rollout.neighbours(all_of_them))
        if rollout.reading is not None:
            seen = seen.answering(subject.definition(subject.version), rollout.reading)
        while looks := examine(subject, seen).looks:
            for look in sorted(looks, key=str):
                seen = self._answered(subject, seen, look)
        return Examined(rollout, examine(subject, seen))

    def _with_stable(self, subject: Subject) -> Subject:
        """Return the subject with the version that its alias serves now; as it was where nobody can tell."""
        try:
            reading = self._aws.router.read(subject.alias, Urgency.FORWARD)
        except PortError:
            return subject
        return replace(subject, stable=reading.routing.sole) if reading is not None else subject

    def _answered(self, subject: Subject, seen: Observation, look: Look[Any]) -> Observation:
        if look == ReadAlarms():
            return replace(seen, alarms=self._alarms(subject))
        try:
            return seen.answering(look, self._answer(subject, look))
        except PortError as error:
            return seen.answering(look, unseen(error, None, self._clock.now()))

    def _answer(self, subject: Subject, look: Look[Any]) -> Any:
        return self._sources[type(look)].answer(subject.alias, look, Urgency.BACKGROUND)

    def _alarms(self, subject: Subject) -> dict[str, AlarmFact]:
        names = subject.spec.alarms.names if subject.spec.alarms is not None else ()
        read_at = self._clock.now()
        try:
            read = self._aws.alarms.read(subject.machine.place, names)
        except PortError as error:
            return dict.fromkeys(names, unseen(error, None, read_at))
        return {name: _seen(read.get(name), read_at) for name in names}


def _seen(found: AlarmSnapshot | PortError | None, read_at: datetime) -> AlarmFact:
    return unseen(found, None, read_at) if isinstance(found, PortError) else seen_alarm(found, read_at)


@contextmanager
def connected() -> Iterator[tuple[Aws, Clock]]:
    """Connect to AWS with the caller's credentials.

    Raises:
        Denied: there are no credentials to be had; its text says what to do.
    """
    clock = SteadyClock()
    aws = connect(clock, _NoMeter(), workers=1, holder=PERSON)
    try:
        aws.credential_source()
        yield aws, clock
    finally:
        aws.close()
