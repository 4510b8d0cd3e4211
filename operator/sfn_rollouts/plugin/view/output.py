"""What the output can take: signs, colours and width; and a page brought there."""

from collections.abc import Mapping
from typing import TextIO

from rich.console import Console, RenderableType

from sfn_rollouts.plugin.view.marks import ASCII, Marks, marks_for
from sfn_rollouts.printable import folded

_PLAIN_LOCALES = ("C", "POSIX")


class Output:
    """A stream with its signs. Colours: on a terminal only, and not with NO_COLOR (https://no-color.org).

    `width` in columns: that of the terminal, else COLUMNS, else 80.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self.marks = _marks(stream, environment)
        self.console = Console(file=stream, highlight=False, markup=False, emoji=False, _environ=environment)

    @property
    def is_live(self) -> bool:
        """Whether what has been written can be written over."""
        return self.console.is_terminal and not self.console.is_dumb_terminal

    @property
    def width(self) -> int:
        """Columns, at the moment: a terminal may be resized."""
        return self.console.width

    @property
    def height(self) -> int:
        """Lines, likewise."""
        return self.console.height

    def show(self, page: RenderableType) -> None:
        """Write a page as it stands, without the spaces that only a screen needs."""
        with self.console.capture() as captured:
            self.console.print(page, crop=False)
        text = folded(captured.get())
        if not self.console.is_terminal:
            text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
        self.console.file.write(text)
        self.console.file.flush()


def _marks(stream: TextIO, environment: Mapping[str, str]) -> Marks:
    """Also makes sure that nothing else breaks on a letter that the output cannot write."""
    marks = ASCII if _is_plain(environment) else marks_for(stream.encoding)
    reconfigure = getattr(stream, "reconfigure", None)
    if marks is ASCII and reconfigure is not None:
        reconfigure(encoding="ascii", errors="replace")
    return marks


def _is_plain(environment: Mapping[str, str]) -> bool:
    """Whether the locale knows ASCII alone; Python speaks UTF-8 there all the same (PEP 538 and 540)."""
    language, kind = environment.get("LANG"), environment.get("LC_CTYPE")
    if language in _PLAIN_LOCALES and kind == "C.UTF-8":
        kind = language  # set by Python itself
    return (environment.get("LC_ALL") or kind or language) in _PLAIN_LOCALES
