"""spec.rollbackWindow: to which of the former versions the way back needs no steps."""

from datetime import timedelta

import pytest

from sfn_rollouts.api.status import HistoryEntry, Outcome, Status
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.rollback_window import is_recent_stable
from sfn_rollouts.core.values.looks import FindVersion
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.readings import VersionFound, VersionReading
from tests.core.specs import spec
from tests.core.world import START

PROMOTED, FAST, BACK, UNDONE = Outcome.PROMOTED, Outcome.FAST_PROMOTED, Outcome.FAST_ROLLED_BACK, Outcome.ROLLED_BACK
PUBLISHED = START - timedelta(days=9)
# From which version to which, how it ended, hours ago; newest first.
STRAIGHT = ((3, 4, PROMOTED, 1), (2, 3, FAST, 2), (1, 2, PROMOTED, 3))
UP_AND_DOWN = ((2, 3, PROMOTED, 1), (3, 2, BACK, 2), (2, 3, PROMOTED, 3), (1, 2, PROMOTED, 4))
RETURNED = ((3, 2, PROMOTED, 1), (2, 3, PROMOTED, 2), (1, 2, PROMOTED, 3))
FROM_ELSEWHERE = ((3, 4, PROMOTED, 1), (9, 5, UNDONE, 2), (1, 2, PROMOTED, 3))

# sentence: window, history, live version, wanted version, whether it is in the window
WINDOWS = {
    "without a window none is near": (None, STRAIGHT, 4, 3, False),
    "the one before is the first": ({"revisions": 1}, STRAIGHT, 4, 3, True),
    "one promoted in full counts, too": ({"revisions": 2}, STRAIGHT, 4, 2, True),
    "beyond the revisions": ({"revisions": 1}, STRAIGHT, 4, 2, False),
    "further beyond them": ({"revisions": 1}, STRAIGHT, 4, 1, False),
    "one that was never stable": ({"revisions": 9}, STRAIGHT, 4, 7, False),
    "without a history": ({"revisions": 9}, (), 4, 3, False),
    "within, to the second": ({"within": "2h"}, STRAIGHT, 4, 2, True),
    "within, a second too late": ({"within": "7199s"}, STRAIGHT, 4, 2, False),
    "within, however many lie between": ({"within": "3h"}, STRAIGHT, 4, 1, True),
    "near, but too long ago": ({"revisions": 3, "within": "1h"}, STRAIGHT, 4, 2, False),
    "lately, but not near": ({"revisions": 1, "within": "3h"}, STRAIGHT, 4, 2, False),
    "near and lately": ({"revisions": 2, "within": "2h"}, STRAIGHT, 4, 2, True),
    "the one that is live does not count among those before": ({"revisions": 2}, RETURNED, 2, 1, True),
    "nor does one that was fled from": ({"revisions": 1}, UP_AND_DOWN[1:], 2, 1, True),
    "to which one does not return in one write": ({"revisions": 9}, UP_AND_DOWN[1:], 2, 3, False),
    "one that was stable twice counts once": ({"revisions": 2}, UP_AND_DOWN, 3, 1, True),
    "and from the later time on": ({"within": "1h"}, UP_AND_DOWN, 3, 2, True),
    "one from which a rollout failed never lost its traffic by it": ({"revisions": 9}, FROM_ELSEWHERE, 4, 9, False),
}


@pytest.mark.parametrize("sentence", WINDOWS)
def test_window(sentence):
    window, ends, live, wanted, is_recent = WINDOWS[sentence]
    history = tuple(
        HistoryEntry(
            version=to,
            stable_version=left,
            stable_creation_date=PUBLISHED,
            outcome=outcome,
            reason="RolloutComplete",
            finished_at=START - timedelta(hours=hours),
        )
        for left, to, outcome, hours in ends
    )
    asked = spec(wanted, rollbackWindow=window)
    seen = Observation().answering(FindVersion(wanted), VersionReading(VersionFound.FOUND, PUBLISHED, START))
    case = Case(asked, compile_plan(asked), Status(history=history), START, 1, seen, {})
    assert is_recent_stable(case, live) is is_recent


AGAIN = PUBLISHED + timedelta(days=1)
# sentence: when the former stable version was created, when the one found now was
DATES = {
    "of another life of the state machine": (PUBLISHED, AGAIN),
    "not known, as in a status of an older operator": (None, PUBLISHED),
    "not found now": (PUBLISHED, None),
    "known of neither": (None, None),
}


@pytest.mark.parametrize("sentence", DATES)
def test_a_number_alone_is_no_version(sentence):
    then, now = DATES[sentence]
    entry = HistoryEntry(
        version=3,
        stable_version=2,
        stable_creation_date=then,
        outcome=PROMOTED,
        reason="RolloutComplete",
        finished_at=START,
    )
    asked = spec(2, rollbackWindow={"revisions": 9})
    seen = Observation().answering(FindVersion(2), VersionReading(VersionFound.FOUND, now, START))
    case = Case(asked, compile_plan(asked), Status(history=(entry,)), START, 1, seen, {})
    assert not is_recent_stable(case, 3)
