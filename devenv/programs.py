"""Programs of other people, run to their end."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class ProgramFailedError(Exception):
    """It ended with an error; the message holds the command and what it wrote to stderr."""


def run_to_end(
    command: Sequence[str],
    *,
    stdin: str | None,
    timeout_s: float,
    failure: type[ProgramFailedError] | None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Return stdout, stderr and the return code; one other than 0 is raised as `failure`, unless that is None."""
    result = subprocess.run(
        list(command), env=env, input=stdin or "", capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if failure is not None and result.returncode:
        words = " ".join((Path(command[0]).name, *command[1:]))
        raise failure(f"{words}: exit code {result.returncode}\n{result.stderr}")
    return result


def is_executable(path: Path) -> bool:
    """Whether it is there, and a file that may be run."""
    return path.is_file() and os.access(path, os.X_OK)
