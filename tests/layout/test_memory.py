"""Decisions read back what is shown to people in one file of the core, where each such reading has a name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfn_rollouts.core import memory

ROOT = Path(__file__).parents[2]
CORE = ROOT / "operator/sfn_rollouts/core"

MAY_READ = {
    "memory.py": "its purpose",
    "values/conditions.py": "writes the conditions, and keeps those of which nothing new is known",
    "announce.py": "tells what is new in them, and decides nothing",
    "edited.py": "likewise",
    "accounting.py": "of an AWSAccess, whose status is no memory: it says what is new and since when",
}
_READERS = {"condition", "is_true"}
_STATUSES = {"status", "before", "after", "known", "held"}


def readings(source: str) -> Iterator[str]:
    """Return each place that reads a condition, the phase or nextActionAt of a status."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(names=names):
                yield from (name.name for name in names if name.name in _READERS)
            case ast.Attribute(attr="conditions" | "next_action_at" as field, ctx=ast.Load()):
                yield field
            case ast.Attribute(attr="phase", value=ast.Name(id=name), ctx=ast.Load()) if name in _STATUSES:
                yield "phase"
            case ast.Attribute(attr="phase", value=ast.Attribute(attr="status"), ctx=ast.Load()):
                yield "phase"
            case _:
                pass


@pytest.mark.parametrize(
    "source",
    [
        "from sfn_rollouts.core.values.conditions import READY, condition",
        "from sfn_rollouts.core.values.conditions import is_true as holds",
        "def f(case): return case.status.conditions[0].reason",
        "def f(status): return status.phase",
        "def f(rollout): return rollout.status.phase is Phase.PAUSED",
        "def f(case): return case.status.next_action_at is not None",
    ],
)
def test_a_reading_is_found(source: str) -> None:
    assert list(readings(source))


@pytest.mark.parametrize(
    "source",
    [
        "def f(case): return summary_in_flight(case).phase",
        "def f(case): return case.with_status(next_action_at=None)",
        "from sfn_rollouts.core.memory import was_paused",
    ],
)
def test_what_reads_nothing_back_is_left_alone(source: str) -> None:
    assert not list(readings(source))


def test_only_the_memory_reads_what_is_shown_to_people() -> None:
    found = {
        str(path.relative_to(CORE)): sorted(set(readings(path.read_text())))
        for path in CORE.rglob("*.py")
        if str(path.relative_to(CORE)) not in MAY_READ
    }
    assert {name: what for name, what in found.items() if what} == {}


def test_architecture_lists_each_accessor() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("## Memory")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| [^|]+ \| `(\w+)` \|", section, re.MULTILINE))
    tree = ast.parse(Path(str(memory.__file__)).read_text())
    assert listed == {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
