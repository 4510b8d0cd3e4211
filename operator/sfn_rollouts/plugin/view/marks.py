"""The few signs that are no letters, in Unicode and in ASCII; what they say never depends on a colour."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How something is, as a colour of the terminal's own palette; a page without colour loses nothing but emphasis."""

    GOOD = "green"
    MOVING = "cyan"
    WAITING = "yellow"
    BAD = "red"
    QUIET = "dim"
    PLAIN = "default"


@dataclass(frozen=True, slots=True)
class Marks:
    """One set of signs. `full` and `empty` are the cells of the weight bar."""

    done: str
    current: str
    coming: str
    waiting: str
    back: str
    bad: str
    arrow: str
    full: str
    empty: str


UNICODE = Marks(
    done="✔", current="▶", coming="○", waiting="‖", back="◀", bad="✖", arrow="→", full="█", empty="░"
)  # fmt: skip
ASCII = Marks(done="+", current=">", coming="-", waiting="=", back="<", bad="x", arrow="->", full="#", empty=".")


def marks_for(encoding: str) -> Marks:
    """Return the signs that the encoding of the output can write."""
    try:
        "".join(getattr(UNICODE, name) for name in Marks.__slots__).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
