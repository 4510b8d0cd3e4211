"""All evidence of one decision: the answers to its looks, and what the engine knows besides.

Gathered first, then decided upon.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from sfn_rollouts.core.values.access import UNGOVERNED, AccessReading
from sfn_rollouts.core.values.looks import Look, ReadAlias
from sfn_rollouts.core.values.readings import (
    Account,
    AlarmMissing,
    AlarmReading,
    AliasMissing,
    AliasReading,
    Unseen,
    WriteFailure,
)
from sfn_rollouts.core.values.targets import Neighbours

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Observation:
    """All that one decision may know about the world. None: nobody has looked yet.

    `written_at` is AWS's updateDate of the last write that AWS acknowledged: an older reading is stale, not foreign.
    `restore_asked_at` is when (our clock) the last restore was asked for that AWS acknowledged.
    `account` is that of the credentials in use; Unseen where STS did not tell.
    `access`: what the AWSAccesses of the cluster say to this rollout; None: they are not known yet.
    `answers` by look: what was answered to it, of those that were asked.
    `poll_interval_s` is the interval in force, raised by the operator's minimum.
    """

    answers: Mapping[Look[Any], Any] = field(default_factory=dict)
    written_at: datetime | None = None
    restore_asked_at: datetime | None = None
    alarms: Mapping[str, AlarmReading | AlarmMissing | Unseen] = field(default_factory=dict)
    poll_interval_s: float = 10.0
    write_failure: WriteFailure | None = None
    has_older_rival: bool = False
    account: Account | Unseen | None = None
    access: AccessReading | None = UNGOVERNED
    is_region_known: bool = True
    neighbours: Neighbours = field(default_factory=Neighbours)

    def of(self, look: Look[Answer]) -> Answer | Unseen | None:
        """Return the answer to a look; None where nobody has looked yet."""
        return answer_to(look, self.answers)

    @property
    def alias(self) -> AliasReading | AliasMissing | Unseen | None:
        """The alias as last read."""
        return self.of(ReadAlias())

    def answering(self, look: Look[Answer], answer: Answer | Unseen) -> "Observation":
        """Return the same with this answer."""
        return replace(self, answers={**self.answers, look: answer})

    def without(self, kind: type[Look[Any]]) -> "Observation":
        """Return the same, as if nobody had looked for anything of this kind."""
        return replace(self, answers=without(self.answers, kind))


def answer_to(look: Look[Answer], answers: Mapping[Look[Any], Any]) -> Answer | Unseen | None:
    """Return what was answered; what could not be read stays unseen until a look that succeeds it is answered."""
    answer: Answer | Unseen | None = answers.get(look)
    if answer is not None:
        return answer
    return next((each for other, each in answers.items() if isinstance(each, Unseen) and look.succeeds(other)), None)


def without(answers: Mapping[Look[Any], Any], kind: type[Look[Any]]) -> dict[Look[Any], Any]:
    """Return the answers, as if nobody had looked for anything of this kind."""
    return {look: answer for look, answer in answers.items() if not isinstance(look, kind)}
