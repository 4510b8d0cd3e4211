"""CHANGELOG.md stays one list for each kind of change: lines of several people are merged into it by union."""

from itertools import pairwise
from pathlib import Path

LINES = (Path(__file__).parents[2] / "CHANGELOG.md").read_text().splitlines()
KINDS = ["### Added", "### Changed", "### Fixed"]


def test_each_kind_stands_once_in_a_release() -> None:
    for release in "\n".join(LINES).split("\n## ")[1:]:
        kinds = [line for line in release.splitlines() if line.startswith("### ")]
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_no_blank_line_parts_a_list() -> None:
    parted = [after for before, after in pairwise(LINES) if not before and after.startswith(("- ", "  "))]
    assert parted == []


def test_no_line_stands_there_twice() -> None:
    reported = [line for line in LINES if line.startswith("- ")]
    assert len(reported) == len(set(reported))
