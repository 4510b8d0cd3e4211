"""What may be asked of the world. A look carries its subject, and its answer is filed under it.

So an answer about version 41 is never taken for one about version 42: it is the answer to another question. To add a
look: a class here, a source in `engine/sources/`, and whoever decides asks `Observation.of`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sfn_rollouts.analysis import Plan, Policy
from sfn_rollouts.api.analysis import CountedFailures
from sfn_rollouts.core.values.analysis import AnalysisReading, ForecastReading
from sfn_rollouts.core.values.readings import (
    AlarmTransition,
    AliasMissing,
    AliasReading,
    RunningExecutions,
    VersionReading,
)
from sfn_rollouts.core.values.smoke import SmokeReading
from sfn_rollouts.core.values.targets import CalleeReading, CallersReading, DefinitionReading, Permissions

Answer_co = TypeVar("Answer_co", covariant=True)


class Look(Generic[Answer_co]):
    """A question to the world. Frozen and hashable: equal looks have equal answers."""

    __slots__ = ()

    def succeeds(self, _other: "Look[Any]") -> bool:
        """Whether this asks the same as an earlier one, of a later moment: what could not be read then is unseen
        since then, and not only since now.
        """
        return False

    def __str__(self) -> str:
        """For logs and transcripts, like `FindVersion(2)`."""
        subject = ", ".join(str(getattr(self, name)) for name in getattr(self, "__dataclass_fields__", ()))
        return f"{type(self).__name__}({subject})" if subject else type(self).__name__


@dataclass(frozen=True, slots=True)
class ReadAlias(Look[AliasReading | AliasMissing]):
    """Where the alias of the rollout routes to."""


@dataclass(frozen=True, slots=True)
class FindVersion(Look[VersionReading]):
    """Whether there is a version of this number, and when it was created."""

    version: int


@dataclass(frozen=True, slots=True)
class ReadDefinition(Look[DefinitionReading]):
    """What a version calls, and which role it has. `created_at`: AWS's creationDate; None: whatever has the number."""

    version: int
    created_at: datetime | None = None

    def __str__(self) -> str:
        return f"ReadDefinition({self.version})"


@dataclass(frozen=True, slots=True)
class FindCallee(Look[CalleeReading]):
    """Whether what a definition calls can be called: ARN of a function, a state machine, or their version or alias."""

    arn: str


@dataclass(frozen=True, slots=True)
class AskRole(Look[Permissions]):
    """Whether a role may do each of these actions on their resources."""

    role: str
    rights: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        return f"AskRole({self.role.rpartition('/')[2]}, {len(self.rights)} rights)"


@dataclass(frozen=True, slots=True)
class CountCallers(Look[CallersReading]):
    """How many of the last day's executions were started past the alias."""


@dataclass(frozen=True, slots=True)
class ReadSmoke(Look[SmokeReading]):
    """How the execution of this name goes. `expected`: what its output must contain, JSON."""

    name: str
    expected: str

    def __str__(self) -> str:
        return f"ReadSmoke({self.name})"


@dataclass(frozen=True, slots=True)
class CountRunning(Look[RunningExecutions]):
    """How many executions of a version are running."""

    version: int


@dataclass(frozen=True, slots=True)
class ForecastAnalysis(Look[ForecastReading]):
    """What a plan can notice at the traffic of the last day."""

    plan: Plan
    policy: Policy
    bake_s: float

    def __str__(self) -> str:
        return "ForecastAnalysis"


@dataclass(frozen=True, slots=True)
class JudgeExecutions(Look[AnalysisReading]):
    """What the judge says of the executions since the first verified write, by all that can be seen now.

    `weights`: (AWS's time of a write, percent on the target from then on; None: somebody else's), oldest first.
    `horizon_s` None: as the stable version's past says. `counted`: what another process had judged by metrics; it
    makes this no other question.
    """

    stable: int
    target: int
    plan: Plan
    policy: Policy
    horizon_s: float | None
    weights: tuple[tuple[datetime, int | None], ...]
    counted: CountedFailures | None = field(default=None, compare=False)

    @property
    def began_at(self) -> datetime:
        """AWS's time of the first verified write."""
        return self.weights[0][0]

    def succeeds(self, other: Look[Any]) -> bool:
        """The weight has changed again since the other was asked."""
        return (
            isinstance(other, JudgeExecutions)
            and (other.stable, other.target, other.began_at) == (self.stable, self.target, self.began_at)
            and len(other.weights) < len(self.weights)
        )

    def __str__(self) -> str:
        return f"JudgeExecutions({self.target} against {self.stable})"


@dataclass(frozen=True, slots=True)
class ReadAlarms(Look[None]):
    """A reading of the alarms that is newer than the last one. The board answers: `Observation.alarms`."""


@dataclass(frozen=True, slots=True)
class ReadHistory(Look[tuple[AlarmTransition, ...]]):
    """What one alarm did after `since`, oldest first; `until` is the time of the change that it is to explain.

    Both are AWS's times: of the change that was judged last, and of the one that the newest reading shows.
    """

    alarm: str
    since: datetime
    until: datetime

    def succeeds(self, other: Look[Any]) -> bool:
        """The alarm has changed again since the other was asked."""
        return (
            isinstance(other, ReadHistory)
            and (other.alarm, other.since) == (self.alarm, self.since)
            and other.until < self.until
        )
