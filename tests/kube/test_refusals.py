"""What the API server's refusals ask for."""

import json

import pytest

from sfn_rollouts.errors import Conflict, Denied, Gone, PortError, Transient
from sfn_rollouts.kube.refusals import refusal

MEANINGS: dict[str, tuple[int, type[PortError]]] = {
    "who we are is not known": (401, Denied),
    "we may not": (403, Denied),
    "it is not there": (404, Gone),
    "somebody else wrote": (409, Conflict),
    "the rest of the list has expired": (410, Transient),
    "we wrote what the schema refuses": (422, PortError),
    "too many requests": (429, Transient),
    "the server failed": (500, Transient),
    "the server is not ready": (503, Transient),
}


@pytest.mark.parametrize(("code", "kind"), MEANINGS.values(), ids=MEANINGS)
def test_a_code_means_a_reaction(code: int, kind: type[PortError]) -> None:
    assert type(refusal("patch stepfunctionrollouts", code, b"")) is kind


def test_what_the_api_server_says_is_told() -> None:
    body = json.dumps({"kind": "Status", "message": "it is forbidden"}).encode()

    why = refusal("patch stepfunctionrollouts/status", 403, body).why

    assert why == (
        "patch stepfunctionrollouts/status: it is forbidden; "
        "grant the operator the verb patch on stepfunctionrollouts/status"
    )


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[]", b"{}"])
def test_a_page_of_a_proxy_is_not_shown(body: bytes) -> None:
    assert refusal("list stepfunctionrollouts", 502, body).why == "list stepfunctionrollouts: HTTP 502"


def test_retry_after_is_kept() -> None:
    assert refusal("list x", 429, b"", "3").retry_after_s == 3
    assert refusal("list x", 429, b"", "Fri, 20 Nov 2026 10:00:00 GMT").retry_after_s is None
