"""What a load balancer, a login page or a captive portal answers in the API server's place is no answer.

Whoever asks hears Transient, as with 502: a leader keeps its term, a start its patience, and no rollout counts as gone.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from kubernetes.client import Configuration
from kubernetes.config import ConfigException

from devenv.control_plane.foreign_page import ForeignPage, Page
from devenv.waiting import wait_until
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.errors import Transient
from sfn_rollouts.kube.answers import ROLLOUT, SERVER_VERSION
from sfn_rollouts.kube.connection import Connection
from sfn_rollouts.kube.crd import crd_problem
from sfn_rollouts.kube.events import EventAnnouncer
from sfn_rollouts.kube.informer import Informer
from sfn_rollouts.kube.lease import LeaseStore
from sfn_rollouts.kube.permissions import missing_rights
from sfn_rollouts.kube.store import KubeStore
from sfn_rollouts.leading.candidate import Lease
from sfn_rollouts.ports import Key, Report
from sfn_rollouts.start import Patience

KEY = Key("shop", "orders")
JSON = "application/json"
METADATA = {
    "name": "orders",
    "namespace": "shop",
    "uid": "1",
    "resourceVersion": "1",
    "generation": 1,
    "creationTimestamp": "2026-01-01T00:00:00Z",
}
OURS = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout", "metadata": METADATA}


def page(value: Any, status: int = 200, content_type: str | None = JSON) -> Page:
    return Page(json.dumps(value).encode(), status, content_type)


PAGES = {
    "a maintenance page": Page(b"<html>maintenance</html>"),
    "a page that calls itself JSON": Page(b"<html>maintenance</html>", content_type=JSON),
    "an empty object": page({}),
    "a list": page([]),
    "a list of objects": page([OURS]),
    "null": page(None),
    "a number": page(7),
    "a text": page("ok"),
    "nothing": Page(b"", content_type=JSON),
    "nothing, and no content": Page(b"", 204, None),
    "JSON that was cut off": Page(json.dumps(OURS).encode()[:60], content_type=JSON),
    "less than was announced": Page(b"{}", content_type=JSON, content_length=1000),
    "a thousand brackets and more": Page(b"[" * 100_000, content_type=JSON),
    "a number of 5,000 digits": Page(b'{"a": ' + b"7" * 5000 + b"}", content_type=JSON),
    "no text at all": Page(b"\xff\xfe\xfa", content_type=JSON),
    "another kind": page({"apiVersion": "v1", "kind": "Pod", "metadata": METADATA}),
    "another kind's list": page({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": []}),
    "a Status that calls itself a success": page({"apiVersion": "v1", "kind": "Status", "status": "Success"}),
    "a JSON answer of another content type": page(OURS, content_type="text/html"),
    "a redirect to a login": Page(b"<html>moved</html>", 302),
    "a login that refuses": Page(b"<html>401 Authorization Required</html>", 401),
    "a firewall that refuses": page({"message": "forbidden"}, 403),
    "an ingress that has no such host": Page(b"404 page not found", 404, "text/plain"),
    "a gateway's own 404 in JSON": page({"message": "no Route matched"}, 404),
    "a conflict of somebody else's": Page(b"conflict", 409, "text/plain"),
    "a request that some proxy does not like": Page(b"<html>400 Bad Request</html>", 400),
    "a teapot": page({"kind": "Teapot"}, 418),
    "a bad gateway": Page(b"<html>502</html>", 502),
}

LEASE = Lease("1", "a", 15.0, "", 0)
CALLS: dict[str, Callable[[Connection], Any]] = {
    "the version": lambda connection: connection.call("get", "version", "/version", SERVER_VERSION),
    "the lease": lambda connection: LeaseStore(connection, "shop", "lease").read(),
    "a new lease": lambda connection: LeaseStore(connection, "shop", "lease").create("a", 15),
    "a renewal": lambda connection: LeaseStore(connection, "shop", "lease").write(LEASE, "a", 15),
    "all rollouts": lambda connection: KubeStore(connection).list(),
    "a rollout": lambda connection: KubeStore(connection).get(KEY),
    "a status": lambda connection: KubeStore(connection).report(Report(KEY, "1", "1", {}, None)),
    "a finalizer": lambda connection: KubeStore(connection).report(Report(KEY, "1", "1", None, True)),
    "all accesses": lambda connection: KubeStore(connection).list_accesses(),
    "all namespaces": lambda connection: KubeStore(connection).list_namespaces(),
    "the status of an access": lambda connection: KubeStore(connection).report_access("payments", "1", "1", {}),
    "the CRDs": crd_problem,
    "our rights": lambda connection: missing_rights(connection, []),
}


@pytest.fixture
def foreign() -> Iterator[ForeignPage]:
    with ForeignPage(page({})) as foreign:
        yield foreign


@pytest.fixture
def connected(foreign: ForeignPage) -> Iterator[Connection]:
    configuration = Configuration()
    configuration.host = foreign.url
    with closing(Connection(configuration)) as connection:
        yield connection


@pytest.mark.parametrize("answer", PAGES.values(), ids=PAGES)
def test_a_foreign_answer_is_none(foreign: ForeignPage, connected: Connection, answer: Page) -> None:
    foreign.page = answer
    for what, call in CALLS.items():
        with pytest.raises(Transient, match=r"API server|no answer from") as heard:
            call(connected)
        assert "maintenance" not in heard.value.why, f"{what}: a page is not shown"


def without(path: str, value: Any = None) -> dict[str, Any]:
    """A rollout with another value at this place of its metadata, or with none."""
    metadata = {name: each for name, each in METADATA.items() if name != path}
    return {**OURS, "metadata": {**metadata, **({path: value} if value is not None else {})}}


ODD_ROLLOUTS = {
    **{f"without its {name}": without(name) for name in METADATA},
    "whose generation is a text": without("generation", "1"),
    "whose generation is true": without("generation", True),
    "whose finalizers are a text": without("finalizers", "x"),
    "whose metadata is a list": {**OURS, "metadata": []},
    "whose spec is a text": {**OURS, "spec": "x"},
    "whose status is a list": {**OURS, "status": ["x"]},
}


@pytest.mark.parametrize("odd", ODD_ROLLOUTS.values(), ids=ODD_ROLLOUTS)
def test_an_answer_in_which_something_is_missing_is_none_either(
    foreign: ForeignPage, connected: Connection, odd: dict[str, Any]
) -> None:
    foreign.page = page(odd)
    with pytest.raises(Transient, match="not the API server's"):
        KubeStore(connected).get(KEY)
    foreign.page = page(
        {"apiVersion": OURS["apiVersion"], "kind": "StepFunctionRolloutList", "metadata": {}, "items": [OURS, odd]}
    )
    with pytest.raises(Transient, match=r"items\[1\]"):
        KubeStore(connected).list()


ACCESS_METADATA = {name: value for name, value in METADATA.items() if name != "namespace"}
LISTS: dict[str, tuple[Callable[[KubeStore], Any], dict[str, Any], dict[str, Any]]] = {
    "an access without its generation": (
        KubeStore.list_accesses,
        {"apiVersion": OURS["apiVersion"], "kind": "AWSAccessList", "metadata": {}},
        {"metadata": {**ACCESS_METADATA, "generation": None}},
    ),
    "an access whose spec is a list": (
        KubeStore.list_accesses,
        {"apiVersion": OURS["apiVersion"], "kind": "AWSAccessList", "metadata": {}},
        {"metadata": ACCESS_METADATA, "spec": []},
    ),
    "a namespace without its uid": (
        KubeStore.list_namespaces,
        {"apiVersion": "v1", "kind": "NamespaceList", "metadata": {}},
        {"metadata": {"name": "shop"}},
    ),
    "a namespace whose labels are a list": (
        KubeStore.list_namespaces,
        {"apiVersion": "v1", "kind": "NamespaceList", "metadata": {}},
        {"metadata": {"name": "shop", "uid": "1", "labels": ["team"]}},
    ),
}


@pytest.mark.parametrize(("ask", "answer", "odd"), LISTS.values(), ids=LISTS)
def test_a_list_of_which_one_is_odd_is_none(
    foreign: ForeignPage,
    connected: Connection,
    ask: Callable[[KubeStore], Any],
    answer: dict[str, Any],
    odd: dict[str, Any],
) -> None:
    foreign.page = page({**answer, "items": [odd]})
    with pytest.raises(Transient, match=r"items\[0\]"):
        ask(KubeStore(connected))
    foreign.page = page({**answer, "items": []})
    assert ask(KubeStore(connected)) == []


def test_what_is_right_is_taken_whatever_else_it_says(foreign: ForeignPage, connected: Connection) -> None:
    whole = {
        **OURS,
        "spec": {},
        "status": None,
        "new": 1,
        "metadata": {**METADATA, "finalizers": None, "labels": {}},
    }
    foreign.page = page(whole, content_type="application/json; charset=utf-8")
    assert connected.call("get", "x", "/", ROLLOUT) == whole
    foreign.page = page(whole, content_type=None)
    assert connected.call("get", "x", "/", ROLLOUT) == whole


def test_events_are_counted_as_not_written_and_the_writer_goes_on(foreign: ForeignPage, connected: Connection) -> None:
    foreign.page = Page(b"<html>")
    counted: list[str] = []
    announcer = EventAnnouncer(connected, SteadyClock(), counted.append)
    announcer.start()
    for _ in range(2):
        announcer.announce(KEY, "1", [Announcement(Reason.BAKING, "x")])
    wait_until(lambda: len(counted) == 2, 10, "two announcements")
    assert counted == ["Transient", "Transient"]
    assert announcer.stop(10)


@pytest.mark.parametrize("answer", [Page(b"<html>"), page({}), page([]), page(None), Page(b"404", 404)])
def test_the_watch_is_started_again_and_again(foreign: ForeignPage, connected: Connection, answer: Page) -> None:
    foreign.page = answer
    restarts: list[None] = []
    informer = Informer(
        connected, [], seen=lambda _: None, gone=lambda _: None,
        access_seen=lambda _: None, access_gone=lambda _: None,
        namespace_seen=lambda _: None, namespace_gone=lambda _: None,
        restarted=lambda: restarts.append(None), clock=SteadyClock(),
    )  # fmt: skip
    informer.start()
    wait_until(lambda: len(restarts) == 2, 30, "a second start")
    assert informer.is_alive()
    assert informer.stop(10)


def test_a_start_has_patience_with_them(foreign: ForeignPage, connected: Connection) -> None:
    foreign.page = Page(b"<html>")
    asked: list[None] = []

    def ask() -> dict[str, Any]:
        if asked:
            foreign.page = page({"gitVersion": "v1.35.0"})
        asked.append(None)
        return connected.call("get", "version", "/version", SERVER_VERSION)

    answer = Patience(SteadyClock(), 60.0, threading.Event()).insist(ask)

    assert (answer, len(asked)) == ({"gitVersion": "v1.35.0"}, 2)


@pytest.mark.parametrize("error", [ConfigException("Token file exists but empty."), FileNotFoundError("token")])
def test_credentials_that_cannot_be_renewed_just_now_pass(
    foreign: ForeignPage, connected: Connection, error: Exception
) -> None:
    """A token file is exchanged under us now and then; it must not end the thread that renews the lease."""

    def renew(_: Configuration) -> None:
        raise error

    connected.configuration.refresh_api_key_hook = renew
    with pytest.raises(Transient, match="credentials"):
        LeaseStore(connected, "shop", "lease").read()


ODD_LEASES: dict[str, tuple[dict[str, Any] | None, tuple[str, float, str, int]]] = {
    "no spec": (None, ("", 0.0, "", 0)),
    "an empty spec": ({}, ("", 0.0, "", 0)),
    "nulls": (
        dict.fromkeys(["holderIdentity", "leaseDurationSeconds", "renewTime", "leaseTransitions"]),
        ("", 0.0, "", 0),
    ),
    "numbers of more than 32 bits": (
        {"holderIdentity": "a", "leaseDurationSeconds": 10**400, "leaseTransitions": -(10**400)},
        ("a", 2.0**31 - 1, "", -(2**31 - 1)),
    ),
    "a time that is none": ({"holderIdentity": "a", "renewTime": "yesterday"}, ("a", 0.0, "yesterday", 0)),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "read"), ODD_LEASES.values(), ids=ODD_LEASES)
def test_an_odd_lease_is_read(
    foreign: ForeignPage, connected: Connection, spec: dict[str, Any] | None, read: tuple[Any, ...]
) -> None:
    raw = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"resourceVersion": "7"}, "spec": spec}
    foreign.page = page(raw)
    lease = LeaseStore(connected, "shop", "lease").read()
    assert lease == Lease("7", *read)


@pytest.mark.parametrize("spec", [[], "x", {"holderIdentity": 5}, {"leaseDurationSeconds": "15"}, {"renewTime": {}}])
def test_a_lease_that_no_api_server_can_have_is_no_lease(
    foreign: ForeignPage, connected: Connection, spec: Any
) -> None:
    raw = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"resourceVersion": "7"}, "spec": spec}
    foreign.page = page(raw)
    with pytest.raises(Transient):
        LeaseStore(connected, "shop", "lease").read()
