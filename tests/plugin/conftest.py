"""`kubectl sfnrollout ...` as people type it: the real kubectl finds the plugin on PATH and hands over to it.

Whoever awaits an answer asks for `story` of the end-to-end tests, which brings a real operator and an AWS.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import Story, set_the_scene

Result = subprocess.CompletedProcess[str]
PLUGIN_FOLDER = Path(sys.executable).parent
"""Where `pip install` has put kubectl-sfnrollout."""

DEADLINE_S = 90.0


@dataclass(frozen=True)
class Plugin:
    """`plugin("list", "-n", namespace)`; by default as an administrator, in the given namespace."""

    kubectl: Kubectl
    namespace: str

    def __call__(
        self,
        *arguments: str,
        kubeconfig: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
    ) -> Result:
        """Run to the end; gives exit code, stdout and stderr. Whatever it is asked, no traceback is an answer."""
        return self.run(self.command(*arguments), self.environment(kubeconfig) | dict(environment or {}), stdin)

    def run(self, command: Sequence[str], environment: Mapping[str, str], stdin: str = "") -> Result:
        """Run any command line in this environment."""
        result = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment
        )
        assert "Traceback" not in result.stderr, result.stderr
        return result

    def ok(self, *arguments: str, kubeconfig: Path | None = None) -> str:
        """Run it, and give what it printed; it must succeed and have nothing to complain of."""
        result = self(*arguments, kubeconfig=kubeconfig)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def error(
        self, *arguments: str, kubeconfig: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run it, and give what it complained of; it must end with exit code 1 and print nothing else."""
        result = self(*arguments, kubeconfig=kubeconfig, environment=environment)
        assert (result.returncode, result.stdout) == (1, ""), result.stdout
        return result.stderr

    def command(self, *arguments: str) -> list[str]:
        """The command line, for whoever starts it as a process of its own."""
        return [str(self.kubectl.binary), "sfnrollout", *arguments]

    def environment(self, kubeconfig: Path | None = None) -> dict[str, str]:
        """PATH with both, the cluster, and not the colours, width or locale of the developer's terminal."""
        theirs = ("NO_COLOR", "COLUMNS", "LINES", "LANG", "LANGUAGE")
        given = self.kubectl.environment(PLUGIN_FOLDER, kubeconfig)
        return {name: value for name, value in given.items() if name not in theirs} | {"LC_ALL": "C.UTF-8"}


@pytest.fixture
def plugin(control_plane: ControlPlane, kubectl: Kubectl, crds_installed: None, namespace: str) -> Plugin:
    """The plugin, looking at this test's namespace unless set otherwise."""
    kubeconfig = control_plane.kubeconfig_for("devenv-admin", groups=("system:masters",), namespace=namespace)
    return Plugin(Kubectl(kubectl.binary, kubeconfig, kubectl.cache_folder), namespace)


@pytest.fixture
def cluster(control_plane: ControlPlane, crds_installed: None) -> Iterator[Cluster]:
    """The API server as an administrator sees it."""
    with Cluster(control_plane.admin_kubeconfig) as reached:
        yield reached


@pytest.fixture
def aws() -> Iterator[Emulator]:
    """An empty AWS."""
    with AwsEmulator() as emulator:
        yield emulator.client


@pytest.fixture
def operator(
    control_plane: ControlPlane, crds_installed: None, namespace: str, aws: Emulator
) -> Iterator[OperatorProcess]:
    """Started, maybe not ready yet."""
    with OperatorProcess(control_plane, aws, namespaces=[namespace]) as process:
        yield process
        print(process.last_log_lines(100))  # shown if the test fails


@pytest.fixture
def story(cluster: Cluster, namespace: str, aws: Emulator, operator: OperatorProcess) -> Story:
    """A state machine with three versions, its alias `live` on version 1, and the alarm `errors`, which is OK."""
    return set_the_scene(cluster, namespace, aws, operator)
