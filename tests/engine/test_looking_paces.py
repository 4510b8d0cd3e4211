"""Looking by itself, with toy looks: what is begun, in which order, how soon again, and what is kept of it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.values.access import Ungoverned
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.looks import Look, ReadAlarms
from sfn_rollouts.core.values.readings import AlarmReading, Trouble, Unseen
from sfn_rollouts.engine.alarm_board import AlarmBoard
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.looking import Looking
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Conflict, Denied, Transient
from sfn_rollouts.ports import Errand, Lane, Urgency
from tests.engine.fake_clock import NOON
from tests.engine.fake_cloud import LIVE, AlarmFeedOf
from tests.engine.fake_random import Longest
from tests.engine.fake_workers import NotedErrands
from tests.engine.world import World, spec

PLACE = LIVE.machine.place
CALLER = Caller(session_name="shop.orders")


@dataclass(frozen=True, slots=True)
class Tide(Look[str]):
    """How the sea stands in a harbour."""

    harbour: str


@dataclass(frozen=True, slots=True)
class Wind(Look[str]):
    """How the wind blows, wherever it is."""


@dataclass(frozen=True, slots=True)
class Ring(Chore[str]):
    """Ring a bell once under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Fog(Look[str]):
    """How far one can see; its source stands behind the one of chores."""


BERGEN, CORK = Tide("Bergen"), Tide("Cork")


class Scene:
    """A new rollout, and whatever `answers` has for each look: first an answer or an error, or else "low"."""

    def __init__(self) -> None:
        self.world = world = World()
        world.api.apply("orders", spec())
        self.record = Record(Resource.parse(world.api.list()[0]), Longest())
        self.record.access = Ungoverned()
        self.answers: dict[Look[Any], list[object]] = {}
        self.asked: list[tuple[Look[Any], Urgency]] = []
        self.woken: list[str] = []
        self.retried: list[tuple[str, bool]] = []
        self.tides = Source(self._answer)
        self.winds = Source(self._answer)
        self.rings = Source(self._answer, is_done_once=True)
        self.workers = NotedErrands(Lanes(world.clock, world.workers, world.meter))
        self.recovery = Recovery(world.clock, lambda uid, is_over: self.retried.append((uid, is_over)))
        feed = AlarmFeedOf(world.cloud)
        self.board = AlarmBoard(
            world.clock, self.workers, feed, Random(1), self.recovery, self.woken.append, world.meter
        )
        self.build()

    def build(self, **tides: Any) -> None:
        """With other attributes of the source of tides."""
        sources: dict[type[Look[Any]], Source] = {
            Wind: self.winds,
            Tide: replace(self.tides, **tides),
            Ring: self.rings,
            Fog: Source(self._answer),
        }
        self.looking = Looking(self.world.clock, self.workers, sources, self.board, self.recovery, self.woken.append)

    def _answer(self, alias: AliasArn, look: Look[Any], urgency: Urgency) -> object:
        assert alias == LIVE
        self.asked.append((look, urgency))
        answers = self.answers.get(look, [])
        answer = answers.pop(0) if answers else "low"
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start(self, *looks: Look[Any], **more: Any) -> float | None:
        """Ask for these looks; when to ask again."""
        chores = frozenset(look for look in looks if isinstance(look, Chore))
        decision = Decision(self.record.working, looks=frozenset(looks) - chores, chores=chores)
        return self.looking.start(self.record, replace(decision, **more))

    def look(self, *looks: Look[Any]) -> None:
        """Ask for these looks, and have them answered."""
        self.start(*looks)
        self.work()

    def work(self) -> None:
        while self.world.workers.run_one():
            pass

    def pauses_s(self, look: Look[Any], times: int, answer: object) -> list[float]:
        """How long it waits after each of so many answers that are the same."""
        pauses_s = []
        for _ in range(times):
            self.answers[look] = [answer]
            self.look(look)
            next_at = self.start(look)
            assert next_at is not None
            pauses_s.append(next_at - self.world.clock.monotonic())
            self.world.clock.advance(400)
        return pauses_s

    @property
    def known(self) -> dict[Look[Any], object]:
        return dict(self.record.facts.answers)


@pytest.fixture
def scene() -> Scene:
    return Scene()


# -- what is begun --


def test_looks_begin_in_the_order_of_the_sources_and_by_their_names(scene: Scene) -> None:
    scene.start(CORK, BERGEN, Wind())
    scene.work()
    assert [look for look, _ in scene.asked] == [Wind(), BERGEN, CORK]
    harbours = [Tide(letter) for letter in "abcdefgh"]
    scene.look(*harbours)
    assert [look for look, _ in scene.asked[3:]] == harbours
    del scene.workers.errands[3:]
    assert scene.workers.errands == [
        Errand(Lane.FORWARD, PLACE, "Wind", caller=CALLER),
        Errand(Lane.FORWARD, PLACE, "Tide", caller=CALLER),
        Errand(Lane.FORWARD, PLACE, "Tide", caller=CALLER),
    ]


def test_a_look_goes_by_the_lane_and_the_urgency_that_its_source_says(scene: Scene) -> None:
    def route(status: Status) -> tuple[Lane, Urgency]:
        assert status is scene.record.working
        return Lane.CHORES, Urgency.BACKGROUND

    scene.build(route=route)
    scene.look(BERGEN)
    assert scene.workers.errands == [Errand(Lane.CHORES, PLACE, "Tide", caller=CALLER)]
    assert scene.asked == [(BERGEN, Urgency.BACKGROUND)]


def test_looks_that_go_together_are_one_job_with_time_for_all(scene: Scene) -> None:
    scene.build(together_s=lambda count: 100.0 + count)
    scene.start(BERGEN, CORK)
    assert scene.start(BERGEN, CORK, Tide("Oslo")) is None, "one job of the kind at a time"
    scene.work()
    assert scene.workers.errands == [Errand(Lane.FORWARD, PLACE, "Tide", 102.0, CALLER)]
    assert scene.known == {BERGEN: "low", CORK: "low"}
    assert scene.record.looking == set()


def test_looks_of_two_kinds_that_go_together_are_two_jobs(scene: Scene) -> None:
    scene.winds = replace(scene.winds, together_s=lambda count: 50.0)
    scene.build(together_s=lambda count: 100.0)
    scene.look(BERGEN, CORK, Wind())
    assert scene.workers.errands == [
        Errand(Lane.FORWARD, PLACE, "Wind", 50.0, CALLER),
        Errand(Lane.FORWARD, PLACE, "Tide", 100.0, CALLER),
    ]


def test_a_look_under_way_is_not_begun_again_and_another_of_its_kind_is(scene: Scene) -> None:
    scene.start(BERGEN)
    scene.start(BERGEN, CORK)
    scene.work()
    assert [look for look, _ in scene.asked] == [BERGEN, CORK]


def test_a_look_whose_time_has_not_come_holds_up_no_other(scene: Scene) -> None:
    scene.look(BERGEN)
    next_at = scene.start(BERGEN, CORK, Wind())
    scene.work()
    assert [look for look, _ in scene.asked] == [BERGEN, Wind(), CORK]
    assert next_at == pytest.approx(scene.world.clock.monotonic() + 0.5)


def test_of_several_looks_that_wait_the_first_says_when_to_ask_again(scene: Scene) -> None:
    scene.look(BERGEN)
    scene.world.clock.advance(0.25)
    scene.look(BERGEN, CORK)
    assert scene.start(BERGEN, CORK) == pytest.approx(scene.world.clock.monotonic() + 0.25)


def test_a_look_begins_at_the_very_moment_that_its_pause_is_over(scene: Scene) -> None:
    scene.look(BERGEN)
    scene.world.clock.advance(0.5)
    assert scene.start(BERGEN) is None
    scene.work()
    assert len(scene.asked) == 2


def test_a_rollout_without_an_alias_looks_at_nothing(scene: Scene) -> None:
    raw = {**scene.world.api.list()[0], "spec": {**spec(), "stateMachineArn": "no ARN"}}
    scene.record.resource = Resource.parse(raw)
    assert scene.start(BERGEN) is None
    assert scene.workers.errands == []


# -- alarms --


def test_who_asks_for_the_alarms_has_them_read_at_once(scene: Scene) -> None:
    scene.world.cloud.set_alarm("errors", AlarmState.OK)
    scene.board.watch(scene.record.uid, PLACE, ("errors",), 10.0)
    scene.board.run_due()
    scene.work()
    scene.world.clock.advance(1)
    for looks in ((BERGEN,), (BERGEN, ReadAlarms())):
        scene.start(*looks)
        scene.board.run_due()
        scene.work()
        fact = scene.board.facts(scene.record.uid)["errors"]
        assert isinstance(fact, AlarmReading)
        assert (fact.read_at > NOON + timedelta(hours=1, seconds=0.5)) is (ReadAlarms() in looks)


# -- chores --


def test_a_chore_begins_once_the_status_that_it_is_named_by_is_stored(scene: Scene) -> None:
    scene.record.working = scene.record.stored.with_(message="decided")
    scene.look(Ring("noon"), Fog())
    assert [look for look, _ in scene.asked] == [Fog()]
    scene.record.stored = scene.record.working
    scene.look(Ring("noon"))
    assert [look for look, _ in scene.asked] == [Fog(), Ring("noon")]


def test_what_is_done_once_is_tried_until_it_is_done_and_then_no_more(scene: Scene) -> None:
    scene.answers[Ring("noon")] = [Denied("no")]
    for _ in range(4):
        scene.look(Ring("noon"), Fog())
        scene.world.clock.advance(400)
    assert [look for look, _ in scene.asked if look != Fog()] == [Ring("noon")] * 2
    assert [look for look, _ in scene.asked].count(Fog()) == 4, "another one behind it is looked at all the same"


# -- how soon again --

AT_REST = Status(started_at=NOON, finished_at=NOON)
SLOW_S = [5, 10, 20, 40, 80, 160, 300, 300]
QUICK_S = [0.5, 1, 2, 4, 5, 5]

PAUSES_S = {
    "an answer": ("low", QUICK_S),
    "no answer": (Transient("503"), [0.5, 1, 2, 4, 8, 16, 30, 30]),
    "a conflict": (Conflict("changed"), [0.5, 1, 2, 4, 8, 16, 30, 30]),
    "a throttle": (Transient("slow down", retry_after_s=40.0), [40, 40]),
    "a short throttle": (Transient("slow down", retry_after_s=3.0), [3, 3, 3, 4]),
    "a refusal": (Denied("no"), SLOW_S),
    "a defect": (ValueError("a defect"), SLOW_S),
}


@pytest.mark.parametrize("answered", PAUSES_S)
def test_a_look_is_repeated_soon_unless_a_person_is_needed(scene: Scene, answered: str) -> None:
    answer, expected_s = PAUSES_S[answered]
    assert scene.pauses_s(BERGEN, len(expected_s), answer) == pytest.approx(expected_s)


@pytest.mark.parametrize("answer", ["low", Transient("503")], ids=["answered", "not answered"])
def test_at_rest_nothing_hurries(scene: Scene, answer: object) -> None:
    scene.record.working = AT_REST
    assert scene.pauses_s(BERGEN, len(SLOW_S), answer) == pytest.approx(SLOW_S)


def test_what_somebody_must_create_first_is_asked_for_seldom_and_no_more_seldom_than_its_source_says(
    scene: Scene,
) -> None:
    scene.build(is_lacking=lambda answer: answer == "no sea", longest_pause_s=15.0)
    assert scene.pauses_s(BERGEN, 4, "no sea") == pytest.approx([5, 10, 15, 15])
    assert scene.pauses_s(CORK, 4, Denied("no")) == pytest.approx([5, 10, 15, 15])
    assert scene.pauses_s(Tide("Oslo"), 5, "low") == pytest.approx([0.5, 1, 2, 4, 5])


def test_what_was_not_asked_for_in_between_is_looked_at_at_once(scene: Scene) -> None:
    scene.look(BERGEN)
    scene.look(CORK)
    scene.look(BERGEN)
    assert [look for look, _ in scene.asked] == [BERGEN, CORK, BERGEN]


@pytest.mark.parametrize(("is_over", "pause_s"), [(True, 0.5), (False, 4.0)])
def test_when_its_place_answers_again_a_look_is_tried_at_once(scene: Scene, is_over: bool, pause_s: float) -> None:
    for _ in range(3):
        scene.answers[BERGEN] = [Transient("503")]
        scene.look(BERGEN)
        scene.world.clock.advance(400)
    scene.record.pace("report").next_at = 1e9
    scene.look(BERGEN)
    scene.record.pace(BERGEN).tries = 3
    scene.looking.retry(scene.record, is_over=is_over)
    scene.look(BERGEN)
    assert len(scene.asked) == 5
    assert scene.start(BERGEN) == pytest.approx(scene.world.clock.monotonic() + pause_s)
    assert scene.record.pace("report").next_at == 1e9, "what is no look has its own pace"


# -- what is said of it --


def test_what_could_not_be_read_is_unseen_since_the_first_time(scene: Scene) -> None:
    since = scene.world.clock.now()
    for why in ("503", "504"):
        scene.answers[BERGEN] = [Transient(why)]
        scene.look(BERGEN)
        assert scene.known == {BERGEN: Unseen(why, since, Trouble.TRANSIENT)}
        scene.world.clock.advance(400)
    scene.look(BERGEN)
    assert scene.known == {BERGEN: "low"}


def test_a_transient_failure_is_the_answer_after_as_many_tries_as_the_source_says(scene: Scene) -> None:
    scene.build(tries=2)
    scene.answers[BERGEN] = [Transient("503")] * 3
    for number in range(3):
        assert scene.known == {}, number
        scene.look(BERGEN)
        scene.world.clock.advance(400)
    assert isinstance(scene.known[BERGEN], Unseen)


def test_a_refusal_is_the_answer_at_once(scene: Scene) -> None:
    scene.build(tries=2)
    scene.answers[BERGEN] = [Denied("no")]
    scene.look(BERGEN)
    assert isinstance(scene.known[BERGEN], Unseen)


def test_of_looks_that_go_together_each_has_its_own_answer_and_a_failed_one_says_how_long_to_wait(
    scene: Scene,
) -> None:
    scene.build(together_s=lambda count: 100.0)
    scene.answers[CORK] = [Denied("no")]
    scene.look(BERGEN, CORK)
    assert scene.known == {BERGEN: "low", CORK: Unseen("no", scene.world.clock.now(), Trouble.DENIED)}
    assert scene.start(BERGEN, CORK) == pytest.approx(scene.world.clock.monotonic() + 5)


def test_who_looked_is_woken_when_the_answer_is_there(scene: Scene) -> None:
    scene.start(BERGEN)
    assert scene.woken == []
    scene.work()
    assert scene.woken == [scene.record.uid]


def test_a_look_that_fails_waits_with_its_place_and_one_that_works_wakes_all(scene: Scene) -> None:
    scene.recovery.note(PLACE, "other", "Wind", Denied("no"))
    scene.answers[BERGEN] = [Denied("no")]
    scene.look(BERGEN)
    assert scene.recovery.waiting(PLACE) == 2
    scene.world.clock.advance(400)
    scene.look(BERGEN)
    assert scene.retried == [("other", True), (scene.record.uid, True)]


def test_a_look_that_works_where_one_of_its_kind_had_failed_is_a_hint_that_its_place_answers(scene: Scene) -> None:
    scene.recovery.note(PLACE, "other", "Tide", Denied("no"))
    scene.look(Wind())
    assert scene.retried == []
    scene.look(BERGEN)
    assert scene.retried == [("other", False)]


# -- what is kept --

KEPT: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "by itself": ({}, True, True),
    "never": ({"is_kept": False}, False, False),
    "until it is over": ({"is_kept_at_rest": False}, True, False),
    "while it may be put right": ({"may_be_put_right": True}, True, False),
}
"""Attributes of a source; whether what nobody asks for any more is kept in flight, and at rest."""


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("is_over", [False, True], ids=["in flight", "at rest"])
def test_what_nobody_asks_for_any_more_is_kept_as_its_source_says(scene: Scene, kept: str, is_over: bool) -> None:
    attributes, *is_kept = KEPT[kept]
    scene.build(**attributes)
    scene.look(BERGEN, Wind())
    if is_over:
        scene.record.working = AT_REST
    scene.start(Wind())
    assert (BERGEN in scene.known) is is_kept[is_over]
    assert Wind() in scene.known


def test_what_is_asked_for_is_kept_in_any_case(scene: Scene) -> None:
    scene.build(is_kept=False)
    scene.look(BERGEN)
    scene.start(BERGEN)
    assert BERGEN in scene.known


@pytest.mark.parametrize("may_be_put_right", [False, True])
def test_what_somebody_may_put_right_is_what_its_source_says(scene: Scene, may_be_put_right: bool) -> None:
    scene.build(may_be_put_right=may_be_put_right)
    assert scene.looking.may_be_put_right == (frozenset({Tide}) if may_be_put_right else frozenset())
