"""What goes into a judgement and what comes out of it: frozen values; seconds, fractions of one, probabilities."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from operator import itemgetter
from typing import NamedTuple

LOOK_EVERY_S = 30.0
"""A look falls on each multiple of this, counted from the rollout's first verified write."""

SETTLE_S = 30.0
"""How long AWS's lists of executions may take to be complete."""

MINUTE_S = 60.0

ROUNDING_S = 1e-6
"""AWS has milliseconds; what is less is the error of subtracting two times."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a user may set, and need not."""

    false_alarm_rate: float = 0.01
    """Of all rollouts of versions that are no worse, at most this share ends in Worse or Slower."""
    margin: float = 0.05
    """NotWorse says that the failure rate of the target is less than this above the one of stable."""
    tolerance: float = 0.25
    """Slower says that the target takes longer by more than this share."""
    durations: bool = True
    count_aborted: bool = False

    @property
    def failures_part(self) -> float:
        """The part of the false alarm rate that Worse may take; the rest is Slower's."""
        return 0.7 if self.durations else 1.0


class Reported(Enum):
    """How AWS reports executions: Standard ones are listed, those of Express machines are counted by the minute."""

    LISTED = 0.0, SETTLE_S
    COUNTED = 120.0, MINUTE_S + 180.0

    def __init__(self, skipped_s: float, late_s: float) -> None:
        self.skipped_s = skipped_s
        """What ends so soon after a change of the weight is not judged, as it may have started before."""
        self.late_s = late_s
        """How long after it began AWS's report of something is complete."""


class Ended(StrEnum):
    """How an execution ended, in AWS's words; the one that is RUNNING or PENDING_REDRIVE has not."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    RUNNING = "RUNNING"
    PENDING_REDRIVE = "PENDING_REDRIVE"


class Execution(NamedTuple):
    """An execution that was started through the alias; times in seconds since the rollout's first verified write.

    `weight` is the target's share when it started. `key`, its name, is for one that is seen while it runs, and again
    when it has ended. One that was redriven had failed: it counts as bad, however it ends.

    A tuple: there may be a hundred thousand of them, and a dataclass takes four times as long to make.
    """

    started_at: float
    is_target: bool
    weight: float
    ended_at: float | None
    status: Ended
    key: str | None = None
    is_redriven: bool = False


started_at_of, is_target_of, weight_of = map(itemgetter, range(3))
"""The first three fields of an Execution; by name it takes twice as long."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Executions of one version: `started` until now at any weight, `judged` beside the other version, `bad` of these.

    `aborted` are those that would have been judged, had nobody stopped them.
    """

    started: int = 0
    judged: int = 0
    bad: int = 0
    aborted: int = 0


@dataclass(frozen=True, slots=True)
class Split:
    """A number of executions, by version."""

    stable: int = 0
    target: int = 0

    @property
    def both(self) -> int:
        """Of both versions."""
        return self.stable + self.target

    def __add__(self, other: "Split") -> "Split":
        """Add version by version."""
        return Split(self.stable + other.stable, self.target + other.target)

    def __sub__(self, other: "Split") -> "Split":
        """Subtract version by version."""
        return Split(self.stable - other.stable, self.target - other.target)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Executions that are judged at one look and started at one weight: the bad and the good ones."""

    weight: float
    bad: Split
    good: Split


class Verdict(StrEnum):
    """What can be said, the strongest first."""

    WORSE = "Worse"
    SLOWER = "Slower"
    SKEWED = "Skewed"
    SUSPECT = "Suspect"
    NOT_WORSE = "NotWorse"
    NOT_ENOUGH = "NotEnough"


@dataclass(frozen=True, slots=True)
class AgainstThePast:
    """What Suspect goes by: `failed` of the target's `started` executions, and of stable's last ones before it."""

    failed: int
    started: int
    past_failed: int
    past_ended: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict that stands, with its figures; Worse and Slower keep those of the look that found them.

    `by_chance` and `needed` are the probabilities of `tally.Cut`: of Worse and Slower those of the tally that alarmed,
    else those of the failures. `evidence` is an e-value: how many times likelier the outcomes are if the verdict is
    right; of NotEnough it is that for NotWorse.
    """

    verdict: Verdict
    at: float
    target: Counts
    stable: Counts
    by_chance: float | None
    needed: float | None
    evidence: float | None = None
    past: AgainstThePast | None = None
    lacking: int | None = None
    """About how many more executions of the target NotWorse takes, if both versions fail alike."""
    has_too_many_aborted: bool = False
    """More than a tenth of one version's executions were stopped by somebody: nothing good is said of the target."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What stands at one look: `findings`, the strongest first, always with NotWorse or NotEnough at the end."""

    at: float
    target: Counts
    stable: Counts
    findings: tuple[Finding, ...]
    left_out: int
    """Executions that cannot be as they were reported, like one that ended before it started."""

    @property
    def strongest(self) -> Finding:
        """The finding that is the verdict."""
        return self.findings[0]

    @property
    def verdict(self) -> Verdict:
        """The strongest of what stands."""
        return self.strongest.verdict

    @property
    def by_chance(self) -> float | None:
        """Of the strongest finding."""
        return self.strongest.by_chance

    @property
    def needed(self) -> float | None:
        """Of the strongest finding."""
        return self.strongest.needed

    @property
    def evidence(self) -> float | None:
        """Of the strongest finding."""
        return self.strongest.evidence

    def finds(self, verdict: Verdict) -> bool:
        """Whether this verdict stands, be it the strongest or not."""
        return any(each.verdict is verdict for each in self.findings)

    def ignoring(self, ignored: Collection[Verdict]) -> "Judgement":
        """Return what stands without these; NotWorse and NotEnough cannot be ignored."""
        kept = [each for each in self.findings[:-1] if each.verdict not in ignored]
        return replace(self, findings=(*kept, self.findings[-1]))
