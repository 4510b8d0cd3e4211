"""docs/tour.md played for real: `python -m devenv.tour` compares what each command prints, `--write` renews the page.

A page is text with fenced `console` blocks, in which a line that begins with `$ ` is a command (it goes on while a line
ends with a backslash), and the lines up to the next command are what it prints. What differs from run to run is not
compared: times, durations, names of pods, ids, the width of columns, where a sentence is broken into lines, which
Events there are already, and the figures of executions that come by chance: what the judge says of them is compared.
"""

import argparse
import difflib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.playground.__main__ import Playground, playground

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/tour.md"
_FENCE, _END = "```console", "```"
_COMMAND_DEADLINE_S = 180.0
_VARYING = (
    (
        re.compile(
            r"\b\d{4}-\d\d-\d\d[T ][\d:.]+Z"  # RFC 3339; with a space, as `history` prints it
            r"|\b\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}"  # as `helm history` prints it
            r"|\b\d\d:\d\d(:\d\d)?Z?\b"
        ),
        "<time>",
    ),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{10}-[0-9a-f]{5}\b"), "<pod>"),
    (re.compile(r"\b(\d+(\.\d+)?(ms|s|m|h|d))+\b"), "<duration>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"\b\d+ of \d+\b|\b\d+ started, \d+ not judged"), "<counts>"),
    (re.compile(r"\b1 rollout in \d+|\b1 in \d+ is enough"), "<chance>"),
    (re.compile(r"\b\d+ (?=starts an hour)|(?<=in twenty, )\d+"), "<about> "),
    (re.compile(r"\b\d+ (?=executions are still running)"), "<about> "),
    (re.compile(r"[ \t]+"), " "),
)
_GOES_ON = re.compile(r"[│ ] {7,}(?=\S)")


@dataclass(frozen=True)
class Step:
    """One command of the page and what it printed when the page was written."""

    command: str
    output: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Prose as lines, commands as steps, in order."""

    parts: tuple[str | Step, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The commands alone."""
        return tuple(part for part in self.parts if isinstance(part, Step))

    def text(self) -> str:
        """As it is in the file."""
        return "".join(f"{line}\n" for part in self.parts for line in _lines(part))


def read(text: str) -> Page:
    """Split the page into prose and commands."""
    parts: list[str | Step] = []
    is_console = False
    for line in text.splitlines():
        if line == _END:
            is_console = False
        if is_console and line.startswith("$ "):
            parts.append(Step(line[2:], ()))
        elif is_console and isinstance(last := parts[-1], Step):
            parts[-1] = _continued(last, line)
        else:
            parts.append(line)
        if line == _FENCE:
            is_console = True
    return Page(tuple(parts))


def play(page: Page, environment: Mapping[str, str]) -> Iterator[tuple[Step, Step]]:
    """Run each command in the repository's root by bash; give it as the page has it, and as it went now."""
    for step in page.steps:
        done = subprocess.run(
            ["/bin/bash", "-c", step.command],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_DEADLINE_S,
            check=False,
        )
        yield step, Step(step.command, tuple(line.rstrip() for line in done.stdout.rstrip().splitlines()))


def shell_of(place: Playground) -> dict[str, str]:
    """What a terminal has besides the playground's exports: a home of its own, and letters beyond ASCII."""
    return {**place.environment, "HOME": str(place.control_plane.folder), "LC_ALL": "C.UTF-8"}


def difference(was: Step, now: Step) -> str:
    """What the command prints now and did not on the page, as a diff; empty when only what varies differs."""
    lines = difflib.unified_diff(_comparable(was), _comparable(now), "docs/tour.md", f"$ {was.command}", lineterm="")
    return "\n".join(lines)


def renewed(page: Page, played: Sequence[Step]) -> Page:
    """The page with what its commands print now, in order."""
    steps = iter(played)
    return Page(tuple(next(steps) if isinstance(part, Step) else part for part in page.parts))


def _continued(step: Step, line: str) -> Step:
    if step.command.endswith("\\") and not step.output:
        return Step(f"{step.command}\n{line}", ())
    return Step(step.command, (*step.output, line))


def _lines(part: str | Step) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [*f"$ {part.command}".splitlines(), *part.output]


def _comparable(step: Step) -> list[str]:
    """Without what varies; of Events, which come in their own time, only that there are some."""
    lines = [_without_what_varies(line) for line in _unbroken(step.output)]
    return [line for line, is_event in zip(lines, _are_events(lines), strict=True) if not is_event]


def _unbroken(lines: Sequence[str]) -> Sequence[str]:
    """Return each sentence as one line: what goes on below stands far to the right, as in `kubectl sfnrollout get`."""
    whole: list[str] = []
    for line in lines:
        if whole and (goes_on := _GOES_ON.match(line)):
            whole[-1] += " " + line[goes_on.end() :]
        else:
            whole.append(line)
    return whole


def _are_events(lines: Sequence[str]) -> Iterator[bool]:
    """Return the lines of the last block of `kubectl sfnrollout get`, without its heading."""
    is_below = False
    for line in lines:
        yield is_below
        is_below = is_below or line == "Events"


def _without_what_varies(line: str) -> str:
    for pattern, name in _VARYING:
        line = pattern.sub(name, line)
    return line.strip()


def main() -> int:
    """Play the page; exit code 1 when it is not what happens."""
    parser = argparse.ArgumentParser(prog="python -m devenv.tour", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="renew the page with what the commands print")
    is_writing = parser.parse_args().write
    page = read(PAGE.read_text())
    with playground() as place:
        played = []
        for was, now in play(page, shell_of(place)):
            played.append((was, now))
            sys.stdout.write(f"$ {now.command}\n" + "".join(f"{line}\n" for line in now.output))
            sys.stdout.flush()
    if is_writing:
        PAGE.write_text(renewed(page, [now for _, now in played]).text())
        return 0
    differences = [found for was, now in played if (found := difference(was, now))]
    sys.stdout.write("\n\n".join(["", *differences, ""]))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
