"""Tables as kubectl prints them, that fit a terminal where there is one."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

GAP = "   "
ABSENT = "-"
_SHORTEST_CUT = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A text on one line and its colour, if any."""

    text: str
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """`goes`: where the screen is narrow, columns go in this order; None stays."""

    title: str
    goes: int | None = None


def terminal_size() -> os.terminal_size | None:
    """Return columns and lines of the terminal that we write on, None where it is none."""
    if not sys.stdout.isatty():
        return None
    import shutil  # noqa: PLC0415 - brings every compression there is, 10 ms

    return shutil.get_terminal_size()


def lines(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None) -> Sequence[str]:
    """Return the heading and a line a row; with a width, columns go, and at last the end of the last one."""
    kept = _fitting(columns, rows, width)
    widths = [_width(columns, rows, index) for index in kept]
    heading = _line([Cell(columns[index].title) for index in kept], widths, width)
    return [heading, *(_line([row[index] for index in kept], widths, width) for row in rows)]


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None) -> list[int]:
    kept = list(range(len(columns)))
    for _, index in sorted((each.goes, index) for index, each in enumerate(columns) if each.goes is not None):
        if width is None or _needed(columns, rows, kept) <= width:
            break
        kept.remove(index)
    return kept


def _needed(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], kept: Sequence[int]) -> int:
    return sum(_width(columns, rows, index) for index in kept) + len(GAP) * (len(kept) - 1)


def _width(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], index: int) -> int:
    return max([len(columns[index].title), *(len(row[index].text or ABSENT) for row in rows)])


def _line(cells: Sequence[Cell], widths: Sequence[int], width: int | None) -> str:
    *before, last = cells
    padded = [_coloured(cell, cell_width) for cell, cell_width in zip(before, widths, strict=False)]
    left = None if width is None else width - sum(widths[:-1]) - len(GAP) * len(before)
    return GAP.join([*padded, _coloured(Cell(_cut(last.text or ABSENT, left), last.colour), 0)]).rstrip()


def _coloured(cell: Cell, width: int) -> str:
    text = cell.text or ABSENT
    return (click.style(text, fg=cell.colour) if cell.colour else text) + " " * (width - len(text))


def _cut(text: str, left: int | None) -> str:
    """Shorten the last text to what is left, unless next to nothing is: then the terminal breaks the line."""
    if left is None or left < _SHORTEST_CUT or len(text) <= left:
        return text
    return f"{text[: left - 1]}…"
