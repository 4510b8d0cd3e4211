"""The operator as a process on a real cluster: what it answers, and how it stops."""

import json
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from devenv.control_plane import Kubectl
from devenv.waiting import wait_until
from tests.cli.conftest import KEYS, Process, Start


@pytest.fixture
def running(start: Start, operator_kubeconfig: Path, namespace: str) -> Process:
    """An operator of one empty namespace."""
    process = start("run", "--health-port=0", f"--namespace={namespace}", f"--kubeconfig={operator_kubeconfig}", **KEYS)
    process.until_logged("resources listed")
    return process


def page(process: Process, path: str) -> tuple[int, str]:
    port = process.until_logged("health is served")["port"]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_is_alive_and_ready_and_shows_metrics(running: Process) -> None:
    wait_until(lambda: page(running, "/readyz")[0] == 200, 30, "the operator to be ready")

    assert page(running, "/livez") == (200, "ok\n")
    status, metrics = page(running, "/metrics")
    assert status == 200
    assert "sfn_rollouts_build_info{version=" in metrics
    assert "process_resident_memory_bytes" in metrics


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked(running: Process, number: int) -> None:
    began = time.monotonic()

    running.terminate(number)

    assert running.exit_code() == 0, running.log()
    assert time.monotonic() - began < 10


def test_each_line_of_the_log_is_json_with_level_and_time(running: Process) -> None:
    running.terminate()
    running.exit_code()

    lines = [json.loads(line) for line in running.log().splitlines()]

    assert lines
    assert all({"message", "level", "timestamp", "logger"} <= line.keys() for line in lines)


def test_the_log_can_be_text(start: Start, operator_kubeconfig: Path) -> None:
    process = start(
        "run", "--health-port=0", "--log-format=text", "--log-level=warning", f"--kubeconfig={operator_kubeconfig}"
    )  # without AWS keys it ends

    process.exit_code()

    [line] = process.log().splitlines()
    assert "[error] cannot start: no AWS credentials" in line.replace("error  ", "error")


def test_a_signal_at_the_start_ends_it_quietly(start: Start, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        json.dumps(
            {
                "current-context": "x",
                "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
                "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [{"name": "x", "user": {}}],
            }
        )
    )
    process = start("run", "--health-port=0", f"--kubeconfig={tmp_path / 'config'}")
    process.until_logged("waiting for the API server")

    process.terminate()

    assert process.exit_code() == 0


def test_a_rollout_is_taken_up(running: Process, kubectl: Kubectl, namespace: str) -> None:
    kubectl("apply", "-n", namespace, "-f", "examples/canary.yaml")

    def observed() -> bool:
        shown = kubectl("get", "sfnr", "-n", namespace, "-o", "jsonpath={.items[*].status.observedGeneration}").stdout
        return shown == "1"

    wait_until(observed, 30, "the status to be written")
    # The status is there to be read a moment before its writer has the answer, and counts it.
    counted = 'sfn_rollouts_status_writes_total{result="OK"}'
    wait_until(lambda: counted in page(running, "/metrics")[1], 30, "the write to be counted")
