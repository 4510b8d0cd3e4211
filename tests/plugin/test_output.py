"""`-o json` and `-o yaml`: the same data, and nothing that a terminal or a CI service would obey."""

import json
import re
from typing import Any

import pytest
import yaml

from sfn_rollouts.plugin.output import serialized

TEXTS = [
    *(
        "a",
        "",
        " a ",
        "ü 注文 😀",
        "a: b",
        "- a",
        "#a",
        "yes",
        "12",
        "null",
        "~",
        "2026-11-28",
        "a\n",
        "a\nb",
        "\ta",
        "'\"",
    ),
    *("x\x1b[2J\x07", "\x9b2J", "a\u202eb", "a\u2028b", "\x7f", "a\U000e0001b", "a\u00adb", "\ufeffa", "a\x00b"),
    *("##[error]x", "x##vso[task.setvariable]y", "##teamcity[x]", "::error::x", "a\n::error::x\n", "a\n##[error]x"),
    "a long text " * 50 + "::error::x",
]


@pytest.mark.parametrize("output", ["json", "yaml"])
@pytest.mark.parametrize("text", TEXTS)
def test_says_the_same_and_is_harmless(text: str, output: str) -> None:
    data: dict[str, Any] = {"a": text, text or "b": [text, {"c": text}], "d": {"annotations": {text: text}}}
    shown = serialized(data, output)
    assert (json.loads(shown) if output == "json" else yaml.safe_load(shown)) == data
    assert all(line.isprintable() for line in shown.split("\n"))
    assert not re.search(r"(?m)^\s*::|##\w*\[", shown)


def test_letters_of_any_script_stay_readable() -> None:
    assert serialized({"a": "Überlast 注文"}, "yaml") == "a: Überlast 注文"
    assert "Überlast 注文" in serialized({"a": "Überlast 注文"}, "json")
