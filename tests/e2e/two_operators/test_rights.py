"""The shipped Role for the lease against the API server's audit log: nothing missing, nothing unused."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import shipped_manifests
from devenv.waiting import wait_until
from tests.e2e.story import DEADLINE_S
from tests.e2e.two_operators.pair import AFTER_SIGTERM_S, LEASE_NAME, LEASE_NAMESPACE, Pair

Right = tuple[str, str, str, str | None]
"""Verb, API group, resource, and the name that it is bound to, None for any."""


@pytest.fixture
def role(kubectl: Kubectl) -> dict[str, Any]:
    """The Role of deploy/base."""
    (found,) = (each for each in shipped_manifests(kubectl) if each["kind"] == "Role")
    return found


@pytest.fixture
def noted_before(control_plane: ControlPlane) -> int:
    """How much the API server had written down when the test began."""
    return len(control_plane.audit_events())


def test_every_right_on_the_lease_is_used_and_no_other(
    noted_before: int, control_plane: ControlPlane, role: dict[str, Any], pair: Pair
) -> None:
    """One leads, hands over, and the other leads: in the operators' own namespace they need what the Role grants, on
    the one lease. A request that was refused fails the test at its end (conftest.py)."""
    before = pair.holder()
    pair.leader.terminate()
    pair.wait_for_takeover(before, AFTER_SIGTERM_S, "SIGTERM")

    def used() -> set[Right]:
        events = control_plane.audit_events()[noted_before:]
        return {_used(event) for event in events if _is_at_home(event, pair)}

    granted = set(_granted(role))
    wait_until(lambda: granted <= used(), DEADLINE_S, f"each right to be used, of {sorted(map(str, granted))}")
    assert used() == granted


def _granted(role: Mapping[str, Any]) -> Iterator[Right]:
    for rule in role["rules"]:
        (group,), (resource,) = rule["apiGroups"], rule["resources"]
        (name,) = rule.get("resourceNames", [None])
        yield from ((verb, group, resource, name) for verb in rule["verbs"])


def _used(event: Mapping[str, Any]) -> Right:
    """A creation is bound to no name: RBAC does not know it yet."""
    about, verb = event["objectRef"], event["verb"]
    assert about.get("name", LEASE_NAME) == LEASE_NAME
    return verb, about.get("apiGroup", ""), about["resource"], None if verb == "create" else about.get("name")


def _is_at_home(event: Mapping[str, Any], pair: Pair) -> bool:
    about = event.get("objectRef", {})
    return event["user"]["username"] == pair.leader.user and about.get("namespace") == LEASE_NAMESPACE
