"""Two definitions compared, state by state: which states came and went, and which fields of the others differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sfn_rollouts.asl.states import State, own_fields, states_of, without_states

ABSENT: Any = object()
"""The value of a field that is not there: null is a value."""


class Kind(StrEnum):
    """What became of a state or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, like Retry[0].MaxAttempts; `before` and `after` are JSON, or ABSENT."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class StateChange:
    """One state, like ReserveItems.ItemProcessor.ReserveItem for one inside another. Fields of a changed one only."""

    path: str
    kind: Kind
    type: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`top_level` are fields of the machine itself, StartAt first."""

    top_level: tuple[FieldChange, ...]
    states: tuple[StateChange, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs but, maybe, the order of fields."""
        return not self.top_level and not self.states


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Compare two definitions; states come in the order of the newer one, those removed at the end."""
    old, new = ({state.path: state for state in states_of(machine)} for machine in (before, after))
    changes = [_state_change(old.get(path), state) for path, state in new.items()]
    removed = [StateChange(state.name, Kind.REMOVED, _type(state)) for path, state in old.items() if path not in new]
    top_level = sorted(_fields(without_states(before), without_states(after)), key=lambda each: each.path != "StartAt")
    return Comparison(tuple(top_level), (*(each for each in changes if each is not None), *removed))


def _state_change(before: State | None, after: State) -> StateChange | None:
    if before is None:
        return StateChange(after.name, Kind.ADDED, _type(after))
    fields = tuple(_fields(own_fields(before.fields), own_fields(after.fields)))
    return StateChange(after.name, Kind.CHANGED, _type(after), fields) if fields else None


def _type(state: State) -> str:
    return str(state.fields.get("Type", "no Type"))


def _fields(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Return the deepest differences: objects by key, lists by position."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in (*before, *(each for each in after if each not in before)):
            yield from _fields(before.get(name, ABSENT), after.get(name, ABSENT), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            old, new = (each[at] if at < len(each) else ABSENT for each in (before, after))
            yield from _fields(old, new, f"{path}[{at}]")
    elif not _is_same(before, after):
        yield FieldChange(path, before, after)


def _is_same(before: Any, after: Any) -> bool:
    """JSON's idea of it: true is not 1."""
    return before is after or (isinstance(before, bool) is isinstance(after, bool) and bool(before == after))
