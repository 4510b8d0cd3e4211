"""Two resources want the same alias: the older one acts, the other says so and does nothing."""

import re
from collections.abc import Iterator

import pytest

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import SLOW_STEPS, STALLED, Story, set_the_scene, split, verdict, whole


@pytest.fixture
def rivals(
    control_plane: ControlPlane, cluster: Cluster, namespace: str, aws: Emulator
) -> Iterator[tuple[Story, Story]]:
    """Two rollouts on one alias, in two namespaces, under one operator; the first is to be created first."""
    other = cluster.create_namespace(f"{namespace}-other")
    with OperatorProcess(control_plane, aws, namespaces=[namespace, other]) as operator:
        first = set_the_scene(cluster, namespace, aws, operator)
        yield first, first.called("late", other)
        print(operator.last_log_lines(100))


def test_the_older_resource_acts(rivals: tuple[Story, Story]) -> None:
    """The other is stalled with AliasConflict, without the older one's name: it may be another team's. Once the older
    one is gone, the other acts."""
    first, late = rivals
    first.apply(version=2, steps=SLOW_STEPS)
    first.wait_for_weight(10)
    late.apply(version=3, steps=SLOW_STEPS)

    conflict = late.wait_for_reason("AliasConflict")
    assert verdict(conflict) == STALLED
    assert "another resource already manages alias live" in conflict["message"]
    assert not re.search(rf"\b{first.name}\b", conflict["message"])
    assert first.namespace not in conflict["message"]
    first.wait_for_polls()
    assert first.routings() == [whole(1), split(1, 2, 10)]

    first.delete()
    first.wait_until_gone()
    late.wait_for_weight(10)
    assert first.routings() == [whole(1), split(1, 2, 10), whole(1), split(1, 3, 10)]


def test_a_restart_does_not_change_who_acts(rivals: tuple[Story, Story]) -> None:
    """Who is older stands in the resources, not in the operator's memory."""
    first, late = rivals
    first.apply(version=2, strategy={"allAtOnce": {}})
    first.wait_for_phase("Succeeded")
    late.apply(version=3, strategy={"allAtOnce": {}})
    late.wait_for_reason("AliasConflict")

    first.operator.kill()
    first.restart()
    assert late.command("retry")["result"] == "Refused"

    assert first.routings() == [whole(1), whole(2)]
