"""What a pipeline waits for, decided by what it sees one after the other."""

from typing import Any

import pytest

from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.awaited import Awaited, Verdict
from sfn_rollouts.plugin.problems import PluginError
from tests.plugin.rollouts import ENDED, IN_FLIGHT, status

PROMOTED, FAILED, UNDECIDED = Verdict
GONE = None


def asking(version: int, found: dict[str, Any] | None = None, generation: int = 1, **metadata: Any) -> Rollout:
    """A rollout that asks for this version, with a status of generation 1."""
    fields = {"name": "orders", "generation": generation} | metadata
    return Rollout.from_resource({"metadata": fields, "spec": {"version": version}, "status": found})


DONE = status("Succeeded", "RolloutComplete", **ENDED)
MOVING = status("Progressing", "ShiftInProgress", **IN_FLIGHT)
WENT_BACK = status("RolledBack", "AlarmFiring", **ENDED)
STALLED = status("Progressing", "AliasDrifted", is_stalled=True, **IN_FLIGHT)

DECIDED = {
    "the version before is promoted, then this one is applied, seen and promoted": (
        [asking(2, DONE), asking(3, DONE, generation=2), asking(3, MOVING), asking(3, DONE)],
        [UNDECIDED, UNDECIDED, UNDECIDED, PROMOTED],
    ),
    "the version before went back": ([asking(2, WENT_BACK), asking(3, DONE)], [UNDECIDED, PROMOTED]),
    "the version before is stalled": ([asking(2, STALLED), asking(3, STALLED)], [UNDECIDED, FAILED]),
    "it is not there, then it comes": ([GONE, GONE, asking(3), asking(3, DONE)], [UNDECIDED] * 3 + [PROMOTED]),
    "it is deleted and made again, before it asked": (
        [asking(2, DONE), asking(2, DONE, deletionTimestamp="2026-01-01T10:00:00Z"), GONE, asking(3, DONE)],
        [UNDECIDED] * 3 + [PROMOTED],
    ),
    "it is deleted while it asks": ([asking(3, MOVING, deletionTimestamp="2026-01-01T10:00:00Z")], [FAILED]),
    "it goes back": ([asking(3, MOVING), asking(3, WENT_BACK)], [UNDECIDED, FAILED]),
    "it is promoted already": ([asking(3, DONE)], [PROMOTED]),
    "a revert: a newer version is asked for until Git is applied": (
        [asking(5, DONE), asking(3, DONE, generation=2), asking(3, DONE)],
        [UNDECIDED, UNDECIDED, PROMOTED],
    ),
    "a revert that another one comes before": ([asking(5), asking(6), asking(3, DONE)], [UNDECIDED] * 2 + [PROMOTED]),
    "two versions before it": ([asking(1, DONE), asking(2, DONE), asking(3, DONE)], [UNDECIDED] * 2 + [PROMOTED]),
}


@pytest.mark.parametrize(("sights", "verdicts"), DECIDED.values(), ids=DECIDED.keys())
def test_a_version_that_is_named_is_answered_for_alone(sights: list[Rollout | None], verdicts: list[Verdict]) -> None:
    awaited = Awaited("orders", 3)
    assert [awaited.judge(seen) for seen in sights] == verdicts


ENDS = {
    "a newer one while it moves": ([asking(3, MOVING), asking(4)], "version 3 was superseded: orders asks for 4 now"),
    "an older one while it moves": ([asking(3), asking(2, DONE)], "version 3 was superseded: orders asks for 2 now"),
    "a newer one was applied in its place": (
        [asking(2, DONE), asking(4)],
        "version 3 was superseded: orders asks for 4 now",
    ),
    "a newer one in its place, on a new resource": (
        [asking(2, DONE), GONE, asking(4)],
        "version 3 was superseded: orders asks for 4 now",
    ),
    "it is gone": ([asking(3, MOVING), GONE], "orders was deleted meanwhile"),
}


@pytest.mark.parametrize(("sights", "message"), ENDS.values(), ids=ENDS.keys())
def test_a_wait_that_can_only_be_in_vain_ends(sights: list[Rollout | None], message: str) -> None:
    awaited = Awaited("orders", 3)
    *earlier, last = sights
    assert [awaited.judge(seen) for seen in earlier] == [UNDECIDED] * len(earlier)
    with pytest.raises(PluginError) as raised:
        awaited.judge(last)
    assert raised.value.message == message


def test_without_a_version_it_is_the_one_that_is_seen_first() -> None:
    awaited = Awaited("orders")
    assert awaited.judge(asking(2, MOVING)) is UNDECIDED
    with pytest.raises(PluginError, match="version 2 was superseded: orders asks for 3 now"):
        awaited.judge(asking(3, DONE))
