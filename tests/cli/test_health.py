"""The health server."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from sfn_rollouts.health import HealthServer

problems: list[str] = []


@pytest.fixture
def server() -> Iterator[HealthServer]:
    problems.clear()
    server = HealthServer(0, alive=lambda: problems, ready=lambda: ["not yet"], metrics=lambda: b"a_metric 1\n")
    server.start()
    yield server
    server.stop()


def get(server: HealthServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://localhost:{server.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_well_is_200(server: HealthServer) -> None:
    assert get(server, "/livez") == (200, "ok\n")
    assert get(server, "/livez?verbose") == (200, "ok\n")


def test_ill_is_503_with_each_reason_on_a_line(server: HealthServer) -> None:
    problems[:] = ["the engine has not moved for 40 s", "the thread of the informer has ended"]

    assert get(server, "/livez") == (503, "the engine has not moved for 40 s\nthe thread of the informer has ended\n")
    assert get(server, "/readyz") == (503, "not yet\n")


def test_metrics_are_given_as_they_are(server: HealthServer) -> None:
    assert get(server, "/metrics") == (200, "a_metric 1\n")


def test_elsewhere_is_404_and_says_where_to_look(server: HealthServer) -> None:
    assert get(server, "/") == (404, "/livez /readyz /metrics\n")


def test_nothing_is_written_for_a_probe(server: HealthServer, capfd: pytest.CaptureFixture[str]) -> None:
    get(server, "/livez")
    with socket.create_connection(("127.0.0.1", server.port)) as probe:
        probe.sendall(b"GET /livez HT")  # and hangs up

    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_an_error(server: HealthServer) -> None:
    with pytest.raises(OSError, match="in use"):
        HealthServer(server.port, alive=list, ready=list, metrics=bytes)
