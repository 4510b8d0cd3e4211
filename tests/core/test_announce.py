"""What people hear of: transitions in sentences, each once."""

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.announce import Announcement, announcements, finished
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import APPROVAL, WITH_ALARM
from tests.core.world import Clear, World

FIRING = AlarmState.ALARM


def heard(world, since=0):
    """All announcements of a world, in their order; warnings with an exclamation mark."""
    before, words = (world.statuses[since - 1] if since else Status()), []
    for status in world.statuses[since:]:
        words += [f"{news.reason}{'!' * news.is_warning}" for news in announcements(before, status)]
        before = status
    return words


def promoted():
    world = World(**WITH_ALARM)
    world.advance(1000)
    return world


def rolled_back():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.alarm("A", FIRING)
    world.poll()
    return world


def superseded():
    world = World()
    world.advance(30)
    world.edit(version=3)
    return world


def superseded_before_any_traffic():
    world = World(strategy={"steps": [{"pause": {}}, {"setWeight": 5}, {"pause": {}}]})
    world.settle()
    world.edit(version=3)
    return world


def withdrawn():
    world = World()
    world.advance(30)
    world.edit(version=1)
    return world


def approved():
    world = World(strategy=APPROVAL)
    world.settle()
    world.say("promote")
    return world


def refused_and_stale():
    world = World()
    world.advance(30)
    world.say("retry")
    world.say("promote", step=7)
    return world


def drifted():
    world = World()
    world.advance(30)
    world.route(Routing.split(1, 7, 50))
    world.restart()
    return world


def adopted_back():
    world = World(driftPolicy="Adopt")
    world.advance(30)
    world.route(1)
    world.restart()
    return world


def unreadable_in_a_wait():
    world = World(**WITH_ALARM)
    world.advance(30)
    world.troubles["alarms"] = Trouble.TRANSIENT
    world.advance(60)
    return world


def held_at_the_step():
    world = World(alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.advance(30)
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.poll()
    world.advance(700)
    return world


def waiting():
    world = World(**WITH_ALARM)
    world.alarm("A", FIRING)
    world.advance(500)
    world.alarm("A", Clear)
    world.poll()
    return world


STORIES = {
    "a canary": (
        promoted,
        ["Initializing", "StepStarted", "StepStarted", "Baking", "RolloutComplete", "ExecutionsCounted"],
    ),
    "a rollback": (
        rolled_back,
        ["Initializing", "StepStarted", "AlarmFiring!", "AlarmFiring!", "ExecutionsCounted"],
    ),
    "superseded": (superseded, ["Initializing", "StepStarted", "Superseded", "StepStarted"]),
    "superseded before any traffic": (
        superseded_before_any_traffic,
        ["Initializing", "StepStarted", "AwaitingApproval", "Superseded", "StepStarted", "AwaitingApproval"],
    ),
    "withdrawn": (withdrawn, ["Initializing", "StepStarted", "TargetWithdrawn", "UpToDate", "ExecutionsCounted"]),
    "an approval": (approved, ["Initializing", "StepStarted", "AwaitingApproval", "CommandDone", "StepStarted"]),
    "commands": (refused_and_stale, ["Initializing", "StepStarted", "CommandRefused!", "CommandStale!"]),
    "a drift": (drifted, ["Initializing", "StepStarted", "AliasDrifted!"]),
    "routed back by hand": (
        adopted_back,
        ["Initializing", "StepStarted", "AliasAdopted!", "ExecutionsCounted"],
    ),
    "an alarm that cannot be read": (
        unreadable_in_a_wait,
        ["Initializing", "StepStarted", "AlarmUnreadable!"],
    ),
    "a hold": (held_at_the_step, ["Initializing", "StepStarted", "AlarmInsufficientData!", "AlarmInsufficientData"]),
    "a wait for an alarm": (waiting, ["Initializing", "AlarmFiring", "StepStarted"]),
}


@pytest.mark.parametrize("sentence", STORIES)
def test_story(sentence):
    make, words = STORIES[sentence]
    assert heard(make()) == words


def test_nothing_new_is_no_news():
    status = promoted().status
    assert announcements(status, status) == ()


def test_the_sentences():
    world = rolled_back()
    messages = [
        news.message
        for before, after in zip([Status(), *world.statuses], world.statuses, strict=False)
        for news in announcements(before, after)
    ]
    assert "step 1/2: version 2 has 10 % of new executions" in messages
    assert "alarm A is firing: threshold crossed; going back to version 1" in messages


def test_an_announcement_fits_into_an_event():
    trip = rolled_back().statuses[-2].trip
    long = Status(trip=(trip or _trip()).with_(message="x" * 1024), stable_version=1)
    [news] = announcements(Status(), long)
    assert len(news.message) == 1024
    assert isinstance(news, Announcement)


def _trip():
    world = World()
    world.advance(30)
    world.troubles["write"] = Trouble.TRANSIENT
    world.say("abort")
    return world.status.trip


def test_words_of_a_newer_operator_are_passed_over():
    odd = _trip().with_(reason="NoSuchWord")
    assert [news.reason for news in announcements(Status(), Status(trip=odd))] == [Reason.ROLLBACK_IN_PROGRESS]
    ready = promoted().status.conditions[0].with_(reason="NoSuchWord")
    healthy = ready.with_(type="AlarmsHealthy", status="False")
    assert announcements(Status(), Status(conditions=(ready, healthy))) == ()


def test_finished_tells_of_the_newest_end_once():
    world = promoted()
    ends = [
        entry.outcome
        for before, after in zip([Status(), *world.statuses], world.statuses, strict=False)
        if (entry := finished(before, after)) is not None
    ]
    assert ends == ["Promoted"]
    assert finished(Status(), Status()) is None
