"""A section of the page: a title with rows below it, in columns, as a branch of a tree."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from sfn_rollouts.plugin.view.marks import ASCII, Marks, Tone

GUIDE_WIDTH = 4
_GAP = 2
_NARROWEST = 16

Row = Sequence[Text]


def words(text: str, tone: Tone = Tone.PLAIN, *, is_strong: bool = False) -> Text:
    """Return text that is not read as markup: it may come from anybody."""
    style = "" if tone is Tone.PLAIN else str(tone)
    return Text(text, style=f"bold {style}".strip() if is_strong else style)


def marked(mark: str, tone: Tone, text: Text | str) -> Text:
    """Return text behind its sign."""
    return Text.assemble(words(mark, tone, is_strong=True), " ", text)


def line(text: Text, marks: Marks) -> Text:
    """Return text that ends where the line does."""
    text.no_wrap, text.overflow = True, "crop" if marks is ASCII else "ellipsis"
    return text


def section(title: Text, rows: Sequence[Row], width: int, right: Sequence[int] = ()) -> Tree:
    """Return a branch. All rows have as many cells; the last cell wraps, the others keep their place.

    `right` are the columns whose cells are set to the right; `width` is that of the page.
    """
    tree = Tree(title, guide_style="dim")
    widths = _widths(rows, width - GUIDE_WIDTH)
    for row in rows:
        tree.add(_grid(row, widths, right))
    return tree


def _widths(rows: Sequence[Row], width: int) -> list[int]:
    """Each column as wide as its widest cell, but never so wide that nothing is left for the last."""
    most = max((width - _NARROWEST) // 2, 8)
    columns = list(zip(*rows, strict=True))[:-1]
    return [min(max(cell_len(cell.plain) for cell in column), most) for column in columns]


def _grid(row: Row, widths: Sequence[int], right: Sequence[int]) -> Table:
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for at, width in enumerate(widths):
        grid.add_column(width=width, justify="right" if at in right else "left", overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(*row)
    return grid
