"""A cluster is lost in mid-rollout and built again from manifests, while the alias is split."""

from typing import Any

import pytest

from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.sim.scenario import AlarmChange, Edit, Event, LoseStatus, Scenario
from sfn_rollouts.sim.search.invariants.judging import Judge
from sfn_rollouts.sim.world import Run, World
from tests.sim.mutants import spec

LOST = LoseStatus(20.0, 60.0)
STEPS = {"steps": [{"setWeight": 10}, {"pause": {"duration": "2m"}}, {"setWeight": 50}, {"pause": {"duration": "2m"}}]}
AT_TEN = Routing.split(1, 2, 10)


def _played(*events: Event, **fields: Any) -> Run:
    run = World(Scenario(spec={**spec(), "strategy": STEPS, **fields}, events=(LOST, *events)), Judge()).run()
    assert run.broken is None
    return run


def _reasons(run: Run) -> list[Reason]:
    return [each.announcement.reason for each in run.history.announced]


def _phase(run: Run) -> str:
    assert run.history.status is not None
    return str(run.history.status.phase)


def test_without_a_name_it_stands_split_and_says_so() -> None:
    run = _played()
    assert (run.alias, _phase(run)) == (AT_TEN, "Pending")
    assert Reason.ALIAS_SPLIT in _reasons(run)


def test_with_a_name_it_is_taken_over_and_promoted() -> None:
    run = _played(stableVersion=1)
    assert (run.alias, _phase(run)) == (Routing.whole(2), "Succeeded")
    assert _reasons(run).count(Reason.ALIAS_TAKEN_OVER) == 1


@pytest.mark.parametrize("fired_s", [19.9, 30.0, 59.0, 90.0, 200.0])
def test_an_alarm_that_fires_leads_back_whenever_it_began(fired_s: float) -> None:
    """Before the loss and before the next poll, while no operator runs, and when one has taken over."""
    run = _played(AlarmChange(fired_s, spec()["alarms"]["names"][0], "ALARM"), stableVersion=1)
    assert (run.alias, _phase(run)) == (Routing.whole(1), "RolledBack")


def test_the_manifest_of_the_new_cluster_asks_for_a_third_version() -> None:
    run = _played(Edit(30.0, {"version": 3, "stableVersion": 1}))
    routings = [change.after for change in run.history.alias]
    assert routings[:3] == [AT_TEN, Routing.whole(1), Routing.split(1, 3, 10)]
    assert (run.alias, _phase(run)) == (Routing.whole(3), "Succeeded")
