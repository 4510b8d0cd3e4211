"""`sfn-rollouts` as a person starts it: a process of its own, whose environment is the test's alone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until

ROOT = Path(__file__).parents[2]
OPERATOR = "system:serviceaccount:sfn-rollouts:sfn-rollouts"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}


class Process:
    """A running `sfn-rollouts`; its log is read from a file, so that a full pipe never stops it."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sfn_rollouts", *arguments], env=dict(environment), stderr=stream, stdout=stream
            )

    def exit_code(self, deadline_s: float = 30) -> int:
        """Wait for its end."""
        return self._process.wait(deadline_s)

    def log(self) -> str:
        return self._log.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The log, when it is JSON; a line that is being written is left out."""
        return [json.loads(line) for line in self.log().splitlines() if line.endswith("}")]

    def until_logged(self, message: str, deadline_s: float = 30) -> dict[str, Any]:
        """Wait for a line with this message; gives it."""

        def found() -> dict[str, Any] | None:
            assert self._process.poll() is None, self.log()
            return next((line for line in self.lines() if line["message"] == message), None)

        line = wait_until(found, deadline_s, f"the log to say {message!r}")
        assert line is not None
        return line

    def terminate(self, number: int = signal.SIGTERM) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start("run", "--health-port=0", AWS_PROFILE="x")`: arguments, then environment. Ended at the end."""
    processes: list[Process] = []

    def begin(*arguments: str, **environment: str) -> Process:
        log = tmp_path / f"{len(processes)}.log"
        processes.append(Process(list(arguments), {**_bare(tmp_path), **environment}, log))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: ControlPlane, kubectl: Kubectl, crds_installed: None) -> Path:
    """Who the operator is, with the rights of deploy/base and no others."""
    kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "deploy" / "base"))
    return control_plane.kubeconfig_for(OPERATOR, ["system:serviceaccounts"])


def _bare(home: Path) -> dict[str, str]:
    """No cluster and no AWS, whatever the developer's shell has; coverage goes on into the process."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("COV_CORE")}
    return {**kept, "PATH": os.environ.get("PATH", ""), "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
