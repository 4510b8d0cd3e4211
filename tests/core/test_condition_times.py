"""lastTransitionTime: when a condition last changed in the status that people could read."""

from datetime import datetime, timedelta

import pytest

from sfn_rollouts.api.status import Condition, ConditionStatus, Status
from sfn_rollouts.core.values.conditions import timed_by_stored
from tests.core.world import START

TRUE, FALSE = ConditionStatus.TRUE, ConditionStatus.FALSE


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _status(**conditions: tuple[ConditionStatus, float]) -> Status:
    return Status(
        conditions=tuple(
            Condition(type=kind, status=value, last_transition_time=_at(since_s), reason="R", message="")
            for kind, (value, since_s) in conditions.items()
        )
    )


TIMES = {
    "flipped and flipped back before it was stored: as stored": (
        _status(Ready=(FALSE, 0)), _status(Ready=(FALSE, 20)), _status(Ready=(FALSE, 0)),
    ),
    "flipped since: when it flipped": (
        _status(Ready=(FALSE, 0)), _status(Ready=(TRUE, 20)), _status(Ready=(TRUE, 20)),
    ),
    "the flip was stored while it was taken back: now": (
        _status(Ready=(TRUE, 20)), _status(Ready=(FALSE, 0)), _status(Ready=(FALSE, 60)),
    ),
    "one that is new: when it came": (
        _status(Ready=(FALSE, 0)), _status(Ready=(FALSE, 0), Stalled=(TRUE, 20)),
        _status(Ready=(FALSE, 0), Stalled=(TRUE, 20)),
    ),
    "one whose absence was stored while it came back: now": (
        _status(Ready=(FALSE, 0), Reconciling=(TRUE, 20)), _status(Ready=(FALSE, 0), Stalled=(TRUE, 10)),
        _status(Ready=(FALSE, 0), Stalled=(TRUE, 60)),
    ),
    "nothing was stored yet: when it came": (_status(), _status(Ready=(FALSE, 20)), _status(Ready=(FALSE, 20))),
}  # fmt: skip


@pytest.mark.parametrize("sentence", TIMES)
def test_times_of_conditions(sentence: str) -> None:
    stored, decided, wanted = TIMES[sentence]
    assert timed_by_stored(decided, stored, _at(60)) == wanted


def test_what_is_dated_already_is_the_same_object() -> None:
    """The engine compares statuses at every tick: equal ones should be cheap to compare."""
    status = _status(Ready=(FALSE, 0))
    assert timed_by_stored(status, _status(Ready=(FALSE, 0)), _at(60)) is status
