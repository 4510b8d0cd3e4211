"""What a rollout would begin with, by what the alias serves now."""

from enum import StrEnum

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.rollback_window import is_recent_stable
from sfn_rollouts.core.values.routing import Routing


class Beginning(StrEnum):
    """The ways to begin. The first two write nothing, so what holds writes does not hold them."""

    UP_TO_DATE = "UpToDate"  # the alias serves the wanted version already: it ends here
    TAKE_OVER = "TakeOver"  # the alias is split, and a person has named its stable side
    NEW_ALIAS = "NewAlias"  # one write without steps: there is nothing to go back to
    ROLLBACK_WINDOW = "RollbackWindow"  # one write without steps, back to a version that was stable a moment ago
    STEPS = "Steps"

    @property
    def writes(self) -> bool:
        """Whether traffic moves by it."""
        return self not in (Beginning.UP_TO_DATE, Beginning.TAKE_OVER)

    @property
    def is_something_new(self) -> bool:
        """Whether traffic moves to a version of which nobody knows yet how it does here."""
        return self in (Beginning.NEW_ALIAS, Beginning.STEPS)


def beginning_of(case: Case) -> Beginning | None:
    """Return how it would begin; None where the alias is split and this rollout may not take it over.

    An alias that was not found is a new one, so ask only once it has been looked for.
    """
    routing = case.reading.routing if case.reading is not None else None
    if routing is None:
        return Beginning.NEW_ALIAS
    if routing.sole is None:
        return Beginning.TAKE_OVER if stable_side(case) is not None else None
    if routing == Routing.whole(case.spec.version):
        return Beginning.UP_TO_DATE
    return Beginning.ROLLBACK_WINDOW if is_recent_stable(case, routing.sole) else Beginning.STEPS


def stable_side(case: Case) -> int | None:
    """Return the stable side of the split that the alias was found with; None where it may not be taken over.

    Where the other side is a third version, the next write would take it away. A pause holds that, an abort wants it.
    """
    routing, stable = case.reading.routing if case.reading is not None else None, case.spec.stable_version
    if routing is None or routing.sole is not None or stable is None:
        return None
    if not _is_named(case, stable) or not routing.weight_of(stable):
        return None
    is_aborted = case.command is not None  # any other command has been answered
    is_wanted = routing.weight_of(case.spec.version) > 0
    return stable if is_wanted or is_aborted or not case.is_paused else None


def _is_named(case: Case, stable: int) -> bool:
    """A name may stay in a manifest for years: it counts only where the status knows no other stable version.

    Nor does it where it is the version asked for: then nobody has said what the other side is.
    """
    return stable != case.spec.version and case.status.stable_version in (None, stable)


def second_way_out(case: Case, routing: Routing) -> str:
    """Return what spec.stableVersion could do about a split, or what holds it; empty where it is of no use."""
    known = case.status.stable_version
    sides = [version for version, _ in routing.entries if version != case.spec.version and known in (None, version)]
    if not sides:
        return ""
    named = case.spec.stable_version
    if named in sides:
        return f"; a pause holds the write that puts it back on version {named}, as spec.stableVersion says"
    words = " or ".join(str(version) for version in sides)
    return f"; or set spec.stableVersion to the side that is stable ({words}), then it is taken over"
