"""Two values below each other, cut where they are long and equal, so that a person sees what differs.

Pure. JSON values in, one line each out, without anything that a terminal acts on.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sfn_rollouts.printable import visible

_LONGEST = 300
"""What a line may have; counted in what a person takes for a letter."""
_AROUND = 60
_CUT = "…"
# Never cut apart: an escape of JSON, and a letter with the accents behind it.
_LETTER = re.compile(r"(?:\\u[0-9a-f]{4}|\\.|.)[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]*")


def excerpt(value: Any) -> str:
    """Return a value that has none beside it; of a long one its beginning and its end."""
    return _ends(_letters(visible(_json(value))))


def excerpts(before: Any, after: Any) -> tuple[str, str]:
    """Return two values that differ; of long ones what differs, from the first to the last place, and a bit around."""
    texts = tuple(visible(_json(each)) for each in (before, after))
    if len({unicodedata.normalize("NFKC", each) for each in texts}) == 1:
        texts = tuple(visible(json.dumps(each)) for each in (before, after))  # two spellings of one letter look alike
    old, new = (_letters(each) for each in texts)
    if max(len(old), len(new)) <= _LONGEST:
        return "".join(old), "".join(new)
    ahead = _common(old, new)
    behind = _common(old[ahead:][::-1], new[ahead:][::-1])
    return _around(old, ahead, len(old) - behind), _around(new, ahead, len(new) - behind)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _letters(text: str) -> Sequence[str]:
    return _LETTER.findall(text)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many letters both begin with."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def _around(letters: Sequence[str], first: int, end: int) -> str:
    """Return what stands from `first` to `end`, and a bit on either side."""
    start, stop = max(0, first - _AROUND), min(len(letters), end + _AROUND)
    left, right = _CUT if start else "", _CUT if stop < len(letters) else ""
    return f"{left}{_ends(letters[start:stop])}{right}"


def _ends(letters: Sequence[str]) -> str:
    if len(letters) <= _LONGEST:
        return "".join(letters)
    return "".join((*letters[: 2 * _LONGEST // 3], f" {_CUT} ", *letters[-_LONGEST // 3 :]))
