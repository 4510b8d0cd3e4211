"""What a scalar of YAML means to kubectl, as `resolve.go` of go.yaml.in/yaml/v2 has it: the reader under kubectl,
Argo CD and Flux.

It is neither YAML 1.1 nor 1.2: `y` and `off` are booleans, `018` is 18, `0o17` is 15, `1e3` is 1000, `1:30` is a text.
PyYAML, which has the rules of YAML 1.1, reads each of these otherwise.
"""

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

Scalar = str | int | float | bool | None

_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
}
_INTEGERS = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10),
)
_SIGN_WITHIN = re.compile(r"0b([-+][01]{1,63})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")  # only here underscores must separate digits
LARGEST = 2**63 - 1
_SMALLEST, _LARGEST_UNSIGNED = -(2**63), 2**64 - 1
_LONGEST_INTEGER = 70
"""Characters: 64 binary digits with their prefix. Python refuses to read thousands of digits."""
_TIME = r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]+)?"
_MOMENT = re.compile(rf"([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}})([Tt]{_TIME}(Z|[-+][0-9]{{2}}:[0-9]{{2}})| {_TIME})?")


def implicit(text: str) -> Scalar:
    """Return what a plain scalar without a tag is. A date stays a text, as it does for kubectl."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-0123456789":
        return _number(text.replace("_", ""), text)
    if _FRACTION.fullmatch(text):
        return _float(text.replace("_", ""), text)
    return text


def tagged(tag: str, text: str) -> Scalar:
    """Return what a scalar with a tag is. The tag is written out (`tag:yaml.org,2002:int`); only YAML's own count.

    Raises:
        ValueError: the text is none of that kind.
    """
    read = _BY_TAG.get(tag.removeprefix("tag:yaml.org,2002:"))
    return text if read is None or not tag.startswith("tag:yaml.org,2002:") else read(text)


def key(value: Scalar) -> str:
    """Return the name that a field has in JSON.

    Raises:
        ValueError: kubectl takes no such key.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, int) and value > LARGEST):
        raise ValueError(f"{'null' if value is None else value} is no key: put it in quotes")
    return _single_precision(value) if isinstance(value, float) else str(value)


def _number(plain: str, text: str) -> Scalar:
    """Return the number that digits and signs make; the text where they make none."""
    whole = _integer(plain)
    if whole is not None:
        return whole
    if _FLOAT.fullmatch(plain):
        return _float(plain, text)
    signed = _SIGN_WITHIN.fullmatch(plain)
    return int(signed[1], 2) if signed else text


def _integer(plain: str) -> int | None:
    base = next((base for form, base in _INTEGERS if form.fullmatch(plain)), None)
    if base is None or len(plain.lstrip("+-0")) > _LONGEST_INTEGER:
        return None
    value = int(re.sub("0[xXbBoO]", "", plain, count=1) if base != 10 else plain, base)
    is_unsigned = plain[0] not in "+-" and value <= _LARGEST_UNSIGNED
    return value if is_unsigned or _SMALLEST <= value <= LARGEST else None


def _float(plain: str, text: str) -> Scalar:
    """What no double can hold stays a text."""
    value = float(plain)
    return text if math.isinf(value) else value


def _kind(kinds: tuple[type, ...]) -> Callable[[str], Scalar]:
    def read(text: str) -> Scalar:
        value = implicit(text)
        if type(value) not in kinds:
            raise ValueError
        return value

    return read


def _as_float(text: str) -> float:
    value = implicit(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, int) and value > LARGEST):
        raise ValueError
    return float(value)


def _binary(text: str) -> str:
    try:
        return base64.b64decode(re.sub("[\r\n]", "", text), validate=True).decode(errors="replace")
    except binascii.Error as error:
        raise ValueError from error


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError
    date(*map(int, found.groups()[:3]))
    return text


_BY_TAG: Mapping[str, Callable[[str], Scalar]] = {
    "str": str,
    "int": _kind((int,)),
    "float": _as_float,
    "bool": _kind((bool,)),
    "null": _kind((type(None),)),
    "binary": _binary,
    "timestamp": _moment,
}


def _single_precision(value: float) -> str:
    """Write a key as Go does with 'g' and 32 bits: the fewest digits that separate it from its neighbours."""
    single = _rounded(value)
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    candidates = (f"{single:.{digits}e}" for digits in range(9))  # nine digits separate any two of 32 bits
    shortest = next(text for text in candidates if _rounded(float(text)) == single)
    return format(Decimal(shortest), "f") if -5 < int(shortest.partition("e")[2]) < 6 else shortest


def _rounded(value: float) -> float:
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(single)
