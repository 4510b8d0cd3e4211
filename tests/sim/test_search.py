"""The search finds nothing in the operator that we ship; `make sim` goes on where this ends."""

from itertools import islice
from pathlib import Path

import pytest

from sfn_rollouts.sim.scenario import Command, Delete
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.search.exhaustive import cases
from sfn_rollouts.sim.search.runs import Tally, by_chance, corpus, everywhere, exhaustively, play, rate
from sfn_rollouts.sim.search.shrink import breaks, shrunk
from tests.sim.mutants import MUTANTS

SEEDS = 100
CORPUS = Path(__file__).parent / "corpus"


def _said(tally: Tally) -> str:
    return "\n".join(f"{failure.scenario.name}: {failure.broken}" for failure in tally.failures)


def test_former_failures_stay_fixed() -> None:
    tally = corpus(CORPUS)
    assert tally.runs == len(list(CORPUS.glob("*.json")))
    assert not tally.failures, _said(tally)


@pytest.mark.parametrize("start", range(0, SEEDS, 50))
def test_no_world_by_chance_breaks_an_invariant(start: int) -> None:
    tally = by_chance(range(start, start + 50))
    assert not tally.failures, _said(tally)


def test_no_small_case_breaks_an_invariant() -> None:
    """A sample; all of them are part of `make sim`."""
    tally = exhaustively(islice(cases(), 0, None, 101))
    assert not tally.failures, _said(tally)
    assert tally.checked["crashes_change_no_end"] > 40


def test_the_small_cases_cross_every_crash_point_with_every_fault_at_every_step() -> None:
    names = [case.name for case in cases()]
    assert len(set(names)) == len(names) > 4000
    for step in (1, 2, 3):
        assert any(f"at step {step}, alarm" in name for name in names)
        assert any(name.endswith(f"at step {step}") for name in names)


def test_the_search_counts_what_it_goes_through() -> None:
    tally = everywhere(range(30), processes=2, small=islice(cases(), 5))
    assert tally.runs >= 35
    text = "\n".join(tally.lines())
    words = (
        "small cases",
        "simulated hours",
        "ticks",
        "faults injected",
        "rollbacks",
        "takeovers",
        "invariants checked",
    )
    for word in (*words, *tally.faults):
        assert word in text
    assert "simulated hours a second" in rate(tally, 0.0)


def test_a_failure_is_cut_down_to_what_it_needs() -> None:
    mutant = MUTANTS["no_wait_ends_early"]
    for seed in range(200):
        scenario = scenario_of(seed)
        run, _ = play(scenario, mutant.decide)
        if run.broken is not None and run.broken.invariant == "no_wait_ends_early" and len(scenario.events) > 3:
            break
    else:
        pytest.fail("no seed breaks it")
    smallest = shrunk(scenario, breaks(run.broken, mutant.decide))
    assert len(smallest.events) <= 1
    assert breaks(run.broken, mutant.decide)(smallest)


def test_what_is_done_to_a_resource_that_nobody_creates_has_no_effect() -> None:
    """A failure of two rivals is cut down to worlds in which the other one is not there."""
    scenario = scenario_of(0).with_events((Command(5.0, "abort", rollout=1), Delete(6.0, rollout=1)))
    run, _ = play(scenario)
    assert run.broken is None
    assert run.history.views[1].is_gone
