"""What the API server's refusals ask for."""

import json

import pytest

from sfn_rollouts.errors import Conflict, Denied, Gone, PortError, Rejected, Transient
from sfn_rollouts.kube.refusals import refusal

STATUS = b'{"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure"}'
MEANINGS: dict[str, tuple[int, type[PortError]]] = {
    "who we are is not known": (401, Denied),
    "we may not": (403, Denied),
    "it is not there": (404, Gone),
    "somebody else wrote": (409, Conflict),
    "the rest of the list has expired": (410, Transient),
    "we wrote what the schema refuses": (422, Rejected),
    "we wrote what cannot be read": (400, Rejected),
    "we wrote too much": (413, Rejected),
    "too many requests": (429, Transient),
    "the server failed": (500, Transient),
    "the server is not ready": (503, Transient),
}


OURS = 'stepfunctionrollouts.sfnrollouts.dev "orders" is forbidden:'
NO_RIGHT = (
    f'{OURS} User "system:serviceaccount:a:b" cannot patch resource "stepfunctionrollouts/status" in API group '
    '"sfnrollouts.dev" in the namespace "shop"'
)
ADMISSION = [
    'admission webhook "check.example.com" denied the request: no such ticket',
    'admission webhook "check.example.com" denied the request without explanation',
    f"{OURS} ValidatingAdmissionPolicy 'freeze' with binding 'freeze' denied request: no changes on a Friday",
    f"{OURS} policy 'add' with binding 'add' denied request: no",
    'Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: connection refused',
]


@pytest.mark.parametrize(("code", "kind"), MEANINGS.values(), ids=MEANINGS)
def test_a_code_means_a_reaction(code: int, kind: type[PortError]) -> None:
    assert type(refusal("patch stepfunctionrollouts", code, STATUS, "application/json")) is kind


@pytest.mark.parametrize("code", sorted({code for code, _ in MEANINGS.values()} | {301, 302, 400, 405, 418}))
@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[]", b"{}", b'{"message": "no Route matched"}'])
def test_a_page_of_a_proxy_means_nothing_but_that_there_is_no_answer(code: int, body: bytes) -> None:
    """A 404 of an ingress must not say that a rollout in flight is gone, nor a 403 that we lack a right."""
    assert type(refusal("get stepfunctionrollouts", code, body, "application/json")) is Transient


def test_what_the_api_server_says_is_reported() -> None:
    why = refusal("patch stepfunctionrollouts/status", 403, _said(NO_RIGHT)).why

    assert why == (
        f"patch stepfunctionrollouts/status: {NO_RIGHT}; "
        "grant the operator the verb patch on stepfunctionrollouts/status"
    )


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 504])
@pytest.mark.parametrize("words", ADMISSION)
def test_a_write_that_admission_denies_is_refused_whatever_code_it_chooses(words: str, code: int) -> None:
    """A webhook's 404 must not end the watch over a rollout, nor its 409 or 500 be tried again without a word."""
    error = refusal("patch stepfunctionrollouts/status", code, _said(words))
    assert type(error) is Rejected
    assert error.why == f"patch stepfunctionrollouts/status: {words}"


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (403, NO_RIGHT, Denied),
        (403, f"{NO_RIGHT}: Azure does not have opinion for this user.", Denied),
        (403, 'users "system:admin" is forbidden: User "ann" cannot impersonate resource "users"', Denied),
        (403, 'events is forbidden: User "ann" cannot create resource "events" in API group ""', Denied),
        (403, 'forbidden: User "ann" cannot post path "/x"', Denied),
        (403, 'x.y "o" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to it', Rejected),
        (403, 'x.y "o" is forbidden: policy says: User "ann" cannot patch resource "x"', Rejected),
        (401, "Unauthorized", Denied),
        (404, 'x.y "admission webhook denied the request" not found', Gone),
        (409, 'Operation cannot be fulfilled on x.y "o": the object has been modified', Conflict),
        (500, "Internal error occurred: etcdserver: no leader", Transient),
    ],
)
def test_authorization_and_admission_are_distinguished(code: int, words: str, kind: type[PortError]) -> None:
    assert type(refusal("patch stepfunctionrollouts/status", code, _said(words))) is kind


def test_what_is_read_is_admitted_by_nobody() -> None:
    assert type(refusal("get stepfunctionrollouts", 404, _said(ADMISSION[0]))) is Gone
    assert type(refusal("list stepfunctionrollouts", 403, _said("no"))) is Denied


def _said(message: str) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "Status", "message": message}).encode()


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
