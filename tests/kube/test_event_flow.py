"""Which announcements become Events."""

from dataclasses import replace

from sfn_rollouts.core.announce import Announcement, StepEntered
from sfn_rollouts.kube.event_flow import Bump, Create, EventFlow, Subject
from sfn_rollouts.ports import Key

ORDERS = Subject(Key("shop", "orders"), "uid-1")
STARTED = Announcement("RolloutStarted", "version 2 gets 10 %")


def write(flow: EventFlow, announcement: Announcement, at_s: float = 0.0, subject: Subject = ORDERS) -> str:
    """Return in a word what is done with it, and do it."""
    action = flow.next(subject, announcement, at_s)
    if action is None:
        return "nothing"
    flow.wrote(action, "name")
    return f"count {action.count}" if isinstance(action, Bump) else action.announcement.message


def test_the_same_words_raise_the_count() -> None:
    flow = EventFlow()

    assert [write(flow, STARTED) for _ in range(3)] == ["version 2 gets 10 %", "count 2", "count 3"]


def test_other_words_another_type_or_another_rollout_are_another_event() -> None:
    flow = EventFlow()
    write(flow, STARTED)

    assert write(flow, replace(STARTED, message="version 3 gets 10 %")) == "version 3 gets 10 %"
    assert write(flow, replace(STARTED, is_warning=True)) == "version 2 gets 10 %"
    assert write(flow, STARTED, subject=Subject(ORDERS.key, "uid-2")) == "version 2 gets 10 %"


def test_more_than_ten_similar_ones_are_combined() -> None:
    flow = EventFlow()
    for number in range(10):
        write(flow, replace(STARTED, message=f"message {number}"))

    assert write(flow, replace(STARTED, message="message 10")) == "(combined from similar events): message 10"
    assert write(flow, replace(STARTED, message="message 11")) == "count 2"
    assert write(flow, replace(STARTED, message="message 3")) == "count 2", "one that has its own Event keeps it"


def test_one_that_stands_for_several_does_not_say_which_step_began() -> None:
    flow = EventFlow()
    stepping = replace(STARTED, entered=StepEntered("1/3", 2, 10))
    for number in range(10):
        write(flow, replace(stepping, message=f"message {number}"))

    shown = flow.next(ORDERS, replace(stepping, message="message 10"), 0.0)
    assert shown is not None
    assert shown.announcement.entered is None


def test_after_ten_quiet_minutes_they_are_distinguished_again() -> None:
    flow = EventFlow()
    for number in range(11):
        write(flow, replace(STARTED, message=f"message {number}"))

    assert write(flow, replace(STARTED, message="message 12"), at_s=601) == "message 12"


def test_one_rollout_cannot_flood_and_recovers_slowly() -> None:
    flow = EventFlow()
    for _ in range(25):
        write(flow, STARTED)

    assert write(flow, STARTED) == "nothing"
    assert write(flow, STARTED, at_s=299) == "nothing"
    assert write(flow, STARTED, at_s=301) == "count 26"
    assert write(flow, STARTED, at_s=302) == "nothing"
    assert write(flow, STARTED, subject=Subject(Key("shop", "refunds"), "uid-9")) == "version 2 gets 10 %"


def test_an_event_that_has_expired_is_created_again() -> None:
    flow = EventFlow()
    write(flow, STARTED)
    action = flow.next(ORDERS, STARTED, 0)
    assert isinstance(action, Bump)

    assert flow.lost(action) == Create(ORDERS, STARTED)
    flow.wrote(flow.lost(action), "other")
    again = flow.next(ORDERS, STARTED, 0)
    assert isinstance(again, Bump)
    assert (again.name, again.count) == ("other", 2)


def test_memory_is_bounded() -> None:
    flow = EventFlow(cached=2)
    for number in range(3):
        write(flow, STARTED, subject=Subject(Key("shop", str(number)), str(number)))

    assert write(flow, STARTED, subject=Subject(Key("shop", "0"), "0")) == "version 2 gets 10 %", "it was forgotten"
