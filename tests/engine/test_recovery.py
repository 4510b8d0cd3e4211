"""Recovery: who waits because a place refused or did not answer is tried when that is over, at little cost."""

from collections.abc import Iterator

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.readings import Trouble, Unseen
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.facts import unseen
from sfn_rollouts.engine.recovery import TRIAL_S, Recovery
from sfn_rollouts.errors import Conflict, Denied, Gone, NoAnswer, PortError, Transient, Withheld
from sfn_rollouts.ports import Key, Lane
from tests.engine.fake_clock import FakeClock
from tests.engine.fake_cloud import MACHINE
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

HERE, THERE = Place("111122223333", "eu-west-1"), Place("111122223333", "us-east-1")
NO = Denied("no UpdateStateMachineAlias")


class Waiting:
    """A recovery, and whom it retried."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.retried: list[tuple[str, bool]] = []
        self.recovery = Recovery(self.clock, lambda uid, is_over: self.retried.append((uid, is_over)))

    def note(self, uid: str, result: object, what: str = "Restore", place: Place = HERE) -> list[tuple[str, bool]]:
        """Whom it retries over this: (uid, whether the trouble is over)."""
        self.retried.clear()
        self.recovery.note(place, uid, what, result)
        return self.retried


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    waiting = Waiting()
    for uid in ("a", "b", "c"):
        assert waiting.note(uid, NO) == []
    return waiting


def test_an_answer_to_one_that_waited_wakes_all_of_its_place(waiting: Waiting) -> None:
    waiting.note("far", NO, place=THERE)
    assert waiting.note("b", "written") == [("a", True), ("b", True), ("c", True)]
    assert waiting.note("b", "written") == []
    assert waiting.note("far", "written", place=THERE) == [("far", True)]


def test_one_that_waits_for_several_jobs_is_woken_once(waiting: Waiting) -> None:
    waiting.note("a", NO, "Alias")
    assert waiting.note("a", "read", "Alias") == [("a", True), ("b", True), ("c", True)]


def test_what_works_all_along_says_nothing_about_what_is_refused(waiting: Waiting) -> None:
    """Alarms may be read, the alias may not be written: a try at each poll would be in vain."""
    assert waiting.note("", "alarms", "alarms") == []
    assert waiting.note("a", "read", "Alias") == []


def test_a_kind_of_job_that_works_again_has_the_one_tried_that_was_tried_longest_ago(waiting: Waiting) -> None:
    waiting.note("", NO, "alarms")
    assert waiting.note("", "alarms", "alarms") == [("a", False)]
    assert waiting.note("", "alarms", "alarms") == []
    waiting.clock.advance(TRIAL_S)
    waiting.note("", NO, "alarms")
    assert waiting.note("", "alarms", "alarms") == [("b", False)]
    waiting.clock.advance(TRIAL_S)
    assert waiting.note("", "alarms", "alarms") == [], "it has worked all along"


def test_a_defect_of_our_own_says_nothing_about_a_place(waiting: Waiting) -> None:
    waiting.note("defective", ValueError("a defect"))
    assert waiting.recovery.waiting(HERE) == 3


def test_one_that_is_refused_for_good_is_not_tried_at_each_answer_to_its_neighbours(waiting: Waiting) -> None:
    tried = 0
    for _ in range(100):
        waiting.note("a", NO)
        tried += len(waiting.note("neighbour", "written"))
    assert tried == 1


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (NO, True),
        (NoAnswer("timed out"), True),
        (Withheld("does not answer"), True),
        (Transient("503"), True),
        (Transient("the quota is used up", retry_after_s=1.0), False),
        (Conflict("changed"), False),
        (Gone("no alias"), False),
        (PortError("unforeseen"), False),
    ],
    ids=str,
)
def test_what_others_of_the_place_meet_too_is_waited_out_together(error: PortError, waits: bool) -> None:
    waiting = Waiting()
    waiting.note("a", error)
    assert waiting.recovery.waiting(HERE) == int(waits)
    assert waiting.note("a", "written") == ([("a", True)] if waits else [])


def test_alarms_that_could_not_be_read_wait_for_nobody() -> None:
    waiting = Waiting()
    waiting.note("", NO, "alarms")
    assert waiting.recovery.waiting(HERE) == 0
    assert waiting.note("", "alarms", "alarms") == []


def test_who_is_gone_waits_no_more(waiting: Waiting) -> None:
    for uid in ("a", "b"):
        waiting.recovery.forget(HERE, uid)
    assert waiting.recovery.waiting(HERE) == 1
    waiting.recovery.forget(HERE, "c")
    waiting.recovery.forget(HERE, "c")
    assert waiting.recovery.waiting(HERE) == 0
    assert waiting.note("a", "written") == []


def test_one_whose_last_job_ended_after_it_was_gone_harms_nobody() -> None:
    """Its job was still under way, and was refused: the others of its place are woken all the same."""
    world = World()
    stable = Routing.whole(1)
    for name in ("gone", "stays"):
        world.cloud.route_named(f"alias-{name}", stable)
        world.api.apply(name, spec(alias=f"alias-{name}"))
    world.run(until=lambda: all(world.status(name).step_index == 0 for name in ("gone", "stays")))
    world.settle()
    world.cloud.faults.add("shift", NO, FOR_EVER)
    world.workers.held = {Lane.ROLLBACK}
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.run(until=lambda: world.workers.waiting(Lane.ROLLBACK) == 2, limit_s=20)
    world.engine.forget(world.api.get(Key("shop", "gone"))["metadata"]["uid"])
    world.workers.held = set()
    world.run_for(10)
    world.cloud.faults.fix("shift")
    world.run(until=lambda: world.cloud.routing(MACHINE.alias("alias-stays")) == stable, limit_s=20)


def test_that_a_call_was_withheld_says_less_than_why_the_one_before_it_failed() -> None:
    now = FakeClock().now()
    before = Unseen("timed out", now, Trouble.TRANSIENT)
    assert unseen(Withheld("one after the other"), before, now) is before
    assert unseen(Withheld("one after the other"), None, now).why == "one after the other"
