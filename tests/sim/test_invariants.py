"""Each invariant finds the operator that breaks it, and finds nothing in the one that we ship."""

import pytest

from sfn_rollouts.sim.scenario import Kill
from sfn_rollouts.sim.search.invariants.ending import crashes_change_no_end
from sfn_rollouts.sim.search.invariants.judging import INVARIANTS, Judge
from sfn_rollouts.sim.search.invariants.telling import status_ends_only_as_aws_does
from sfn_rollouts.sim.world import World
from tests.sim.mutants import BLIND_AT_THE_END, ENDS_APPROVALS_EARLY, MUTANTS, Mutant

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
