"""The table of transitions, and the diagram that is drawn from it."""

from sfn_rollouts.api.status import Phase
from sfn_rollouts.core.phases import TRANSITIONS, diagram, is_allowed


def test_a_phase_may_stay():
    assert all(is_allowed(phase, phase) for phase in Phase)


def test_what_is_not_in_the_table_is_not_allowed():
    assert not is_allowed(Phase.ROLLED_BACK, Phase.BAKING)
    assert not is_allowed(Phase.SUCCEEDED, Phase.ROLLING_BACK)
    assert is_allowed(None, Phase.PENDING)


def test_every_phase_can_be_left_and_reached():
    assert {before for before, _ in TRANSITIONS if before} == set(Phase)
    assert {after for _, after in TRANSITIONS} == set(Phase)


def test_the_diagram_has_a_line_for_each():
    lines = diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == len(TRANSITIONS) + 1
    assert "    [*] --> Pending: accepted" in lines
