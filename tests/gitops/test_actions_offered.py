"""Argo CD offers an action where the operator would carry it out, and nowhere else."""

import pytest

from sfn_rollouts.core.values.commands import Action
from tests.gitops import argo
from tests.gitops.situations import ROWS

IN_VAIN = {
    ("paused by spec.paused", "pause"),
    ("paused by command", "pause"),
    ("paused before the start", "pause"),
    ("paused while waiting for approval", "pause"),
    ("paused in the bake", "pause"),
    ("going back", "abort"),
    ("the rollback itself fails", "abort"),
}
"""Carried out, but nothing comes of it: not offered."""

SEEN = [situation for situation, row in ROWS.items() if not row.generations_behind and not row.is_deleting]


@pytest.mark.parametrize("situation", [situation for situation in SEEN if not situation.startswith("created,")])
def test_what_is_offered_is_what_the_operator_does(situation: str) -> None:
    offered = argo.offered(ROWS[situation].resource())
    done = {str(action) for action in Action if _is_done(situation, action)}
    assert offered == {action for action in done if (situation, action) not in IN_VAIN}


def _is_done(situation: str, action: Action) -> bool:
    world = ROWS[situation].make()
    world.say(action, step=world.status.step_index, id_="argocd-1-1")
    answered = world.status.last_command
    return answered is not None and answered.id == "argocd-1-1" and answered.result == "Done"


def test_nothing_is_offered_to_what_is_not_seen_yet_or_leaves() -> None:
    for situation in ("created, not yet seen by the operator", "being deleted"):
        assert argo.offered(ROWS[situation].resource()) == set()
    behind = ROWS["a new generation, not yet seen by the operator"].resource()
    assert argo.offered(behind) == set()


def test_an_abort_is_offered_in_flight_even_before_a_new_generation_is_seen() -> None:
    resource = ROWS["traffic is moving"].resource()
    resource["metadata"]["generation"] += 1
    assert argo.offered(resource) == {"abort"}
