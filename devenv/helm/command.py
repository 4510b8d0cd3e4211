"""Helm as a function."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.programs import ProgramFailedError, run_to_end

COMMAND_TIMEOUT_S = 180.0


class HelmFailedError(ProgramFailedError):
    """Helm ended with an error."""


@dataclass(frozen=True)
class Helm:
    """`helm("list", "-n", "default").stdout`. Its repositories, plugins and caches are in `home`, not the person's.

    Without a `kubeconfig` it knows no cluster: good for template, lint, package and show.
    """

    binary: Path
    home: Path
    kubeconfig: Path | None = None

    def __call__(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return stdout, stderr and the return code as text. `stdin` feeds `--values -`.

        Raises HelmFailedError on a return code other than 0, unless `check` is False.
        """
        command, failure = [str(self.binary), *arguments], HelmFailedError if check else None
        return run_to_end(command, stdin=stdin, timeout_s=COMMAND_TIMEOUT_S, failure=failure, env=self.environment())

    def environment(self) -> Mapping[str, str]:
        """Nothing of the person's Helm, and no cluster but the given one."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.home),
            "HELM_CACHE_HOME": str(self.home / "cache"),
            "HELM_CONFIG_HOME": str(self.home / "config"),
            "HELM_DATA_HOME": str(self.home / "data"),
            "KUBECONFIG": str(self.kubeconfig or os.devnull),
        }
