"""kubectl as a function, and what is done with it at every start."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.programs import ProgramFailedError, run_to_end

COMMAND_TIMEOUT_S = 120.0


class KubectlFailedError(ProgramFailedError):
    """kubectl ended with an error."""


@dataclass(frozen=True)
class Kubectl:
    """`kubectl("get", "namespaces").stdout`. The discovery cache is the control plane's own, not the person's."""

    binary: Path
    kubeconfig: Path
    cache_folder: Path

    def __call__(
        self, *arguments: str, kubeconfig: Path | None = None, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return stdout, stderr and the return code as text. `stdin` feeds `-f -`.

        Raises KubectlFailedError on a return code other than 0, unless `check` is False.
        """
        command, failure = self.command(*arguments, kubeconfig=kubeconfig), KubectlFailedError if check else None
        return run_to_end(command, stdin=stdin, timeout_s=COMMAND_TIMEOUT_S, failure=failure)

    def command(self, *arguments: str, kubeconfig: Path | None = None) -> list[str]:
        """The command line, for whoever starts kubectl as a process of its own, as a watch needs."""
        fixed = [f"--kubeconfig={kubeconfig or self.kubeconfig}", f"--cache-dir={self.cache_folder}"]
        return [str(self.binary), *fixed, *arguments]

    def environment(self, plugins: Path, kubeconfig: Path | None = None) -> dict[str, str]:
        """What a person has at whose prompt `kubectl` is this one, and finds the plugins of a folder."""
        path = (str(plugins), str(self.binary.parent), os.environ["PATH"])
        return {
            **os.environ,
            "PATH": os.pathsep.join(path),
            "KUBECONFIG": str(kubeconfig or self.kubeconfig),
            "KUBECACHEDIR": str(self.cache_folder),
        }


def manifests_in(folder: Path) -> Sequence[Path]:
    """The YAML files of a folder, in order of name."""
    return sorted(path for path in folder.glob("*.y*ml"))


def install_crds(kubectl: Kubectl, folder: Path) -> None:
    """Apply the folder's CustomResourceDefinitions and wait until the API server serves them.

    Raises FileNotFoundError when the folder has none, KubectlFailedError when one is refused.
    """
    if not manifests_in(folder):
        raise FileNotFoundError(f"{folder} holds no CustomResourceDefinition")
    kubectl("apply", "--server-side", "--force-conflicts", "-f", os.fspath(folder))
    kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", os.fspath(folder))
