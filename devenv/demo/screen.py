"""What a person sees: headings, commands with their output, remarks. Colour only on a terminal, NO_COLOR honoured."""

import os
import shlex
import sys
import time
from dataclasses import dataclass, field

from devenv.control_plane import Kubectl

_BOLD, _DIM, _RESET = "1", "2", "\033[0m"


@dataclass
class Screen:
    """Prints with the seconds since the start in front, so that one sees how long things take."""

    started_at: float = field(default_factory=time.monotonic)
    is_coloured: bool = field(default_factory=lambda: sys.stdout.isatty() and not os.environ.get("NO_COLOR"))

    def heading(self, text: str) -> None:
        """A new part of the story."""
        print(f"\n{self._styled(f'== {text} ', _BOLD)}{self._styled('=' * max(76 - len(text), 3), _BOLD)}", flush=True)

    def say(self, text: str) -> None:
        """A remark on what happens and why."""
        print(f"{self._clock()} {text}", flush=True)

    def command(self, kubectl: Kubectl, *arguments: str, stdin: str | None = None, indent: str = "        ") -> None:
        """Show a kubectl command and what it prints."""
        shown = shlex.join(["kubectl", *arguments])
        print(f"{self._clock()} {self._styled('$ ' + shown, _BOLD)}", flush=True)
        result = kubectl(*arguments, stdin=stdin, check=False)
        for line in (result.stdout + result.stderr).rstrip().splitlines():
            print(f"{indent}{line}", flush=True)

    def lines(self, text: str) -> None:
        """Something longer, as it is."""
        for line in text.rstrip().splitlines():
            print(f"        {line}", flush=True)

    def _clock(self) -> str:
        return self._styled(f"{time.monotonic() - self.started_at:6.1f}s", _DIM)

    def _styled(self, text: str, style: str) -> str:
        return f"\033[{style}m{text}{_RESET}" if self.is_coloured else text
