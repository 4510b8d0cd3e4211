"""What mutmut noted about each mutant, and the figures that people read."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WANTED_PERCENT = 95.0

_KILLED = {1, 3}  # pytest: a test failed; pytest broke down
_SURVIVED = {0, 5, 33}  # all passed; pytest, or mutmut, found no test that reaches it
_TIMED_OUT = {24, -24, 152, 255}  # SIGXCPU: it ran for several times as long as the unbroken code


@dataclass(frozen=True)
class Mutant:
    """One small break: mutmut's name for it, and how it fared ("killed", "survived", "timeout", "open")."""

    name: str
    fate: str

    @property
    def module(self) -> str:
        """`core/gates.py`."""
        return "/".join(self.name.split(".")[1:-1]) + ".py"


@dataclass(frozen=True)
class Score:
    """The figures of one package. A mutant that never ends is noticed: it counts as killed."""

    mutants: int
    killed: int
    survived: int
    timeouts: int
    open: int

    @property
    def percent(self) -> float:
        """Of all mutants, those that the tests notice; one not tried yet counts against them."""
        return 100.0 * (self.killed + self.timeouts) / self.mutants if self.mutants else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the tests of this package are as good as they have to be."""
        return self.percent >= WANTED_PERCENT


def read(tree: Path) -> list[Mutant]:
    """Give all mutants of a tree, in the order of the code."""
    found = sorted((tree / "mutants" / "src").rglob("*.py.meta"))
    codes: Iterable[tuple[str, int | None]] = (
        item for path in found for item in json.loads(path.read_text())["exit_code_by_key"].items()
    )
    return [Mutant(name, _fate(code)) for name, code in codes]


def forget_survivors(tree: Path) -> None:
    """Have all tried again that were not killed."""
    for path in (tree / "mutants" / "src").rglob("*.py.meta"):
        noted = json.loads(path.read_text())
        codes = noted["exit_code_by_key"]
        noted["exit_code_by_key"] = {name: code if code in _KILLED else None for name, code in codes.items()}
        path.write_text(json.dumps(noted, indent=4))


def score(mutants: Iterable[Mutant]) -> Score:
    """Count them."""
    fates = Counter(mutant.fate for mutant in mutants)
    return Score(fates.total(), fates["killed"], fates["survived"], fates["timeout"], fates["open"])


def _fate(code: int | None) -> str:
    if code in _KILLED:
        return "killed"
    if code in _TIMED_OUT:
        return "timeout"
    return "survived" if code in _SURVIVED else "open"


def table(scores: dict[str, Score]) -> str:
    """The figures, one package a line."""
    head = f"{'package':<10}{'mutants':>9}{'killed':>9}{'survived':>10}{'timeouts':>10}{'percent':>9}"
    rows = (
        f"{name:<10}{each.mutants:>9}{each.killed:>9}{each.survived:>10}{each.timeouts:>10}{each.percent:>8.2f}%"
        + (f"  ({each.open} not tried)" if each.open else "")
        for name, each in scores.items()
    )
    return "\n".join((head, *rows))
