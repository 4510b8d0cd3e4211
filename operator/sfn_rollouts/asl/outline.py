"""What is kept of a definition: what it calls and what it needs, a few lines of it instead of a megabyte."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.asl.pins import Call, calls_of
from sfn_rollouts.asl.rights import Home, Right, Undecided, rights_of


@dataclass(frozen=True, slots=True)
class Outline:
    """`calls` are those of things that AWS keeps in versions, in the order of the states; `rights` what is needed."""

    calls: tuple[Call, ...]
    rights: tuple[Right | Undecided, ...]


def outline(definition: Mapping[str, Any], home: Home) -> Outline:
    """Return what preflight wants to know of a definition that lives there."""
    return Outline(tuple(calls_of(definition)), rights_of(definition, home))
