"""What was noted about each mutant, and the figures that people read."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WANTED_PERCENT = 95.0

_FATE_OF = {1: "killed", 0: "survived", 24: "timeout"}
"""As loop.py notes them."""

FATES = frozenset(_FATE_OF.values())
SURVIVORS = FATES - {"killed"}


@dataclass(frozen=True)
class Mutant:
    """One small break: mutmut's name for it, and how it fared ("killed", "survived", "timeout", "not tried")."""

    name: str
    fate: str

    def is_in(self, part: str | None) -> bool:
        """Whether it is of this module or folder; None is everything."""
        return self.name.startswith(prefix_of(part))


@dataclass(frozen=True)
class Score:
    """The figures of one package. A mutant that never ends is noticed: it counts as killed."""

    mutants: int
    killed: int
    survived: int
    timeouts: int

    @property
    def untried(self) -> int:
        """Those for which there was no time."""
        return self.mutants - self.killed - self.survived - self.timeouts

    @property
    def percent(self) -> float:
        """Of all mutants, those that the tests notice; one not tried counts against them."""
        return 100.0 * (self.killed + self.timeouts) / self.mutants if self.mutants else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the tests of this package are as good as they have to be."""
        return self.percent >= WANTED_PERCENT


def prefix_of(part: str | None) -> str:
    """What the names of its mutants begin with; a part is a module or a folder: `core/checks/chains.py`, `core/checks`.

    None is everything.
    """
    return f"sfn_rollouts.{part.removesuffix('.py').replace('/', '.')}." if part else ""


def read(tree: Path) -> list[Mutant]:
    """Return all mutants of a tree, in the order of the code."""
    fates = {(line["name"], line["digest"]): _FATE_OF[line["code"]] for line in _lines(tree)}
    found: list[Mutant] = []
    for path in sorted((tree / "mutants" / "src").rglob("*.py.meta")):
        noted = json.loads(path.read_text())
        for name in noted["exit_code_by_key"]:
            digest = noted["hash_by_function_name"][name.partition("__mutmut_")[0].rpartition(".")[2]]
            found.append(Mutant(name, fates.get((name, digest), "not tried")))
    return found


def forget(tree: Path, fates: frozenset[str], part: str | None) -> None:
    """Have mutants tried again, of one module or folder or of all."""
    kept = [
        line
        for line in _lines(tree)
        if (fate := _FATE_OF[line["code"]]) not in fates or not Mutant(line["name"], fate).is_in(part)
    ]
    results_of(tree).write_text("".join(json.dumps(line) + "\n" for line in kept))


def results_of(tree: Path) -> Path:
    """The file into which loop.py writes."""
    return tree / "results.jsonl"


def score(mutants: Iterable[Mutant]) -> Score:
    """Count them."""
    fates = Counter(mutant.fate for mutant in mutants)
    return Score(fates.total(), fates["killed"], fates["survived"], fates["timeout"])


def table(scores: dict[str, Score]) -> str:
    """The figures, one package a line."""
    head = f"{'package':<10}{'mutants':>9}{'killed':>9}{'survived':>10}{'timeouts':>10}{'percent':>9}"
    rows = (
        f"{name:<10}{each.mutants:>9}{each.killed:>9}{each.survived:>10}{each.timeouts:>10}{each.percent:>8.2f}%"
        + (f"  ({each.untried} not tried)" if each.untried else "")
        for name, each in scores.items()
    )
    return "\n".join((head, *rows))


def _lines(tree: Path) -> list[dict[str, Any]]:
    path = results_of(tree)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
