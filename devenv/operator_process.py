"""The operator as people run it: `sfn-rollouts run` in a process of its own, with the rights that we ship.

For end-to-end tests, the benchmark and the demo. It acts as the service account of deploy/base, bound to the
ClusterRole of deploy/base, so whatever that role lacks fails here first.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from devenv.aws.client import Emulator
from devenv.control_plane.control_plane import ControlPlane
from devenv.control_plane.kubectl import Kubectl
from devenv.control_plane.proxy import CuttableProxy
from devenv.control_plane.server_process import Lifeline, NotReadyError
from devenv.waiting import NotReachedInTimeError, wait_until

DEPLOY_BASE = Path(__file__).parents[1] / "deploy" / "base"
READY_DEADLINE_S = 60.0
STOP_DEADLINE_S = 30.0
_SERVED = "health is served"  # the operator's own words, with the port that it got
_IDENTITY_KINDS = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


def shipped_manifests(kubectl: Kubectl) -> list[dict[str, Any]]:
    """What `kubectl apply -k deploy/base` would send."""
    return list(yaml.safe_load_all(kubectl("kustomize", str(DEPLOY_BASE)).stdout))


def shipped_identity(manifests: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Namespace and name of the service account that deploy/base gives the operator."""
    account = next(each["metadata"] for each in manifests if each["kind"] == "ServiceAccount")
    return account["namespace"], account["name"]


def apply_identity(kubectl: Kubectl, manifests: Sequence[Mapping[str, Any]]) -> None:
    """Create the service account and its rights, without the Deployment: nothing would run its pods here."""
    wanted = [each for each in manifests if each["kind"] in _IDENTITY_KINDS]
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(wanted))


class OperatorProcess:
    """A context manager that starts the operator, does not wait until it is ready, and kills it at the end.

    `log_path` holds standard error of every start; `kubeconfig` is the identity it acts as. It also ends when this
    process is killed. With `via_proxy` the connections are those that `ControlPlane.cut_watches()` cuts, with a
    `network` (`ControlPlane.new_network()`) it reaches the API server by that way.
    `identity` is namespace and name of a service account that somebody has applied, else that of deploy/base.
    `arguments` and `environment` are added to those of `sfn-rollouts run`. Not for several threads at once.
    """

    def __init__(
        self,
        control_plane: ControlPlane,
        aws: Emulator,
        *,
        namespaces: Sequence[str] = (),
        min_poll_interval: str = "1s",
        via_proxy: bool = False,
        network: CuttableProxy | None = None,
        identity: tuple[str, str] | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._control_plane = control_plane
        self._identity = identity
        self._environment = _environment(aws) | dict(environment or {})
        self._arguments = [
            *(argument for namespace in namespaces for argument in ("--namespace", namespace)),
            *("--min-poll-interval", min_poll_interval, "--health-port", "0", *arguments),
        ]
        self._via_proxy = via_proxy
        self._network = network
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    def start(self) -> Self:
        """Start it, also after it was killed or has ended; the log goes on. Raises NotReadyError when it runs."""
        if self._process is None:
            self._prepare()
        if self.is_running:
            raise NotReadyError(f"the operator runs already\n{self.last_log_lines()}")
        self._log_offset = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                env=self._environment,
                cwd=self.folder,  # a folder without modules: what runs is the installed package
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._lifeline.entrust(self._process.pid)
        return self

    def wait_ready(self, deadline_s: float = READY_DEADLINE_S) -> Self:
        """Return when /readyz answers 200. Raises NotReadyError with the last lines of the log."""
        try:
            wait_until(lambda: not self.is_running or self._is_ready(), deadline_s, "the operator to be ready")
        except NotReachedInTimeError as error:
            raise NotReadyError(f"{error}\n{self.last_log_lines()}") from None
        if not self.is_running:
            raise NotReadyError(f"the operator ended before it was ready\n{self.last_log_lines()}")
        return self

    def kill(self) -> None:
        """SIGKILL, as a node that loses power; nothing when it is not running."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def terminate(self) -> None:
        """SIGTERM, as a node that is drained; returns at once, see `wait_ended`."""
        self._running().terminate()

    def wait_ended(self, deadline_s: float = STOP_DEADLINE_S) -> int:
        """Wait until it has ended by itself or by a signal; return the exit code. Raises subprocess.TimeoutExpired."""
        if self._process is None:
            raise NotReadyError("the operator is not started")
        return self._process.wait(deadline_s)

    def pause(self) -> None:
        """SIGSTOP: it stands still, as on a node that hangs; time goes on without it."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        """Also true while paused."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Raises NotReadyError when it does not run."""
        return self._running().pid

    @property
    def command(self) -> list[str]:
        """The command line."""
        return [
            *(sys.executable, "-m", "sfn_rollouts", "run", "--kubeconfig", str(self.kubeconfig)),
            *self._arguments,
        ]

    @property
    def health_url(self) -> str:
        """Like http://127.0.0.1:PORT; /livez, /readyz and /metrics are below it. Raises NotReadyError before it is
        served."""
        port = self._health_port()
        if port is None:
            raise NotReadyError(f"the operator has not said where it serves its health\n{self.last_log_lines()}")
        return f"http://127.0.0.1:{port}"

    def get(self, path: str, timeout_s: float = 5.0) -> tuple[int, str]:
        """Ask the health port; HTTP status and body. Raises OSError when it is not reached."""
        try:
            with urllib.request.urlopen(self.health_url + path, timeout=timeout_s) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def log_lines(self) -> list[dict[str, Any]]:
        """Each line of every start so far; one that is no JSON, as of a dying interpreter, as {"unparsed": line}."""
        whole, _, _ = self.log_path.read_text(errors="replace").rpartition("\n")
        return [_parsed(line) for line in whole.splitlines()]

    def last_log_lines(self, count: int = 30) -> str:
        """For people who look for the cause of a failure."""
        lines = self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []
        return "\n".join(["last lines of the operator's log:", *lines[-count:]])

    def close(self) -> None:
        """Kill what runs and remove the log. May be called again."""
        if self._process is not None:
            self.kill()
            self._lifeline.end()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _prepare(self) -> None:
        namespace, name = self._identity or _shipped_identity(self._control_plane)
        self.user = f"system:serviceaccount:{namespace}:{name}"
        self.kubeconfig = self._control_plane.kubeconfig_for(
            self.user,
            groups=("system:serviceaccounts", f"system:serviceaccounts:{namespace}"),
            namespace=namespace,
            via_proxy=self._via_proxy,
            network=self._network,
        )
        self.folder = Path(tempfile.mkdtemp(prefix="sfn-rollouts-operator-"))
        self.log_path = self.folder / "operator.log"
        self._lifeline = Lifeline(self.folder)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise NotReadyError("the operator does not run")
        return self._process

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return self._health_port() is not None and self.get("/readyz")[0] == 200
        return False

    def _health_port(self) -> int | None:
        with self.log_path.open("rb") as log:
            log.seek(self._log_offset)
            lines = (_parsed(line) for line in log.read().decode(errors="replace").splitlines())
            return next((int(line["port"]) for line in lines if line.get("message") == _SERVED), None)


def _shipped_identity(control_plane: ControlPlane) -> tuple[str, str]:
    """Namespace and name of the service account, applied once: kustomize takes a third of the operator's own start."""
    note = control_plane.folder / "operator-identity.json"  # gone together with the cluster that has it
    if not note.exists():
        kubectl = control_plane.as_admin()
        manifests = shipped_manifests(kubectl)
        apply_identity(kubectl, manifests)
        note.write_text(json.dumps(shipped_identity(manifests)))
    namespace, name = json.loads(note.read_text())
    return namespace, name


def _environment(aws: Emulator) -> dict[str, str]:
    """AWS's settings are the emulator's alone, whatever the developer's shell and home say."""
    return {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **aws.environment(),
    }


def _parsed(line: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        fields = json.loads(line)
        if isinstance(fields, dict):
            return fields
    return {"unparsed": line}
