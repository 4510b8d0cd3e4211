"""The states of a definition, those inside Map and Parallel states among them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TYPES = frozenset({"Task", "Pass", "Wait", "Choice", "Parallel", "Map", "Succeed", "Fail"})
"""https://states-language.net/spec.html"""

_PROCESSORS = ("ItemProcessor", "Iterator")  # the second is the older name of the first


@dataclass(frozen=True, slots=True)
class State:
    """One state. `path` alternates names of states and what holds the next: ("Fan", "Branches[0]", "Charge")."""

    path: tuple[str, ...]
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its path for people: Fan.Branches[0].Charge."""
        return ".".join(self.path)

    @property
    def strangeness(self) -> str | None:
        """Why nobody can tell what it does, as the sentence "the state ..." goes on; None where its type is known."""
        kind = self.fields.get("Type")
        if isinstance(kind, str) and kind in TYPES:
            return None
        return f"has the Type {json.dumps(kind)[:80]}, which is not known here"


def pointer(path: tuple[str, ...]) -> str:
    """Return where a state stands in the JSON of the definition: States.Fan.Branches[0].States.Charge."""
    return ".".join(f"States.{name}" if at % 2 == 0 else name for at, name in enumerate(path))


def states_of(machine: Mapping[str, Any], within: tuple[str, ...] = ()) -> Iterator[State]:
    """Return each state, in its order, with those inside it right behind it."""
    states = machine.get("States")
    for name, fields in states.items() if isinstance(states, Mapping) else ():
        if isinstance(fields, Mapping):
            path = (*within, name)
            yield State(path, fields)
            for inner, nested in _machines_in(fields):
                yield from states_of(nested, (*path, inner))


def own_fields(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a state without the states inside it, which are states of their own."""
    own = dict(state)
    branches = own.get("Branches")
    if isinstance(branches, list):
        own["Branches"] = [without_states(each) if isinstance(each, Mapping) else each for each in branches]
    return own | {name: without_states(own[name]) for name in _PROCESSORS if isinstance(own.get(name), Mapping)}


def without_states(machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a machine but for its states; what stands among them and is none stays."""
    states = machine.get("States", {})
    if isinstance(states, Mapping):
        states = {name: each for name, each in states.items() if not isinstance(each, Mapping)}
    rest = {name: value for name, value in machine.items() if name != "States"}
    return rest if states == {} else rest | {"States": states}


def _machines_in(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    branches = state.get("Branches")
    for number, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, Mapping):
            yield f"Branches[{number}]", branch
    for name in _PROCESSORS:
        nested = state.get(name)
        if isinstance(nested, Mapping):
            yield name, nested
