"""Helm as a function."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMMAND_TIMEOUT_S = 180.0


class HelmFailedError(Exception):
    """Helm ended with an error; the message holds the command and what it wrote to stderr."""


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
        result = subprocess.run(
            [str(self.binary), *arguments],
            env=self.environment(),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        if check and result.returncode:
            raise HelmFailedError(f"helm {' '.join(arguments)}: exit code {result.returncode}\n{result.stderr}")
        return result

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
