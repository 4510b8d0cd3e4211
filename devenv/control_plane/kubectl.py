"""kubectl as a function, and what is done with it at every start."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.programs import ProgramFailedError, run_to_end
from devenv.waiting import wait_until

COMMAND_TIMEOUT_S = 120.0
ESTABLISHED_DEADLINE_S = 60.0


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
    wait_until_established(kubectl, "-f", os.fspath(folder))


def wait_until_established(kubectl: Kubectl, *crds: str) -> None:
    """Wait until the API server serves these CustomResourceDefinitions; `crds` as `kubectl get` takes them.

    `kubectl wait` fails ("conditions accessor error: <nil>") where it comes before the first condition is written.
    """
    wait_until(lambda: not _unestablished(kubectl, *crds), ESTABLISHED_DEADLINE_S, f"{' '.join(crds)} to be served")


def _unestablished(kubectl: Kubectl, *crds: str) -> Sequence[str]:
    found = json.loads(kubectl("get", *crds, "-o", "json").stdout)
    return [each["metadata"]["name"] for each in found.get("items", [found]) if not is_established(each)]


def is_established(crd: Mapping[str, Any]) -> bool:
    """Whether the API server says that it serves this CustomResourceDefinition; it may have said nothing yet."""
    conditions = (crd.get("status") or {}).get("conditions") or []
    return any((each["type"], each["status"]) == ("Established", "True") for each in conditions)
