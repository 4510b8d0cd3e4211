"""The engine by itself, with a toy core: whom it ticks, when, with which evidence, and what it forgets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import AlarmState, Status, Trip
from sfn_rollouts.core.values.arn import AliasArn, Place
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.identity import Identity
from sfn_rollouts.core.values.looks import CountCallers, FindVersion, Look, ReadAlias, ReadDefinition
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Account, AlarmReading, AliasReading, Trouble, Unseen, VersionReading
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.targets import Neighbours
from sfn_rollouts.engine.engine import SOONEST_S
from sfn_rollouts.engine.regions import KEPT_S
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from sfn_rollouts.ports import Clock, Errand, Key, Lane, Outside
from tests.engine.fake_clock import NOON
from tests.engine.fake_cloud import LIVE, MACHINE
from tests.engine.fake_random import Longest
from tests.engine.faults import FOR_EVER
from tests.engine.world import Metered, World, spec

PLACE = MACHINE.place
IN_FLIGHT = Status(started_at=NOON)
GOING_BACK = Status(started_at=NOON, trip=Trip(reason="AlarmFiring", message="errors", at=NOON))
AT_REST = Status(started_at=NOON, finished_at=NOON)


class Scene:
    """A world whose core decides what a test says for each resource, by name: a status, or None for the last one."""

    def __init__(self) -> None:
        self.wanted: dict[str, dict[str, Any]] = {}
        self.seen: list[tuple[str, Observation]] = []
        self._names: dict[str, str] = {}  # by uid, of all that there have been
        self.world = World(self._decide, random=Longest())

    def _decide(self, rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        self._names |= {raw["metadata"]["uid"]: raw["metadata"]["name"] for raw in self.world.api.list()}
        name = self._names[rollout.uid]
        self.seen.append((name, seen))
        wanted = self.wanted.get(name, {})
        return Decision(**{"status": rollout.status, **wanted})

    def decide(self, name: str = "orders", **wanted: Any) -> None:
        self.wanted[name] = wanted

    def apply(self, name: str = "orders", **fields: Any) -> str:
        """A resource that the engine hears of; returns its uid."""
        uid = self.world.api.apply(name, spec(**fields))
        self.world.settle()
        return uid

    def ticked(self, action: Callable[[], Any]) -> list[str]:
        """Which resources are ticked by this, and what follows at once; each once."""
        self.seen.clear()
        action()
        self.world.settle()
        return list(dict.fromkeys(name for name, _ in self.seen))

    def due_s(self) -> float | None:
        """In how many seconds something is due."""
        due = self.world.engine.run_due()
        return None if due is None else due - self.world.clock.monotonic()

    @property
    def errands(self) -> list[tuple[Lane, str]]:
        return [(errand.lane, errand.calls) for errand in self.world.lanes.errands]


@pytest.fixture
def scene() -> Scene:
    return Scene()


# -- what comes in --


def test_a_new_resource_and_a_changed_one_are_ticked_and_one_that_is_known_or_older_is_not(scene: Scene) -> None:
    scene.apply()
    before = scene.world.api.list()[0]
    assert scene.ticked(lambda: scene.world.engine.upsert(before)) == []
    assert scene.ticked(lambda: scene.world.api.apply("orders", spec(3))) == ["orders"]
    assert scene.ticked(lambda: scene.world.engine.upsert(before)) == []


def test_what_is_decided_on_is_as_the_engine_knows_it(scene: Scene) -> None:
    scene.apply()
    _, seen = scene.seen[-1]
    assert seen.account == Account("123456789012", "aws")
    assert seen.is_region_known
    assert not seen.has_older_rival
    assert seen.poll_interval_s == 10.0
    assert scene.world.meter.longest_tick_s == 0.0, "no time passes in this world while it ticks"
    assert scene.world.meter.shown == {Key("shop", "orders"): "None"}
    assert scene.world.meter.aliases == {Key("shop", "orders"): LIVE}


NOWHERE = "arn:aws:states:eu-nowhere-1:123456789012:stateMachine:OrderProcessor"


@pytest.mark.parametrize(("machine", "is_known"), [(str(MACHINE), True), (NOWHERE, False), ("no ARN", True)])
def test_whether_a_region_is_one_is_known(scene: Scene, machine: str, is_known: bool) -> None:
    scene.apply(stateMachineArn=machine)
    assert {seen.is_region_known for _, seen in scene.seen} == {is_known}


@pytest.mark.parametrize(
    ("alarms", "interval_s"),
    [
        (None, 5.0),
        ({"names": ["errors"], "pollInterval": "30s"}, 30.0),
        ({"names": ["errors"], "pollInterval": "5s"}, 5.0),
    ],
)
def test_the_interval_of_alarms_is_the_one_of_the_spec_and_at_least_the_operators(
    scene: Scene, alarms: Any, interval_s: float
) -> None:
    scene.apply(alarms=alarms)
    assert {seen.poll_interval_s for _, seen in scene.seen} == {interval_s}


def test_of_two_that_name_an_alias_the_second_one_learns_of_its_rival(scene: Scene) -> None:
    scene.apply("first")
    scene.world.clock.advance(5)
    scene.apply("second")
    assert {(name, seen.has_older_rival) for name, seen in scene.seen} == {("first", False), ("second", True)}


def test_whoever_waits_for_an_alias_is_ticked_when_the_one_in_flight_has_ended(scene: Scene) -> None:
    scene.decide("first", status=IN_FLIGHT)
    scene.apply("first")
    scene.apply("second")
    scene.decide("first", status=AT_REST)
    assert scene.ticked(lambda: scene.world.api.apply("first", spec(3))) == ["first", "second"]
    assert scene.ticked(lambda: scene.world.api.apply("first", spec(4))) == ["first"]


def test_one_that_is_about_to_begin_learns_of_the_others(scene: Scene) -> None:
    scene.apply("other", alias="other")
    scene.decide(looks=frozenset({ReadDefinition(2)}))
    scene.apply()
    assert scene.seen[-1][1].neighbours == Neighbours(
        shifts={str(LIVE): "shop/orders", str(MACHINE.alias("other")): "shop/other"}, own="shop/orders"
    )


def test_where_the_account_cannot_be_known_all_goes_on(scene: Scene) -> None:
    scene.world.cloud.ours = Denied("no credentials")
    scene.apply()
    assert scene.seen[-1][1].account == Unseen("no credentials", scene.world.clock.now(), Trouble.DENIED)


def test_who_edits_may_have_put_right_what_was_looked_at(scene: Scene) -> None:
    looks = frozenset({CountCallers(), FindVersion(2)})
    scene.decide(looks=looks)
    scene.apply()
    assert all(scene.seen[-1][1].of(look) is not None for look in looks)
    assert scene.ticked(lambda: scene.world.api.apply("orders", spec(retryToken="again"))) == ["orders"]
    _, seen = scene.seen[0]
    assert [look for look in looks if seen.of(look) is None] == [CountCallers()]


def test_whoever_answers_looks_and_does_chores_is_given_the_ports_and_the_clock() -> None:
    given: list[object] = []

    def nobody(outside: Outside, clock: Clock) -> Mapping[type[Look[Any]], Source]:
        given.extend((outside.router, clock))
        return {}

    world = World(sources_of=nobody, chores_of=nobody)
    assert given == [world.cloud, world.clock] * 2


# -- what is gone --


def test_of_one_that_is_gone_nothing_is_kept(scene: Scene) -> None:
    scene.decide(watches_alarms=True, wake_at=NOON + timedelta(hours=2))
    uid = scene.apply()
    scene.world.engine._recovery.note(PLACE, uid, "ReadAlias", Denied("no"))
    assert scene.due_s() is not None
    assert scene.ticked(lambda: scene.world.engine.forget(uid)) == []
    assert scene.world.meter.shown == {}
    assert scene.world.engine._recovery.waiting(PLACE) == 0
    scene.world.run_for(20)
    scene.world.lanes.errands.clear()
    assert scene.due_s() == pytest.approx(KEPT_S - 20), "only its region is left later"
    assert scene.ticked(lambda: scene.world.run_for(2 * KEPT_S)) == []
    assert scene.world.lanes.errands == [Errand(Lane.FORWARD, None, "leave")]
    assert scene.world.cloud.left == ["eu-west-1"]
    assert scene.due_s() is None


def test_whoever_waits_for_the_alias_of_one_that_is_gone_is_ticked(scene: Scene) -> None:
    uid = scene.apply("first")
    scene.apply("second")
    scene.apply("other", alias="other")
    assert scene.ticked(lambda: scene.world.engine.forget(uid)) == ["second"]


def test_one_without_an_alias_goes_without_a_trace_too(scene: Scene) -> None:
    uid = scene.apply(stateMachineArn="no ARN")
    scene.world.engine.forget(uid)
    assert scene.world.meter.shown == {}
    assert scene.due_s() is None


def test_an_event_from_before_the_end_of_a_resource_does_not_bring_it_back(scene: Scene) -> None:
    uid, before = scene.apply(), scene.world.api.list()[0]
    scene.world.engine.forget(uid)
    assert scene.ticked(lambda: scene.world.engine.upsert(before)) == []
    assert scene.world.meter.shown == {}


@pytest.mark.parametrize(
    ("status", "is_deleting", "warns"),
    [(IN_FLIGHT, False, True), (IN_FLIGHT, True, False), (AT_REST, False, False)],
    ids=["in flight", "deleted while in flight", "at rest"],
)
def test_that_nobody_looks_after_an_alias_any_more_is_logged(
    scene: Scene, status: Status, is_deleting: bool, warns: bool
) -> None:
    scene.decide(status=status)
    uid = scene.apply()
    if is_deleting:
        raw = scene.world.api.list()[0]
        changed = {"resourceVersion": "1000", "deletionTimestamp": "2026-03-01T13:00:00Z"}
        scene.world.engine.upsert({**raw, "metadata": {**raw["metadata"], **changed}})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))  # undone by conftest.py
    with capture_logs() as logged:
        scene.world.engine.forget(uid)
    message = "gone while in flight: nobody looks after its alias any more"
    assert [line["event"] for line in logged] == [message] * warns


# -- the sweep --


def test_with_the_first_sweep_all_are_ticked_and_later_what_has_changed(scene: Scene) -> None:
    scene.world.is_swept = False
    scene.world.start()
    scene.world.api.is_watch_cut = True
    scene.world.api.apply("one", spec())
    scene.world.api.apply("two", spec(alias="two"))
    resources = scene.world.api.list()
    assert scene.ticked(lambda: scene.world.engine.upsert(resources[0])) == []
    assert scene.ticked(lambda: scene.world.engine.sweep(resources)) == ["one", "two"]
    assert scene.ticked(lambda: scene.world.engine.sweep(resources)) == []
    scene.world.api.apply("two", spec(3, alias="two"))
    assert scene.ticked(lambda: scene.world.engine.sweep(scene.world.api.list())) == ["two"]


GETS: dict[str, tuple[Any, bool]] = {
    "it is gone": (Gone("not found"), True),
    "nobody knows": (Transient("503"), False),
    "it may not be read": (Denied("no"), False),
    "it is there": ("orders", False),
    "another one has its name": ("other", True),
}


@pytest.mark.parametrize("answer", GETS)
def test_one_that_a_list_lacks_is_forgotten_once_it_is_known_to_be_gone(scene: Scene, answer: str) -> None:
    scene.apply()
    scene.apply("other", alias="other")
    given, is_gone = GETS[answer]
    if isinstance(given, PortError):
        scene.world.api.faults.add("get", given)
    else:
        raw = {Key("shop", "orders"): scene.world.api.resource(given)}
        scene.world.api.get = raw.__getitem__  # type: ignore[method-assign,assignment]
    listed = [each for each in scene.world.api.list() if each["metadata"]["name"] == "other"]
    scene.world.lanes.errands.clear()
    scene.world.engine.sweep(listed)
    assert scene.world.lanes.errands == [Errand(Lane.REPORT, None, "get")]
    scene.world.settle()
    assert (Key("shop", "orders") not in scene.world.meter.shown) is is_gone
    assert Key("shop", "other") in scene.world.meter.shown


# -- what the API server answers to a report --


def test_one_that_is_found_gone_by_its_report_is_forgotten(scene: Scene) -> None:
    scene.apply()
    scene.world.api.drop("orders")
    scene.decide(status=Status(message="news"))
    scene.world.engine.lead()
    scene.world.settle()
    assert scene.world.meter.shown == {}


def test_one_that_was_created_again_under_its_name_takes_the_place_of_the_one_before(scene: Scene) -> None:
    old = scene.apply()
    scene.world.api.is_watch_cut = True
    scene.world.api.drop("orders")
    new = scene.world.api.apply("orders", spec(3))
    scene.decide(status=Status(message="news"))
    scene.world.engine.lead()
    scene.world.settle()
    assert list(scene.world.engine._records) == [new]
    assert new != old
    assert scene.world.status().message == "news"


# -- standing by, leading, draining --


def test_one_that_stands_by_shows_and_ticks_nothing_until_it_leads(scene: Scene) -> None:
    scene.apply("one")
    scene.apply("two", alias="two")
    scene.world.stands_by = True
    scene.world.meter.shown.clear()
    assert scene.ticked(scene.world.start) == []
    assert scene.world.meter.shown == {}
    assert scene.ticked(scene.world.engine.lead) == ["one", "two"]
    assert list(scene.world.meter.shown) == [Key("shop", "one"), Key("shop", "two")]


def test_where_it_drains_nothing_is_looked_at_and_no_step_is_taken(scene: Scene) -> None:
    step = Write(WriteKind.FORWARD, Routing.whole(2), expected=Routing.whole(1))
    scene.apply()
    scene.world.engine.drain()
    scene.world.lanes.errands.clear()
    scene.decide(status=IN_FLIGHT, write=step, looks=frozenset({ReadAlias()}), holds_finalizer=True)
    scene.world.api.apply("orders", spec(3))
    scene.world.settle()
    assert scene.errands == [(Lane.REPORT, "report")]
    assert scene.world.cloud.writes == []


def test_it_is_quiet_when_nothing_is_written_or_reported(scene: Scene) -> None:
    scene.decide(status=Status(message="news"))
    scene.world.workers.held = {Lane.REPORT}
    scene.apply()
    assert not scene.world.engine.is_quiet
    scene.world.workers.held = set()
    scene.world.settle()
    assert scene.world.engine.is_quiet


def test_nothing_begins_before_the_account_is_known_and_what_is_in_flight_goes_on(scene: Scene) -> None:
    scene.decide("two", status=IN_FLIGHT)
    scene.apply("one")
    scene.apply("two", alias="two")

    def restart() -> None:
        scene.world.restart()
        scene.world.workers.held = {Lane.FORWARD}

    assert scene.ticked(restart) == ["two"]
    scene.world.workers.held = set()
    assert scene.ticked(lambda: None) == ["one", "two"]


# -- when --


@pytest.mark.parametrize(
    ("wake_in_s", "due_s"), [(None, None), (60.0, 60.001), (0.1, 0.101), (0.01, SOONEST_S), (-5.0, SOONEST_S)]
)
def test_a_rollout_is_ticked_when_its_decision_says_and_never_in_a_hot_loop(
    scene: Scene, wake_in_s: float | None, due_s: float | None
) -> None:
    scene.apply()
    wake_at = None if wake_in_s is None else scene.world.clock.now() + timedelta(seconds=wake_in_s)
    scene.decide(wake_at=wake_at)
    scene.world.api.apply("orders", spec(3))
    scene.world.settle()
    found_s = scene.due_s()
    assert found_s == (None if due_s is None else pytest.approx(due_s))
    if due_s is not None:
        assert scene.ticked(lambda: scene.world.clock.advance(due_s - 0.002)) == []
        assert scene.ticked(lambda: scene.world.clock.advance(0.003)) == ["orders"]


def test_what_is_due_first_says_when_to_come_again(scene: Scene) -> None:
    """A look that may be repeated, a poll of alarms, a wake time, and a job that may hang."""
    scene.world.cloud.latency_s = 0.0
    scene.decide(looks=frozenset({FindVersion(2)}), watches_alarms=True, wake_at=NOON + timedelta(hours=2))
    scene.apply()
    assert scene.due_s() == pytest.approx(0.5), "the look"
    scene.decide(watches_alarms=True, wake_at=NOON + timedelta(hours=2))
    scene.world.clock.advance(0.5)
    scene.world.engine.run_due()
    assert scene.due_s() == pytest.approx(9.5), "the alarm"
    scene.decide(wake_at=NOON + timedelta(hours=1, seconds=5))
    scene.world.api.apply("orders", spec(3))
    scene.world.settle()
    assert scene.due_s() == pytest.approx(4.501), "the wake time"
    scene.world.run_for(20)
    scene.decide(looks=frozenset({ReadAlias()}))
    scene.world.workers.held = {Lane.FORWARD}
    scene.world.api.apply("orders", spec(4))
    scene.world.settle()
    assert scene.due_s() == pytest.approx(60.0), "the job"


def test_a_look_is_repeated_when_its_pause_is_over(scene: Scene) -> None:
    scene.decide(looks=frozenset({FindVersion(2)}))
    scene.apply()
    asked = scene.world.cloud.count()["find"]
    scene.world.run_for(10)
    assert scene.world.cloud.count()["find"] > asked


# -- alarms --


def test_alarms_are_watched_as_long_as_a_decision_says_so(scene: Scene) -> None:
    scene.decide(watches_alarms=True)
    scene.apply(alarms={"names": ["errors", "latency"], "pollInterval": "30s"})
    assert scene.world.cloud.batches == [(PLACE, ("errors", "latency"))]
    assert {type(fact) for fact in scene.seen[-1][1].alarms.values()} >= {AlarmReading}
    assert scene.due_s() == pytest.approx(30.0)
    scene.world.cloud.set_alarm("errors", AlarmState.ALARM)
    assert scene.ticked(lambda: scene.world.run_for(31)) == ["orders"]
    scene.decide()
    scene.world.engine.lead()
    scene.world.cloud.batches.clear()
    scene.world.run_for(120)
    assert scene.world.cloud.batches == []


@pytest.mark.parametrize("broken", [{"alarms": None}, {"stateMachineArn": "no ARN"}, {"strategy": {}}], ids=str)
def test_where_there_are_no_alarms_none_are_watched(scene: Scene, broken: dict[str, Any]) -> None:
    scene.decide(watches_alarms=True)
    scene.apply(**broken)
    assert scene.world.cloud.batches == []
    assert scene.due_s() is None


def test_alarms_that_cannot_be_read_are_read_again_soon(scene: Scene) -> None:
    scene.world.cloud.faults.add("alarms", Transient("503"))
    scene.decide(watches_alarms=True)
    scene.apply()
    assert scene.due_s() == pytest.approx(1.0)


# -- defects, and places that answer again --


class Broken(Metered):
    """Fails while a test wants it to."""

    is_broken = True

    def rollout(self, key: Key, alias: AliasArn | None, status: Status) -> None:
        if self.is_broken:
            raise ZeroDivisionError("a defect")


def test_a_defect_in_a_tick_has_it_tried_again_ever_more_rarely_until_it_is_gone(scene: Scene) -> None:
    scene.apply()
    scene.world.meter = meter = Broken()
    meter.is_broken = False
    scene.world.restart()
    scene.world.settle()
    for _ in range(2):
        meter.is_broken = True
        scene.decide(status=Status(message=f"{scene.world.clock.elapsed_ms}"))
        scene.world.engine._wake(scene.world.api.uid("orders"))
        for number, pause_s in enumerate((5, 10, 20, 40, 80, 160, 300, 300), start=1):
            assert scene.due_s() == pytest.approx(pause_s)
            scene.decide(status=Status(message=f"{number} {scene.world.clock.elapsed_ms}"))
            scene.world.clock.advance(pause_s)
        meter.is_broken = False
        scene.world.engine.run_due()
        scene.world.settle()
        assert scene.due_s() is None
    assert meter.defects == 16


def test_only_a_decision_that_failed_is_logged_as_one(scene: Scene) -> None:
    scene.apply()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))  # undone by conftest.py
    with capture_logs() as logged:
        scene.world.engine.lead()
        scene.decide(no_field_of_a_decision=1)
        scene.world.engine.lead()
    assert [line["event"] for line in logged] == ["deciding failed"]
    assert isinstance(logged[0]["exc_info"], TypeError)


def test_what_waits_in_a_place_that_answers_again_is_tried_at_once(scene: Scene) -> None:
    scene.world.cloud.faults.add("find", Denied("no"), 5)
    scene.decide(looks=frozenset({FindVersion(2)}))
    uid = scene.apply()
    asked = scene.world.cloud.count()["find"]
    assert scene.due_s() == pytest.approx(5.0)
    scene.world.engine._retry(uid, False)
    scene.world.engine.run_due()
    scene.world.settle()
    assert scene.world.cloud.count()["find"] == asked + 1
    assert scene.due_s() == pytest.approx(10.0), "and the pause grows on"
    scene.world.engine._retry(uid, True)
    scene.world.engine.run_due()
    scene.world.settle()
    assert scene.due_s() == pytest.approx(5.0), "but where the trouble is over"


def test_a_restore_that_waits_in_a_place_that_answers_again_is_tried_at_once(scene: Scene) -> None:
    restore = Write(WriteKind.RESTORE, Routing.whole(1))
    scene.world.cloud.faults.add("read", Denied("no"), FOR_EVER)
    scene.decide(status=GOING_BACK, write=restore)
    uid = scene.apply()
    for is_over, pause_s in ((False, 4.0), (True, 2.0)):
        asked = scene.world.cloud.count()["read"]
        scene.world.engine._retry(uid, is_over)
        scene.world.engine.run_due()
        scene.world.settle()
        assert scene.world.cloud.count()["read"] == asked + 1
        assert scene.due_s() == pytest.approx(pause_s)


def test_an_answer_to_one_rollout_is_a_hint_for_another_of_its_place(scene: Scene) -> None:
    scene.world.cloud.faults.add("find", Denied("no"))
    scene.decide("orders", looks=frozenset({FindVersion(2)}))
    scene.decide("other", looks=frozenset({FindVersion(3)}))
    scene.apply()
    scene.apply("other", alias="other")
    scene.world.engine.run_due()
    scene.world.settle()
    assert {name for name, seen in scene.seen if isinstance(seen.of(FindVersion(2)), VersionReading)} == {"orders"}


def test_one_that_is_gone_is_not_tried_again(scene: Scene) -> None:
    assert scene.ticked(lambda: scene.world.engine._retry("nobody", True)) == []
    assert scene.due_s() is None


def test_an_answer_reaches_the_next_decision(scene: Scene) -> None:
    scene.decide(looks=frozenset({ReadAlias()}))
    scene.apply()
    answer = scene.seen[-1][1].of(ReadAlias())
    assert isinstance(answer, AliasReading)
    assert answer.routing == Routing.whole(1)


# -- who may move what --


def access_raw(version: int, name: str = "team", role: str = "", **fields: Any) -> dict[str, Any]:
    """An AWSAccess for all aliases of the namespace; without a role it is for the operator's own identity."""
    metadata = {"name": name, "uid": name, "resourceVersion": str(version), "generation": version}
    role_arn = {"roleArn": f"arn:aws:iam::{MACHINE.account}:role/{role}"} if role else {}
    named = {"namespaces": {"names": ["shop"]}, "stateMachines": [str(MACHINE)]}
    return {"metadata": metadata, "spec": {**named, **role_arn, **fields}}


def place_of(role: str) -> Place:
    return replace(PLACE, identity=Identity(f"arn:aws:iam::{MACHINE.account}:role/{role}"))


def test_one_that_is_not_granted_is_no_neighbour(scene: Scene) -> None:
    scene.world.engine.access_seen(access_raw(1, aliases=["live"]))
    scene.apply("other", alias="other")
    scene.decide(looks=frozenset({ReadDefinition(2)}))
    scene.apply()
    assert scene.seen[-1][1].neighbours == Neighbours(shifts={str(LIVE): "shop/orders"}, own="shop/orders")


def test_for_one_that_is_not_granted_nothing_is_called_whatever_is_decided(scene: Scene) -> None:
    scene.world.engine.access_seen(access_raw(1, namespaces={"names": ["other"]}))
    restore = Write(WriteKind.RESTORE, Routing.whole(1))
    scene.decide(write=restore, looks=frozenset({ReadAlias(), FindVersion(2)}), watches_alarms=True)
    scene.apply()
    assert scene.errands == []
    assert (scene.world.cloud.calls, scene.world.cloud.batches) == ([], [])


def test_a_rival_learns_at_once_that_an_older_one_may_act_though_nobody_knows_yet_for_whom_it_calls(
    scene: Scene,
) -> None:
    scene.world.engine.access_seen(access_raw(1))
    scene.world.api.apply("older", spec(), namespace="first")
    scene.world.settle()
    scene.world.clock.advance(5)
    scene.apply("younger")
    scene.world.workers.held = {Lane.FORWARD}
    theirs = access_raw(2, "theirs", role="theirs", namespaces={"names": ["first"]})
    assert scene.ticked(lambda: scene.world.engine.access_seen(theirs)) == ["younger"]
    assert scene.seen[-1][1].has_older_rival


def test_with_another_identity_it_waits_no_more_in_the_place_of_the_one_before(scene: Scene) -> None:
    scene.world.engine.access_seen(access_raw(1, role="first"))
    scene.world.cloud.faults.add("find", Denied("no"), FOR_EVER)
    scene.decide("orders", looks=frozenset({FindVersion(2)}))
    scene.decide("other", looks=frozenset({FindVersion(2)}))
    scene.apply()
    scene.apply("other", alias="other")
    recovery = scene.world.engine._recovery
    assert recovery.waiting(place_of("first")) == 2
    scene.world.engine.access_seen(access_raw(2, role="first", aliases=["live"]))
    scene.world.settle()
    assert recovery.waiting(place_of("first")) == 1, "the other one is not granted any more"
    scene.world.engine.access_seen(access_raw(3, role="second"))
    scene.world.settle()
    assert (recovery.waiting(place_of("first")), recovery.waiting(place_of("second"))) == (0, 2)


def test_with_the_same_identity_it_waits_on_in_its_place(scene: Scene) -> None:
    scene.world.cloud.faults.add("find", Denied("no"), FOR_EVER)
    scene.decide(looks=frozenset({FindVersion(2)}))
    scene.apply()
    scene.world.workers.held = {Lane.FORWARD}
    scene.world.engine.access_seen(access_raw(1))
    assert scene.world.engine._recovery.waiting(PLACE) == 1


def test_what_was_refused_is_looked_at_again_at_once_when_it_is_granted_otherwise(scene: Scene) -> None:
    scene.world.cloud.faults.add("find", Denied("no"), FOR_EVER)
    scene.decide(looks=frozenset({FindVersion(2)}))
    scene.apply()
    scene.world.clock.advance(5.0)
    scene.world.engine.run_due()
    scene.world.settle()
    assert scene.due_s() == pytest.approx(10.0)
    asked = scene.world.cloud.count()["find"]
    scene.world.engine.access_seen(access_raw(1))
    scene.world.settle()
    assert scene.world.cloud.count()["find"] == asked + 1
    scene.world.run_for(4.9)
    assert scene.due_s() == pytest.approx(0.1), "the pauses begin again"


def test_a_restore_that_was_refused_is_tried_again_at_once_when_it_is_granted_otherwise(scene: Scene) -> None:
    scene.world.cloud.faults.add("read", Denied("no"), FOR_EVER)
    scene.decide(status=GOING_BACK, write=Write(WriteKind.RESTORE, Routing.whole(1)))
    uid = scene.apply()
    scene.world.engine._retry(uid, False)
    scene.world.engine.run_due()
    scene.world.settle()
    assert scene.due_s() == pytest.approx(4.0)
    asked = scene.world.cloud.count()["read"]
    scene.world.engine.access_seen(access_raw(1))
    scene.world.settle()
    assert scene.world.cloud.count()["read"] == asked + 1
    scene.world.run_for(2.5)
    assert scene.world.cloud.count()["read"] == asked + 2, "the pauses begin again, with two seconds"


def test_what_the_accesses_said_to_one_that_is_gone_is_not_kept(scene: Scene) -> None:
    scene.world.engine.access_seen(access_raw(1))
    uid = scene.apply()
    record, table = scene.world.engine._records[uid], scene.world.engine._accesses
    said = table.of(record)
    scene.world.engine.forget(uid)
    assert table.of(record) == said
    assert table.of(record) is not said
