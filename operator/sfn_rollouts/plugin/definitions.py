"""Two Amazon States Language definitions compared, state by state. Pure: plain JSON in, differences out.

The language: https://states-language.net/spec.html. Belongs here: what is a state, and which of its fields differ. Does
not belong here: where definitions come from (`aws.definitions`), how differences look (`plugin.diff`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ABSENT: Any = object()
"""The value of a field that is not there: null is a value."""

_NESTING = ("ItemProcessor", "Iterator")


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
    old, new = dict(states_of(before)), dict(states_of(after))
    changes = [_state_change(path, old.get(path), state) for path, state in new.items()]
    removed = [StateChange(path, Kind.REMOVED, _type(state)) for path, state in old.items() if path not in new]
    top_level = sorted(
        _fields(_without_states(before), _without_states(after)), key=lambda each: each.path != "StartAt"
    )
    return Comparison(tuple(top_level), (*(each for each in changes if each is not None), *removed))


def states_of(machine: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give path and fields of each state, those inside Map and Parallel states behind them."""
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping):
            continue
        path = f"{within}{name}"
        yield path, state
        for inner, nested in _machines_in(state):
            yield from states_of(nested, f"{path}.{inner}.")


def _machines_in(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    branches = state.get("Branches")
    for number, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, Mapping):
            yield f"Branches[{number}]", branch
    for name in _NESTING:
        nested = state.get(name)
        if isinstance(nested, Mapping):
            yield name, nested


def _state_change(path: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> StateChange | None:
    if before is None:
        return StateChange(path, Kind.ADDED, _type(after))
    fields = tuple(_fields(_own(before), _own(after)))
    return StateChange(path, Kind.CHANGED, _type(after), fields) if fields else None


def _type(state: Mapping[str, Any]) -> str:
    return str(state.get("Type", "no Type"))


def _without_states(machine: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in machine.items() if name != "States"}


def _own(state: Mapping[str, Any]) -> dict[str, Any]:
    """Its fields without the states inside it, which are compared as states of their own."""
    own = dict(state)
    branches = own.get("Branches")
    if isinstance(branches, list):
        own["Branches"] = [_without_states(each) if isinstance(each, Mapping) else each for each in branches]
    return own | {name: _without_states(own[name]) for name in _NESTING if isinstance(own.get(name), Mapping)}


def _fields(before: Any, after: Any, path: str = "") -> Iterator[FieldChange]:
    """Give the deepest differences: objects by key, lists by position."""
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
