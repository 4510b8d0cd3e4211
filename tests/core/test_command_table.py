"""Commands and stages are one table, and the page shows it as the core decides."""

import pytest

from sfn_rollouts.core.values.commands import Action
from tests.core.command_table import PAGE, STAGES, cell, renewed


def test_the_page_shows_what_is_decided() -> None:
    """Renew it with `python -m tests.core.command_table`."""
    page = PAGE.read_text()
    assert renewed(page) == page


def test_every_command_is_answered_everywhere() -> None:
    assert "no answer" not in {cell(stage, action) for stage in STAGES for action in Action}


@pytest.mark.parametrize("action", Action)
def test_no_command_is_good_for_nothing(action: Action) -> None:
    assert {cell(stage, action) for stage in STAGES} - {"-"}


def test_an_abort_is_obeyed_wherever_traffic_is_split() -> None:
    """Deletion goes back by itself, and refuses every command."""
    split = {stage for stage in STAGES if 0 < (STAGES[stage]().status.weight or 0) < 100}
    split -= {"being deleted, going back"}
    assert len(split) > 5
    assert {cell(stage, Action.ABORT) for stage in split} == {"RolledBack", "RollingBack", "done"}
