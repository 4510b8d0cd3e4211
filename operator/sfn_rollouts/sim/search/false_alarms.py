"""(21) Over the whole search: how many versions that are no worse are called Worse or Slower, and how many may be.

What one world cannot show, thousands can: each such rollout is a toss with a chance of at most its falseAlarmRate,
whatever is killed, denied or edited in it.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sfn_rollouts.api.analysis import Verdict
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.sim.history import Decided
from sfn_rollouts.sim.world import Run

UNLIKELY = 1e-6
"""So seldom a search with an operator that keeps its promise has more false alarms than it may."""

_VERDICTS, _REASONS = (Verdict.WORSE, Verdict.SLOWER), (Reason.VERSION_WORSE, Reason.VERSION_SLOWER)


@dataclass
class FalseAlarms:
    """`rollouts` of versions that are no worse, by their falseAlarmRate, and how many of them were called so."""

    rollouts: Counter[float] = field(default_factory=Counter)
    alarms: int = 0

    def note(self, run: Run) -> None:
        """Count the rollouts of a run in which both versions behave alike."""
        judged: dict[tuple[int, Any], tuple[float, bool]] = {}
        for decided in run.history.decided:
            spec, status = decided.rollout.spec, decided.decision.status
            is_judged = status.analysis is not None and bool(status.analysis.weights)
            if is_judged and isinstance(spec, Spec) and spec.analysis is not None and _are_alike(run, decided):
                rollout = (decided.number, status.started_at)
                _, was_called = judged.get(rollout, (0.0, False))
                judged[rollout] = (spec.analysis.false_alarm_rate.fraction, was_called or _is_called_worse(decided))
        self.rollouts.update(rate for rate, _ in judged.values())
        self.alarms += sum(is_called for _, is_called in judged.values())

    def add(self, other: "FalseAlarms") -> None:
        """Take another's counts."""
        self.rollouts += other.rollouts
        self.alarms += other.alarms

    @property
    def most(self) -> int:
        """The most that there may be: more come with a probability below UNLIKELY."""
        law = [1.0]
        for rate, count in sorted(self.rollouts.items()):
            for _ in range(count):
                law = [rest * (1.0 - rate) + one * rate for rest, one in zip([*law, 0.0], [0.0, *law], strict=True)]
        tail, most = 0.0, len(law) - 1
        while most > 0 and tail + law[most] <= UNLIKELY:
            tail += law[most]
            most -= 1
        return most

    @property
    def is_too_many(self) -> bool:
        """Whether chance does not explain them."""
        return self.alarms > self.most

    def __str__(self) -> str:
        mean = sum(rate * count for rate, count in self.rollouts.items())
        among = f"of {self.rollouts.total()} versions that are no worse"
        return f"{self.alarms} {among} (at most {mean:.1f} on average, {self.most} in one search)"


def _are_alike(run: Run, decided: Decided) -> bool:
    status, callers = decided.decision.status, run.scenario.callers
    versions = (status.stable_version, status.target_version)
    return callers is not None and len({callers.behaviour_of(version or 0) for version in versions}) == 1


def _is_called_worse(decided: Decided) -> bool:
    status = decided.decision.status
    is_found = status.analysis is not None and status.analysis.verdict in _VERDICTS
    return is_found or (status.trip is not None and status.trip.reason in _REASONS)
