"""The shipped ClusterRole against the API server's audit log: nothing missing, nothing unused.

Nothing missing is looked for after every end-to-end test (conftest.py: no request of the operator was refused for want
of a right), so the whole run vouches for it. Nothing unused is shown here, by one story that needs every right.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import shipped_manifests
from devenv.waiting import wait_until
from tests.e2e.story import DEADLINE_S, SLOW_STEPS, Story, split, whole
from tests.e2e.traces import right_of

EVERYBODYS = {("create", "authorization.k8s.io", "selfsubjectaccessreviews")}
"""Granted to all who are authenticated (system:basic-user), as is reading of /version, /api and /apis."""


@pytest.fixture
def role(kubectl: Kubectl) -> dict[str, Any]:
    """The ClusterRole of deploy/base."""
    wanted = ("ClusterRole", "sfn-rollouts")
    (found,) = (each for each in shipped_manifests(kubectl) if (each["kind"], each["metadata"]["name"]) == wanted)
    return found


def test_every_right_is_used_and_no_other(story: Story, control_plane: ControlPlane, role: dict[str, Any]) -> None:
    """A rollout with a repeated Event, an edit and a deletion in flight, and what the API server wrote down of it."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    for _ in range(2):  # the same words twice: the second time the Event's count is raised
        assert story.command("retry")["result"] == "Refused"
    story.delete()
    story.wait_until_gone()
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]

    granted = set(_granted(role))
    wait_until(
        lambda: granted <= _used(story, control_plane),
        DEADLINE_S,
        f"each right to be used, of {yaml.safe_dump(sorted(map(list, granted)))}",
    )

    assert _used(story, control_plane) - granted == EVERYBODYS


def _granted(role: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield from ((verb, group, resource) for verb in rule["verbs"])


def _used(story: Story, control_plane: ControlPlane) -> set[tuple[str, ...]]:
    """Rights on resources (not on paths) that the operator used in this namespace, or outside any."""
    return {
        right_of(event)
        for event in control_plane.audit_events()
        if event["user"]["username"] == story.operator.user
        and event.get("objectRef", {}).get("namespace", story.namespace) == story.namespace
        and "resource" in event.get("objectRef", {})
    }
