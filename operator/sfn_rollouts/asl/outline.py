"""What is kept of a definition: what it calls and what it needs, a few lines of it instead of a megabyte."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sfn_rollouts.asl.pins import Call, calls_of
from sfn_rollouts.asl.rights import Home, Right, Undecided, rights_of

Further = ParamSpec("Further")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Outline:
    """`calls` are those of things that AWS keeps in versions, in the order of the states; `rights` what is needed.

    `made` has what `made_once` keeps; it goes when the outline goes.
    """

    calls: tuple[Call, ...]
    rights: tuple[Right | Undecided, ...]
    made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


def made_once(work: Callable[Concatenate[Outline, Further], Made]) -> Callable[Concatenate[Outline, Further], Made]:
    """Keep what a pure function makes of an outline: of thousands of calls it is not made again at each decision.

    Further arguments are hashable, and of few values, like the policy of a check.
    """

    @wraps(work)
    def remembering(outline: Outline, /, *further: Further.args, **named: Further.kwargs) -> Made:
        key = (work, further, tuple(named.items()))
        if key not in outline.made:
            outline.made[key] = work(outline, *further, **named)
        made: Made = outline.made[key]
        return made

    return remembering


def outline(definition: Mapping[str, Any], home: Home) -> Outline:
    """Return what preflight wants to know of a definition that lives there."""
    return Outline(tuple(calls_of(definition)), rights_of(definition, home))
