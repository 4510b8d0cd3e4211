"""What was looked at. After a crash all of it is looked at again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlias
from sfn_rollouts.core.values.observation import without
from sfn_rollouts.core.values.readings import (
    AliasMissing,
    AliasReading,
    Trouble,
    Unseen,
    WriteFailure,
)
from sfn_rollouts.errors import PortError, Withheld


@dataclass(frozen=True, slots=True)
class FailedWrite:
    """A failure speaks of its own kind of write only: a restore has not failed because a step did."""

    kind: WriteKind
    failure: WriteFailure


@dataclass
class Facts:
    """Latest answers, by look. `forward_at`, `restored_at`: AWS's dates of acknowledged writes.

    `restore_asked_at`: when (our clock) the restore was asked for that AWS acknowledged last.
    """

    answers: dict[Look[Any], Any] = field(default_factory=dict)
    forward_at: datetime | None = None
    restored_at: datetime | None = None
    restore_asked_at: datetime | None = None
    failed: FailedWrite | None = None

    @property
    def written_at(self) -> datetime | None:
        """AWS's date of the last acknowledged write."""
        return latest(self.forward_at, self.restored_at)

    @property
    def alias(self) -> AliasReading | AliasMissing | Unseen | None:
        """The alias as last read."""
        answer: AliasReading | AliasMissing | Unseen | None = self.answers.get(ReadAlias())
        return answer

    def see(self, look: Look[Any], answer: Any) -> None:
        """File an answer under its look. Of the alias keep what is newest: answers overtake each other, and AWS may
        answer with what was true before. A reading that could not be renewed is better than none.
        """
        known = self.alias
        if look == ReadAlias() and isinstance(known, AliasReading | AliasMissing):
            if not _is_newer(answer, known):
                return
            if isinstance(answer, AliasMissing) and isinstance(known, AliasReading):
                self.forget(FindVersion)  # it was read while the alias was there: it does not tell what went
        self.answers = {other: each for other, each in self.answers.items() if not look.succeeds(other)}
        self.answers[look] = answer

    def has_answer(self, look: Look[Any]) -> bool:
        """Whether it was answered, and not merely tried."""
        return not isinstance(self.answers.get(look), Unseen | None)

    def forget(self, kind: type[Look[Any]]) -> None:
        """Nobody has looked for anything of this kind."""
        self.answers = without(self.answers, kind)

    def drop(self, kind: type[Look[Any]], wanted: Iterable[Look[Any]]) -> None:
        """Keep of this kind what is wanted, and what says since when a wanted one could not be read."""
        self.answers = {
            look: answer
            for look, answer in self.answers.items()
            if not isinstance(look, kind) or any(each == look or each.succeeds(look) for each in wanted)
        }

    def acknowledge(self, kind: WriteKind, written_at: datetime, asked_at: datetime) -> None:
        """AWS took a write."""
        if kind is WriteKind.RESTORE:
            self.restore_asked_at = asked_at
            self.restored_at = latest(self.restored_at, written_at)
        else:
            self.forward_at = latest(self.forward_at, written_at)


def _is_newer(seen: AliasReading | AliasMissing | Unseen, known: AliasReading | AliasMissing) -> bool:
    if isinstance(seen, Unseen) or seen.read_at < known.read_at:
        return False
    if isinstance(seen, AliasReading) and isinstance(known, AliasReading):
        return seen.update_date >= known.update_date
    return True


def latest(*dates: datetime | None) -> datetime | None:
    """Return the latest date that there is."""
    return max((date for date in dates if date is not None), default=None)


def unseen(error: Exception, before: object, now: datetime) -> Unseen:
    """Turn an error into a fact; it lasts since the first of the same kind.

    That a call was withheld says less than why the one before it failed, and would change the words at each try.
    """
    if isinstance(error, Withheld) and isinstance(before, Unseen):
        return before
    trouble, why = reading_of(error)
    return Unseen(why, before.since if isinstance(before, Unseen) else now, trouble)


def reading_of(error: Exception) -> tuple[Trouble, str]:
    """Return an error's kind and its words; what is no PortError is a defect."""
    if isinstance(error, PortError):
        return error.trouble, error.why
    return Trouble.INTERNAL, f"internal error: {type(error).__name__}: {error}"[:512]
