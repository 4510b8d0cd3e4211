"""What every judge gives: findings, what to read, what to remember, and one condition for people."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.conditions import ConditionValue
from sfn_rollouts.core.values.findings import Finding, Hold, Trip
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.reasons import Reason


class Judged:
    """Whoever has findings, in the order in which they count."""

    __slots__ = ()
    findings: tuple[Finding, ...]

    @property
    def trip(self) -> Trip | None:
        """The first finding that causes a rollback."""
        return next((finding for finding in self.findings if isinstance(finding, Trip)), None)

    @property
    def hold(self) -> Hold | None:
        """The first finding that forbids to advance, one that needs a person before the others."""
        holds = [finding for finding in self.findings if isinstance(finding, Hold)]
        return min(holds, key=lambda hold: not hold.needs_person, default=None)


@dataclass(frozen=True, slots=True)
class Judgement(Judged):
    """What a judge makes of the evidence at hand.

    `condition`: what people see of it, None where nothing new is known. `remembered`: fields of the status that it
    reads again next time, under names of its own. `looks`: evidence that it lacks whatever else happens; `refresh`:
    what to look at for evidence that is newer. `is_fresh(since)`: whether all evidence is from then or later.
    `lapses_at`: when the same evidence will mean something else, because it has got too old. `ends_wait`: whether the
    wait of a step is over because of it.
    """

    findings: tuple[Finding, ...] = ()
    condition: ConditionValue | None = None
    remembered: Mapping[str, Any] = field(default_factory=dict)
    looks: frozenset[Look[Any]] = frozenset()
    refresh: frozenset[Look[Any]] = frozenset()
    is_fresh: Callable[[datetime], bool] = lambda _: True
    lapses_at: datetime | None = None
    ends_wait: bool = False


def always(_: Spec) -> bool:
    """A condition that every rollout has."""
    return True


@dataclass(frozen=True, slots=True)
class News:
    """What a judge wants people to hear, where the summary does not say it."""

    reason: Reason
    message: str
    is_warning: bool = True


@dataclass(frozen=True, slots=True)
class Judge:
    """One judge.

    `condition`: the type of its condition. `judge`: policy (spec), memory (status), evidence, now. `at_rest`: what the
    condition says while nothing is judged, None where what was judged last stands. `blank`: its fields of the status,
    as they are before a rollout begins. `is_shown`: whether a rollout with this spec has the condition at all. `news`:
    what people hear between two statuses; None: that its condition holds a rollout in flight.
    """

    condition: str
    judge: Callable[[Spec, Status, Observation, datetime], Judgement]
    at_rest: Callable[[Status], ConditionValue | None] = lambda _: None
    blank: Mapping[str, Any] = field(default_factory=dict, hash=False)
    is_shown: Callable[[Spec], bool] = always
    news: Callable[[Status, Status], Iterable[News]] | None = None
