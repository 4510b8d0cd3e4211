"""Events as they stand at a real API server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.core.announce import Announcement, StepEntered
from sfn_rollouts.kube.connection import Connection
from sfn_rollouts.kube.events import EventAnnouncer
from sfn_rollouts.ports import Key
from tests.api.accesses import access
from tests.kube.conftest import Apply

STARTED = Announcement("RolloutStarted", "version 2 gets 10 %")
FIRED = Announcement("AlarmFiring", "OrderProcessor-failures is in ALARM", is_warning=True)


@pytest.fixture
def counted() -> list[str]:
    """What became of each announcement, in order."""
    return []


@pytest.fixture
def announcer(connection: Connection, clock: SteadyClock, counted: list[str]) -> Iterator[EventAnnouncer]:
    announcer = EventAnnouncer(connection, clock, counted.append)
    announcer.start()
    yield announcer
    assert announcer.stop(10), "what waited was not written in time"


def events(kubectl: Kubectl, key: Key) -> list[dict[str, Any]]:
    shown = kubectl("get", "events", "-n", key.namespace, "-o", "json").stdout
    return list(json.loads(shown)["items"])


def uid(kubectl: Kubectl, key: Key) -> str:
    return kubectl("get", "sfnr", key.name, "-n", key.namespace, "-o", "jsonpath={.metadata.uid}").stdout


def test_kubectl_describe_shows_them(
    announcer: EventAnnouncer, apply: Apply, kubectl: Kubectl, counted: list[str]
) -> None:
    key = apply()

    announcer.announce(key, uid(kubectl, key), [STARTED, FIRED])
    wait_until(lambda: len(counted) == 2, 10, "both to be written")

    described = kubectl("describe", "sfnr", key.name, "-n", key.namespace).stdout
    assert "RolloutStarted" in described
    assert "OrderProcessor-failures is in ALARM" in described


def test_a_step_stands_in_annotations_too(
    announcer: EventAnnouncer, apply: Apply, kubectl: Kubectl, counted: list[str]
) -> None:
    key = apply()

    announcer.announce(
        key, uid(kubectl, key), [Announcement("StepStarted", "any words", entered=StepEntered("1/3", 2, 10))]
    )
    wait_until(lambda: counted == ["OK"], 10, "it to be written")

    [event] = events(kubectl, key)
    assert event["metadata"]["annotations"] == {
        "sfnrollouts.dev/step": "1/3",
        "sfnrollouts.dev/version": "2",
        "sfnrollouts.dev/weight": "10",
    }


def test_an_event_names_all_that_tools_look_at(
    announcer: EventAnnouncer, apply: Apply, kubectl: Kubectl, counted: list[str]
) -> None:
    key = apply()

    announcer.announce(key, uid(kubectl, key), [FIRED])
    wait_until(lambda: counted == ["OK"], 10, "it to be written")

    [event] = events(kubectl, key)
    assert event["involvedObject"] == {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "namespace": key.namespace,
        "name": key.name,
        "uid": uid(kubectl, key),
    }
    assert (event["type"], event["reason"], event["message"]) == ("Warning", FIRED.reason, FIRED.message)
    assert event["source"] == {"component": "sfn-rollouts"}
    assert event["reportingComponent"] == "sfn-rollouts"
    assert event["reportingInstance"]
    assert event["count"] == 1
    assert event["firstTimestamp"] == event["lastTimestamp"]


def test_an_event_about_an_access_is_where_the_api_server_takes_it(
    announcer: EventAnnouncer, kubectl: Kubectl, namespace: str, counted: list[str]
) -> None:
    """An AWSAccess is in no namespace; `kubectl describe` looks in `default`. Twice: the second raises the count."""
    kubectl("apply", "-f", "-", stdin=json.dumps(access(namespace)))
    uid = kubectl("get", "awsaccess", namespace, "-o", "jsonpath={.metadata.uid}").stdout

    announcer.announce_access(namespace, uid, [FIRED, FIRED])
    wait_until(lambda: len(counted) == 2, 10, "both to be written")

    [event] = [each for each in events(kubectl, Key("default", namespace)) if each["involvedObject"]["uid"] == uid]
    assert event["involvedObject"] == {
        "apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "AWSAccess", "name": namespace, "uid": uid,
    }  # fmt: skip
    assert (counted, event["count"]) == (["OK", "OK"], 2)
    assert FIRED.message in kubectl("describe", "awsaccess", namespace).stdout
    kubectl("delete", "awsaccess", namespace)


def test_the_same_words_raise_a_count(
    announcer: EventAnnouncer, apply: Apply, kubectl: Kubectl, counted: list[str]
) -> None:
    key = apply()

    announcer.announce(key, uid(kubectl, key), [STARTED] * 3)
    wait_until(lambda: len(counted) == 3, 10, "all to be written")

    [event] = events(kubectl, key)
    assert event["count"] == 3


def test_an_event_that_was_removed_is_created_again(
    announcer: EventAnnouncer, apply: Apply, kubectl: Kubectl, counted: list[str]
) -> None:
    key = apply()
    announcer.announce(key, uid(kubectl, key), [STARTED])
    wait_until(lambda: len(counted) == 1, 10, "it to be written")
    kubectl("delete", "events", "--all", "-n", key.namespace)

    announcer.announce(key, uid(kubectl, key), [STARTED])
    wait_until(lambda: len(counted) == 2, 10, "it to be written again")

    assert [event["count"] for event in events(kubectl, key)] == [1]


def test_long_names_and_messages_fit(
    announcer: EventAnnouncer, apply: Apply, kubectl: Kubectl, counted: list[str]
) -> None:
    key = apply("o" * 253)

    announcer.announce(key, uid(kubectl, key), [Announcement("Long", "m" * 2000)])
    wait_until(lambda: counted, 10, "it to be written")

    assert counted == ["OK"]
    assert len(events(kubectl, key)[0]["message"]) == 1024


def test_without_an_api_server_they_are_counted_and_reported_once(
    announcer: EventAnnouncer,
    apply: Apply,
    kubectl: Kubectl,
    counted: list[str],
    control_plane: ControlPlane,
    log_lines: list[dict[str, Any]],
) -> None:
    key = apply()
    control_plane.proxy.refuse()
    control_plane.proxy.cut()
    try:
        announcer.announce(key, uid(kubectl, key), [STARTED, FIRED])
        wait_until(lambda: len(counted) == 2, 20, "both to be given up")
    finally:
        control_plane.proxy.accept()

    announcer.announce(key, uid(kubectl, key), [STARTED])
    wait_until(lambda: len(counted) == 3, 10, "the next to be written")

    assert counted == ["Transient", "Transient", "OK"]
    assert [line["event"] for line in log_lines] == ["Events cannot be written; rollouts go on without them"]


def test_announcing_never_waits(connection: Connection, clock: SteadyClock, counted: list[str]) -> None:
    announcer = EventAnnouncer(connection, clock, counted.append)  # nobody writes

    announcer.announce(Key("shop", "orders"), "uid", [STARTED] * 1100)

    assert counted == ["Dropped"] * 100
