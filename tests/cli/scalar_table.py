"""Scalars as people, Helm and CI write them, and what each is to kubectl."""

from math import inf, nan
from typing import Any

INTEGERS: dict[str, Any] = {
    "0": 0, "42": 42, "+1": 1, "-1": -1, "-0": 0, "00": 0, "007": 7, "017": 15, "-017": -15, "08": 8.0, "018": 18.0,
    "0o17": 15, "0O17": 15, "0o52": 42, "-0o17": -15, "0o8": "0o8", "0o": "0o", "0x1f": 31, "0X1F": 31, "+0x1f": 31,
    "0x": "0x", "0xg": "0xg", "0b11": 3, "0B11": 3, "-0b11": -3, "+0b11": 3, "0b2": "0b2", "0b-11": -3,
    "0B-11": "0B-11",
    "1_000": 1000, "1__0": 10, "1_": 1, "_1": "_1", "0_7": 7, "0x_1f": 31, "+_1": 1, "-_": "-_", "1,000": "1,000",
    "2147483647": 2147483647, "2147483648": 2147483648, "9223372036854775807": 2**63 - 1,
    "9223372036854775808": 2**63,
    "18446744073709551615": 2**64 - 1, "18446744073709551616": 2.0**64, "-9223372036854775808": -(2**63),
    "-9223372036854775809": -(2.0**63), "+9223372036854775808": 2.0**63, "0x8000000000000000": 2**63,
    "0x10000000000000000": "0x10000000000000000", "9" * 300: float("9" * 300), "9" * 5000: "9" * 5000,
}  # fmt: skip
FLOATS: dict[str, Any] = {
    "1.5": 1.5, "1.": 1.0, ".5": 0.5, "-.5": -0.5, "+.5": 0.5, "42.0": 42.0, "1e3": 1000.0, "1E3": 1000.0,
    "1.5e3": 1500.0, "1e+06": 1000000.0, "1e-3": 0.001, "4.2e1": 42.0, "4.2e+1": 42.0, "6063e25": 6.063e28,
    "1e": "1e", "e3": "e3", "1e3.5": "1e3.5", "1e400": "1e400", "-1e400": "-1e400", ".": ".", "..": "..", "+": "+",
    ".e3": ".e3", ".5e3": 500.0, "._5": "._5", ".5_0": 0.5, ".5_": ".5_", ".5__0": ".5__0", "1_0.5": 10.5,
    "1.5_0": 1.5,
    "0.1.2": "0.1.2", "1.2.3": "1.2.3", "018.5": 18.5, "0x1p3": "0x1p3", "-0.0": 0.0, "Infinity": "Infinity",
    "inf": "inf", "NaN": "NaN", "12e03": 12000.0, "1e0": 1.0, "07e1": 70.0,
}  # fmt: skip
NO_JSON: dict[str, Any] = {
    ".inf": inf, ".Inf": inf, ".INF": inf, "+.inf": inf, "+.Inf": inf, "+.INF": inf, "-.inf": -inf, "-.Inf": -inf,
    "-.INF": -inf, ".nan": nan, ".NaN": nan, ".NAN": nan,
}  # fmt: skip
"""Numbers to YAML that JSON does not have: kubectl refuses the document."""
WORDS: dict[str, Any] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["~", "null", "Null", "NULL"], None),
    **{word: word for word in ["yEs", "tRUE", "oN", "oFF", "nULL", "nil", "none", "None", "t", "f", "T", "F", "Nope"]},
    **{word: word for word in [".iNF", ".Nan", "+.nan", "-.nan", "+inf", "~~", "=", "==", "<<a", "a<<"]},
}
OTHERS: dict[str, Any] = {
    word: word
    for word in [
        "1:30", "01:30", "190:20:30", "-1:30", "1:30.5", "0:0", "12:30:45",
        "2026-11-28", "2026-99-99", "2026-1-2", "0001-01-01", "2026-11-28T10:00:00Z", "2026-11-28 10:00:00",
        "2026-11-28t10:00:00.5+01:00", "2026-11", "2026-11-28T25:61:61Z", "20261128T100000",
        "a", "live", "abc1234", "6063e2a", "1a", "0.1.0-rc.1", "v1.2.3", "10m", "1h30m", "50%", "1/2", "a_b", "a-b",
        "-a",
        "a#b", "a:b", "0-1", "1-", "+-1", "--1", "1+1", "$HOME", "ü", "/x", "a b",
    ]
}  # fmt: skip

SCALARS: dict[str, Any] = {**INTEGERS, **FLOATS, **WORDS, **OTHERS}

TAGGED: dict[str, Any] = {
    "!!str 12": "12", "!!str y": "y", "!!str ~": "~", "!!str": "", "! 12": "12", "! y": "y", "!other 12": "12",
    "!!int 12": 12, '!!int "12"': 12, '!!int "0x10"': 16, "!!float 5": 5.0, '!!float "1e3"': 1000.0, "!!bool y": True,
    '!!bool "off"': False, "!!null ~": None, '!!null ""': None, "!!binary aGk=": "hi", "!!binary /w==": "\ufffd",
    "!!timestamp 2026-11-28": "2026-11-28", '!!timestamp "2026-11-28"': "2026-11-28", "!!merge 5": "5",
    "!!value =": "=",
    "!!set {a, b}": {"a": None, "b": None}, "!!map {a: 1}": {"a": 1}, "!!seq [1]": [1], "!!omap [a: 1]": [{"a": 1}],
    "!!str [1]": [1], "!!python/object:os.system x": "x", "!<tag:yaml.org,2002:int> 5": 5, '"12"': "12", "'y'": "y",
    '"null"': "null", "&a 12": 12, "[&a 12, *a]": [12, 12], "[&a y, &a n, *a]": [True, False, False], '"\\x41"': "A",
    "{a: &m {b: 1}, c: {<<: *m, d: 2}}": {"a": {"b": 1}, "c": {"b": 1, "d": 2}},
    "{a: 1, <<: {a: 2, b: 3}, b: 4}": {"a": 2, "b": 4}, "{<<: [{a: 1}, {a: 2, b: 3}], c: 1}": {"a": 1, "b": 3,
    "c": 1},
    '{"<<": 1}': {"<<": 1}, "{!!merge x: 1}": {"x": 1}, "[<<]": ["<<"], "{1: a}": {"1": "a"},
    "{0x10: a}": {"16": "a"},
    "{y: a}": {"true": "a"}, "{off: a}": {"false": "a"}, "{1.5: a}": {"1.5": "a"}, "{1e10: a}": {"1e+10": "a"},
    "{1.23456789: a}": {"1.2345679": "a"}, "{100000.0: a}": {"100000": "a"}, "{1e6: a}": {"1e+06": "a"},
    "{0.00001: a}": {"1e-05": "a"}, "{-0.0: a}": {"-0": "a"}, "{1e40: a}": {".inf": "a"}, "{.nan: a}": {".nan": "a"},
    "{2026-11-28: a}": {"2026-11-28": "a"}, "{=: a}": {"=": "a"}, "{!!str 5: a}": {"5": "a"}, '{"a":1}': {"a": 1},
    "{a:1}": {"a:1": None}, "{a}": {"a": None}, "{a: }": {"a": None}, "[a, ]": ["a"],
    "{a: [b, {c: d}]}": {"a": ["b", {"c": "d"}]},
}  # fmt: skip
"""Values with tags, quotes, anchors, merges and keys."""

REFUSED: dict[str, str] = {
    **dict.fromkeys(NO_JSON, "is no number of JSON"),
    "!!int a": "cannot be read as !!int", "!!int 1.5": "cannot be read as !!int",
    '!!int ""': "cannot be read as !!int",
    "!!int 2026-11-28": "cannot be read as !!int", "!!bool 1": "cannot be read as !!bool",
    "!!null a": "cannot be read as !!null", "!!float a": "cannot be read as !!float",
    "!!float 18446744073709551615": "cannot be read as !!float", "!!float .inf": "is no number of JSON",
    "!!binary a": "cannot be read as !!binary", "!!timestamp a": "cannot be read as !!timestamp",
    "!!timestamp 2026-99-99": "cannot be read as !!timestamp", "{~: 1}": "is no key",
    "{18446744073709551615: 1}": "is no key",
    "{? [a] : 1}": "is a text", "{? {a: b} : 1}": "is a text", "{<<: 5}": "'<<' merges", "{<<: [5]}": "'<<' merges",
    "&a [*a]": "contains itself", "&a {<<: *a}": "contains itself", "*a": "no anchor", "[a": "expected",
    '"\\ud83d"': "half a character",
    "%a": "cannot start any token", "@a": "cannot start any token", "`a`": "cannot start any token",
    "[a]]": "expected", '"a': "unexpected end", "&": "expected",
}  # fmt: skip
"""What kubectl does not read, and a part of what lint says to it."""
