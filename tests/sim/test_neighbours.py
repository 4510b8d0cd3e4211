"""What hangs, drips, is refused or is garbage in one place changes no time in another (invariant 16)."""

import functools
from collections.abc import Mapping

import pytest

from sfn_rollouts.sim.neighbours import Seen, differences, play
from sfn_rollouts.sim.scenario import FaultKind
from sfn_rollouts.sim.sessions import ASSUME_ROLE
from tests.sim.mutants import blind_to_places

KINDS = (FaultKind.TIMEOUT_BEFORE, FaultKind.DRIP, FaultKind.DENIED, FaultKind.GARBAGE)
SERVICES = ("stepfunctions.*", "stepfunctions.UpdateStateMachineAlias", "cloudwatch.*")


@functools.cache
def calm(*, by_role: bool = False) -> Mapping[str, Seen]:
    return play(by_role=by_role)


def test_without_a_fault_one_neighbour_goes_back_and_one_goes_on() -> None:
    assert [routing for _, routing in calm()["well-0"].routed][-1] == "100 % on version 2"
    assert [routing for _, routing in calm()["well-1"].routed][-1] == "100 % on version 1"
    assert differences(calm(), play()) == []


@pytest.mark.parametrize("api", SERVICES)
@pytest.mark.parametrize("what", KINDS)
def test_what_befalls_one_place_changes_no_time_in_another(what: FaultKind, api: str) -> None:
    assert differences(calm(), play(api, what)) == []


@pytest.mark.parametrize("what", [FaultKind.TIMEOUT_BEFORE, FaultKind.DRIP])
@pytest.mark.parametrize("api", ["stepfunctions.*", "cloudwatch.*"])
def test_lanes_that_know_no_places_are_found_out(api: str, what: FaultKind) -> None:
    found = differences(calm(), play(api, what, blind_to_places))
    assert any("well-" in each for each in found)


def test_two_roles_without_a_fault_end_as_two_places_do() -> None:
    for name, seen in calm(by_role=True).items():
        assert [routing for _, routing in seen.routed] == [routing for _, routing in calm()[name].routed]


@pytest.mark.parametrize("what", KINDS)
def test_a_session_that_cannot_be_renewed_delays_no_call_of_another_role(what: FaultKind) -> None:
    assert differences(calm(by_role=True), play(ASSUME_ROLE, what, by_role=True)) == []


def test_calls_that_hang_for_one_role_delay_none_of_another_in_the_same_region() -> None:
    assert differences(calm(by_role=True), play("stepfunctions.*", FaultKind.DRIP, by_role=True)) == []


def test_lanes_that_know_no_roles_are_found_out() -> None:
    found = differences(calm(by_role=True), play(ASSUME_ROLE, FaultKind.DRIP, blind_to_places, by_role=True))
    assert any("well-" in each for each in found)
