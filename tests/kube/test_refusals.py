"""What the API server's refusals ask for."""

import json

import pytest

from sfn_rollouts.errors import Conflict, Denied, Gone, PortError, Transient
from sfn_rollouts.kube.refusals import refusal

STATUS = b'{"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure"}'
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
    assert type(refusal("patch stepfunctionrollouts", code, STATUS, "application/json")) is kind


@pytest.mark.parametrize("code", sorted({code for code, _ in MEANINGS.values()} | {301, 302, 400, 405, 418}))
@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[]", b"{}", b'{"message": "no Route matched"}'])
def test_a_page_of_a_proxy_means_nothing_but_that_there_is_no_answer(code: int, body: bytes) -> None:
    """A 404 of an ingress must not say that a rollout in flight is gone, nor a 403 that we lack a right."""
    assert type(refusal("get stepfunctionrollouts", code, body, "application/json")) is Transient


def test_what_the_api_server_says_is_told() -> None:
    body = json.dumps({"apiVersion": "v1", "kind": "Status", "message": "it is forbidden"}).encode()

    why = refusal("patch stepfunctionrollouts/status", 403, body).why

    assert why == (
        "patch stepfunctionrollouts/status: it is forbidden; "
        "grant the operator the verb patch on stepfunctionrollouts/status"
    )


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[]", b"{}"])
def test_a_page_of_a_proxy_is_not_shown(body: bytes) -> None:
    why = refusal("list stepfunctionrollouts", 502, body).why
    assert why == "list stepfunctionrollouts: HTTP 502, not in the API server's words"


def test_retry_after_is_kept() -> None:
    assert refusal("list x", 429, b"", retry_after="3").retry_after_s == 3
    assert refusal("list x", 429, STATUS, retry_after="3").retry_after_s == 3


@pytest.mark.parametrize("value", ["Fri, 20 Nov 2026 10:00:00 GMT", "", "soon", "-1", "1.5", "\u00b2", "\u0663"])
def test_what_is_no_number_of_seconds_is_passed_over(value: str) -> None:
    assert refusal("list x", 429, b"", retry_after=value).retry_after_s is None
