"""Each invariant finds the operator that breaks it, and finds nothing in the one that we ship."""

from collections import Counter
from dataclasses import replace
from math import comb

import pytest

from sfn_rollouts.sim.scenario import Kill
from sfn_rollouts.sim.search.false_alarms import UNLIKELY, FalseAlarms
from sfn_rollouts.sim.search.invariants.ending import crashes_change_no_end
from sfn_rollouts.sim.search.invariants.judging import INVARIANTS, Judge
from sfn_rollouts.sim.search.invariants.restoring import stable_is_back_soon_after_a_trip
from sfn_rollouts.sim.search.invariants.telling import status_ends_only_as_aws_does
from sfn_rollouts.sim.search.runs import Tally
from sfn_rollouts.sim.world import World
from tests.sim.mutants import (
    BLIND_AT_THE_END,
    CRIES_WOLF,
    ENDS_APPROVALS_EARLY,
    MUTANTS,
    WAITS_FOR_A_LOOK,
    Mutant,
)

BY_TWO_RUNS = crashes_change_no_end.__name__
NAMES = {invariant.__name__ for row in INVARIANTS.values() for invariant in row}


def test_every_invariant_has_its_mutant() -> None:
    assert NAMES | {BY_TWO_RUNS} == set(MUTANTS)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_its_mutant_is_found(name: str) -> None:
    broken = MUTANTS[name].world().run().broken
    assert broken is not None
    assert broken.invariant == name, broken


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_shipped_operator_keeps_it_in_the_same_scenario(name: str) -> None:
    assert World(MUTANTS[name].scenario, Judge()).run().broken is None


def test_a_success_that_nobody_has_seen_is_found() -> None:
    broken = BLIND_AT_THE_END.world().run().broken
    assert broken is not None
    assert broken.invariant == status_ends_only_as_aws_does.__name__, broken
    assert World(BLIND_AT_THE_END.scenario, Judge()).run().broken is None


def test_a_way_back_that_waits_for_a_look_at_executions_is_found() -> None:
    broken = WAITS_FOR_A_LOOK.world().run().broken
    assert broken is not None
    assert broken.invariant == stable_is_back_soon_after_a_trip.__name__, broken
    assert World(WAITS_FOR_A_LOOK.scenario, Judge()).run().broken is None


def test_more_false_alarms_than_chance_explains_are_found() -> None:
    mutants, shipped = FalseAlarms(), FalseAlarms()
    for seed in range(6):
        scenario = replace(CRIES_WOLF.scenario, seed=seed)
        mutants.note(World(scenario, decide=CRIES_WOLF.decide).run())
        shipped.note(World(scenario).run())
    assert (mutants.alarms, mutants.rollouts) == (6, Counter({0.01: 6}))
    assert mutants.is_too_many
    assert not shipped.is_too_many, str(shipped)
    tally = Tally(false_alarms=mutants)
    assert not tally.is_clean
    assert any("TOO MANY" in line for line in tally.lines())


def test_a_worse_version_that_is_found_is_no_false_alarm() -> None:
    found = World(MUTANTS["a_worse_version_goes_back_in_time"].scenario).run()
    alarms = FalseAlarms()
    alarms.note(found)
    assert found.history.status is not None
    assert found.history.status.phase == "RolledBack"
    assert (alarms.alarms, alarms.rollouts.total()) == (0, 0)


@pytest.mark.parametrize("count", [1, 40, 400])
def test_how_many_false_alarms_chance_explains(count: int) -> None:
    alarms = FalseAlarms()
    alarms.add(FalseAlarms(Counter({0.1: count}), 0))
    law = [comb(count, k) * 0.1**k * 0.9 ** (count - k) for k in range(count + 1)]
    assert sum(law[alarms.most + 1 :]) <= UNLIKELY
    assert alarms.most == 0 or sum(law[alarms.most :]) > UNLIKELY


@pytest.mark.parametrize("on_timeout", ENDS_APPROVALS_EARLY)
def test_an_approval_that_ends_before_its_time_is_found(on_timeout: str) -> None:
    mutant = ENDS_APPROVALS_EARLY[on_timeout]
    broken = mutant.world().run().broken
    assert broken is not None
    assert broken.invariant == "no_wait_ends_early", broken
    shipped = World(mutant.scenario, Judge()).run()
    assert shipped.broken is None
    assert shipped.history.status is not None
    assert shipped.history.status.phase == ("RolledBack" if on_timeout == "Rollback" else "Succeeded")


@pytest.mark.parametrize(("mutant", "differs"), [(MUTANTS[BY_TWO_RUNS], True), (Mutant(), False)])
def test_a_crash_that_changes_the_end_is_found(mutant: Mutant, differs: bool) -> None:
    smooth = World(mutant.scenario, Judge(), mutant.decide).run()
    crashed = World(mutant.scenario.with_events((Kill(20.0, 25.0),)), Judge(), mutant.decide).run()
    assert (crashes_change_no_end(crashed, smooth) is not None) is differs
