"""Traffic: what a step waits for, and what it takes for the present."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import AliasStatus, Intent, Status, Trip
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.readings import AliasMissing, Trouble, WriteFailure
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.facts import Facts, FailedWrite
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.record import Record
from sfn_rollouts.engine.recovery import Recovery
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.engine.traffic import HANGS_S, Traffic, known_at
from sfn_rollouts.errors import Denied, NoAnswer, PortError, Transient, Withheld
from sfn_rollouts.ports import Errand, Lane
from tests.engine.fake_clock import NOON
from tests.engine.fake_cloud import LIVE
from tests.engine.fake_random import Longest
from tests.engine.fake_workers import NotedErrands
from tests.engine.world import World, spec

SPLIT = Routing.split(1, 2, 10)
STEP = Write(WriteKind.FORWARD, Routing.whole(2), expected=SPLIT)
RESTORE = Write(WriteKind.RESTORE, Routing.whole(1), expected=SPLIT, ours=frozenset({SPLIT, Routing.whole(1)}))


CALLER = Caller(session_name="shop.orders")
TRIP = Trip(reason="AlarmFiring", message="errors", at=NOON)


class Scene:
    """A rollout after its first step; the next one is asked for."""

    def __init__(self) -> None:
        self.world = World()
        self.world.api.apply("orders", spec())
        self.world.run(until=lambda: self.world.status().step_index == 0)
        self.world.workers.jobs.clear()
        self.record = Record(Resource.parse(self.world.api.list()[0]), Longest())
        intent = Intent(weight=100, step_index=1, at=self.world.clock.now())
        self.record.stored = self.record.working = self.record.working.with_(intent=intent)
        self.workers = NotedErrands(Lanes(self.world.clock, self.world.workers, self.world.meter))
        self.retried: list[tuple[str, bool]] = []
        self.woken: list[str] = []
        self.recovery = Recovery(self.world.clock, lambda uid, is_over: self.retried.append((uid, is_over)))
        self.traffic = Traffic(self.world.clock, self.workers, self.world.cloud, self.recovery, self.woken.append)

    def ask(self, *, may_go_forward: bool = True) -> bool:
        """Whether the step's write is started, now or before."""
        decision = Decision(self.record.working, STEP)
        assert self.traffic.start(self.record, decision, may_go_forward=may_go_forward) is None
        return self.record.writing is not None

    def go_back(self) -> float | None:
        """Ask for the restore; None where it is started or under way, else when to ask again."""
        return self.traffic.start(self.record, Decision(self.record.working, RESTORE), may_go_forward=False)

    def wait(self) -> float:
        """The monotonic time at which to ask again for the step, which is not started yet."""
        next_at = self.traffic.start(self.record, Decision(self.record.working, STEP), may_go_forward=True)
        assert self.record.writing is None
        assert next_at is not None
        return next_at


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_step_that_stands_at_the_api_server_is_taken(scene: Scene) -> None:
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == Routing.whole(2)
    assert scene.record.writing is None


@pytest.mark.parametrize(("kind", "retried"), [(WriteKind.FORWARD, [("other", False)]), (WriteKind.RESTORE, [])])
def test_a_step_that_is_taken_is_a_hint_for_those_whose_steps_failed(
    scene: Scene, kind: WriteKind, retried: list[tuple[str, bool]]
) -> None:
    scene.recovery.note(LIVE.machine.place, "other", kind, Transient("reset"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.retried == retried


def test_a_step_waits_for_the_report_that_is_under_way(scene: Scene) -> None:
    scene.record.is_reporting = True
    assert not scene.ask()
    assert not scene.world.workers.jobs


def test_a_step_waits_until_what_was_decided_is_stored(scene: Scene) -> None:
    scene.record.working = scene.record.working.with_(message="something else")
    assert not scene.ask()


def test_a_step_waits_for_the_finalizer(scene: Scene) -> None:
    scene.record.resource = replace(scene.record.resource, has_finalizer=False)
    assert not scene.ask()


def test_a_step_that_is_asked_for_again_meanwhile_is_started_once(scene: Scene) -> None:
    assert scene.ask()
    assert scene.ask()
    assert len(scene.world.workers.jobs) == 1
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == Routing.whole(2)


def test_a_step_that_has_not_begun_is_taken_back_when_nothing_may_go_forward(scene: Scene) -> None:
    assert scene.ask()
    assert not scene.ask(may_go_forward=False)
    assert scene.record.writing is None
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT


def test_an_alias_that_a_step_does_not_find_was_missing_when_the_step_was_asked_for(scene: Scene) -> None:
    scene.world.cloud.route(None)
    asked_at = scene.world.clock.now()
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.record.facts.alias == AliasMissing(asked_at)


def test_a_step_that_is_asked_for_again_right_after_it_was_taken_waits_a_moment(scene: Scene) -> None:
    """AWS may still answer with what was before."""
    assert scene.ask()
    assert scene.world.workers.run_one()
    next_at = scene.wait()
    assert 0.1 <= next_at - scene.world.clock.monotonic() <= 0.2
    scene.world.clock.advance(next_at - scene.world.clock.monotonic())
    scene.record.pace(WriteKind.FORWARD).next_at = scene.world.clock.monotonic()
    assert scene.ask()


def test_of_a_step_that_fails_again_and_again_it_is_known_why_and_since_when(scene: Scene) -> None:
    scene.world.cloud.faults.add("shift", Transient("reset"))
    scene.world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    first_at = scene.world.clock.now()
    assert 0.25 <= scene.wait() - scene.world.clock.monotonic() <= 0.5
    scene.world.clock.advance(1)
    assert scene.ask()
    assert scene.world.workers.run_one()
    failure = WriteFailure("no UpdateStateMachineAlias", Trouble.DENIED, first_at)
    assert scene.record.facts.failed == FailedWrite(WriteKind.FORWARD, failure)
    assert 5 <= scene.wait() - scene.world.clock.monotonic() <= 10


def test_a_step_does_not_wait_for_the_failures_of_one_before_it_that_is_settled(scene: Scene) -> None:
    scene.world.cloud.faults.add("shift", Denied("no UpdateStateMachineAlias"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    with_intent = scene.record.working
    settled = scene.record.working = with_intent.with_(intent=None)
    scene.traffic.start(scene.record, Decision(settled), may_go_forward=True)
    assert scene.record.facts.failed is None
    scene.record.working = with_intent
    assert scene.ask()


def test_a_defect_of_a_write_is_logged_with_its_traceback_and_a_bad_moment_of_aws_without(scene: Scene) -> None:
    errors = [ValueError("a defect"), Transient("reset")]
    for error in errors:
        scene.world.cloud.faults.add("shift", error)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        for _ in errors:
            assert scene.ask()
            assert scene.world.workers.run_one()
            scene.world.clock.advance(600)
    assert [line["exc_info"] for line in logged] == [errors[0], None]


def test_a_restore_was_asked_for_before_aws_was_called(scene: Scene) -> None:
    """What AWS took counts from that moment on: a trip that came while it was under way wants a restore of its own."""
    asked_at = scene.world.clock.now()
    scene.traffic.start(scene.record, Decision(scene.record.working, RESTORE), may_go_forward=False)
    assert scene.world.workers.run_one()
    assert scene.world.clock.now() > asked_at
    assert scene.record.facts.restore_asked_at == asked_at
    assert scene.record.facts.restored_at == scene.world.cloud.write_times[-1]


def test_a_restore_that_is_asked_for_again_where_it_is_to_be_seen_is_not_written_twice(scene: Scene) -> None:
    restore = Decision(scene.record.working, RESTORE)
    for _ in range(2):
        scene.traffic.start(scene.record, restore, may_go_forward=False)
        assert scene.world.workers.run_one()
        scene.world.clock.advance(600)
    assert scene.world.cloud.writes == [str(SPLIT), str(RESTORE.routing)]


@pytest.mark.parametrize("kind", [WriteKind.FORWARD, WriteKind.RESTORE])
def test_a_step_takes_no_answer_from_before_the_last_write_for_the_present(scene: Scene, kind: WriteKind) -> None:
    known = scene.record.working.alias
    assert known is not None
    assert known.update_date is not None
    later = known.update_date + timedelta(seconds=1)
    scene.record.facts.acknowledge(kind, later, scene.world.clock.now())
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT
    assert scene.record.writing is None


VERIFIED, FORWARD, RESTORED = (NOON + timedelta(seconds=number) for number in (1, 2, 3))
KNOWN_AT: dict[str, tuple[Write, set[datetime], datetime | None]] = {
    "nothing is known": (STEP, set(), None),
    "it was verified": (STEP, {VERIFIED}, VERIFIED),
    "a step was acknowledged since": (STEP, {VERIFIED, FORWARD}, FORWARD),
    "a restore was acknowledged since": (STEP, {VERIFIED, FORWARD, RESTORED}, RESTORED),
    "a restore knows of the step before it": (RESTORE, {VERIFIED, FORWARD, RESTORED}, FORWARD),
    "a restore does not go by itself": (RESTORE, {RESTORED}, None),
    "a restore goes by what was verified": (RESTORE, {VERIFIED}, VERIFIED),
}


@pytest.mark.parametrize("case", KNOWN_AT)
def test_the_last_change_that_is_known_of_is(case: str) -> None:
    write, dates, expected = KNOWN_AT[case]
    alias = AliasStatus(routing=(), update_date=VERIFIED) if VERIFIED in dates else None
    facts = Facts(forward_at=FORWARD if FORWARD in dates else None, restored_at=RESTORED if RESTORED in dates else None)
    assert known_at(Status(alias=alias), facts, write) == expected


# -- how long a write waits --

MANY = 40
"""Jobs of the place that wait, too."""

STEP_S = {
    Transient("reset"): [0.5, 1, 2, 4, 8, 16, 30, 30],
    Denied("no UpdateStateMachineAlias"): [5, 10, 20, 40, 80, 160, 300, 300],
    Transient("throttled", retry_after_s=40.0): [40, 40],
    PortError("garbage", retry_after_s=7.0): [7, 10],
}
RESTORE_S = {
    NoAnswer("timed out"): [0.5, 1, 1],
    Withheld("it does not answer"): [0.5, 1, 2, 4, 5, 5],
    Transient("reset"): [0.5, 1, 2, 4, 5, 5],
    Denied("no UpdateStateMachineAlias"): [2, 4, 8, 15, 15],
    Transient("throttled", retry_after_s=9.0): [9, 9],
    Transient("throttled", retry_after_s=40.0): [15, 15],
}
BESIDE_MANY_S = {
    NoAnswer("timed out"): [0.5, 1, 1],
    Withheld("it does not answer"): [0.5, 1, 2, 4, 8, 0.25 * (MANY + 1), 0.25 * (MANY + 1)],
    Transient("reset"): [0.5, 1, 2, 4, 8, 16, 32, 64, 2.0 * (MANY + 1)],
    Denied("no UpdateStateMachineAlias"): [2, 4, 8, 16, 32, 64, 2.0 * (MANY + 1), 2.0 * (MANY + 1)],
}


def _named(error: PortError) -> str:
    return f"{type(error).__name__} {error.retry_after_s}"


@pytest.mark.parametrize("error", STEP_S, ids=_named)
def test_a_step_that_fails_is_soon_tried_again_unless_a_person_is_needed(scene: Scene, error: PortError) -> None:
    pauses_s = []
    for _ in STEP_S[error]:
        scene.world.cloud.faults.add("read", error)
        assert scene.ask()
        assert scene.world.workers.run_one()
        pauses_s.append(scene.wait() - scene.world.clock.monotonic())
        scene.world.clock.advance(400)
    assert pauses_s == pytest.approx(STEP_S[error])


def _restores(scene: Scene, error: PortError, times: int) -> list[float]:
    """How long a restore waits after each of so many failures."""
    scene.record.working = scene.record.working.with_(trip=TRIP)
    pauses_s = []
    for _ in range(times):
        scene.world.cloud.faults.add("read", error)
        assert scene.go_back() is None
        assert scene.world.workers.run_one()
        next_at = scene.go_back()
        assert next_at is not None
        pauses_s.append(next_at - scene.world.clock.monotonic())
        scene.world.clock.advance(400)
    return pauses_s


@pytest.mark.parametrize("error", RESTORE_S, ids=_named)
def test_a_restore_that_fails_is_never_put_off_for_long(scene: Scene, error: PortError) -> None:
    assert _restores(scene, error, len(RESTORE_S[error])) == pytest.approx(RESTORE_S[error])


@pytest.mark.parametrize("error", BESIDE_MANY_S, ids=_named)
def test_a_restore_beside_many_that_wait_in_its_place_leaves_them_their_part_of_the_quota(
    scene: Scene, error: PortError
) -> None:
    for number in range(MANY):
        scene.recovery.note(LIVE.machine.place, f"other-{number}", "restore", Transient("reset"))
    assert _restores(scene, error, len(BESIDE_MANY_S[error])) == pytest.approx(BESIDE_MANY_S[error])


def test_a_write_that_is_asked_for_though_it_was_done_is_repeated_ever_more_rarely(scene: Scene) -> None:
    scene.record.working = scene.record.working.with_(trip=TRIP)
    pauses_s = []
    for _ in range(10):
        assert scene.go_back() is None
        assert scene.world.workers.run_one()
        next_at = scene.go_back()
        assert next_at is not None
        pauses_s.append(next_at - scene.world.clock.monotonic())
        scene.world.clock.advance(60)
    assert pauses_s == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])


# -- what is said of a write --


def test_a_write_is_a_job_of_its_place_and_a_restore_waits_behind_no_step(scene: Scene) -> None:
    assert scene.ask()
    assert scene.world.workers.run_one()
    scene.go_back()
    assert scene.workers.errands == [
        Errand(Lane.FORWARD, LIVE.machine.place, "write", caller=CALLER),
        Errand(Lane.ROLLBACK, LIVE.machine.place, "write", caller=CALLER),
    ]


def test_whoever_waits_for_a_write_is_woken_when_it_has_ended_well_or_not(scene: Scene) -> None:
    scene.world.cloud.faults.add("read", Transient("reset"))
    for number in (1, 2):
        assert scene.ask()
        assert scene.woken == [scene.record.uid] * (number - 1)
        assert scene.world.workers.run_one()
        assert scene.woken == [scene.record.uid] * number
        scene.world.clock.advance(5)


def test_a_write_that_was_withheld_says_less_than_why_the_last_one_failed(scene: Scene) -> None:
    errors = [Transient("reset"), Withheld("it does not answer")]
    for error in errors:
        scene.world.cloud.faults.add("read", error)
        assert scene.ask()
        assert scene.world.workers.run_one()
        scene.world.clock.advance(5)
    assert scene.record.facts.failed is not None
    assert scene.record.facts.failed.failure.why == "reset"


def test_a_write_that_was_withheld_first_is_a_failure_too(scene: Scene) -> None:
    scene.world.cloud.faults.add("read", Withheld("it does not answer"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    failure = WriteFailure("it does not answer", Trouble.TRANSIENT, scene.world.clock.now())
    assert scene.record.facts.failed == FailedWrite(WriteKind.FORWARD, failure)


def test_a_write_that_works_ends_the_failure_before_it(scene: Scene) -> None:
    scene.world.cloud.faults.add("read", Transient("reset"))
    for _ in range(2):
        assert scene.ask()
        assert scene.world.workers.run_one()
        scene.world.clock.advance(5)
    assert scene.record.facts.failed is None
    assert scene.record.facts.forward_at == scene.world.cloud.write_times[-1]


def test_a_failed_write_waits_with_its_place_and_one_that_works_wakes_all(scene: Scene) -> None:
    place = LIVE.machine.place
    scene.recovery.note(place, "other", "restore", Transient("reset"))
    scene.world.cloud.faults.add("read", Transient("reset"))
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.recovery.waiting(place) == 2
    scene.world.clock.advance(5)
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.retried == [("other", True), (scene.record.uid, True)]


# -- its place answers again --


@pytest.mark.parametrize(("is_over", "pause_s"), [(True, 0.5), (False, 4.0)])
def test_when_a_place_answers_again_a_write_is_tried_at_once_and_its_pause_begins_short_if_it_is_over(
    scene: Scene, is_over: bool, pause_s: float
) -> None:
    scene.world.cloud.faults.add("read", Transient("reset"), 4)
    for _ in range(3):
        assert scene.ask()
        assert scene.world.workers.run_one()
        scene.wait()
        scene.traffic.retry(scene.record, is_over=is_over)
    assert scene.ask()
    assert scene.world.workers.run_one()
    assert scene.wait() - scene.world.clock.monotonic() == pytest.approx(pause_s)


@pytest.mark.parametrize(("seconds", "is_asked_again"), [(HANGS_S - 0.001, False), (HANGS_S, True)])
def test_a_restore_that_hangs_while_its_place_answers_is_asked_for_again(
    scene: Scene, seconds: float, is_asked_again: bool
) -> None:
    scene.go_back()
    first = scene.record.writing
    assert first is not None
    scene.world.clock.advance(seconds)
    scene.traffic.retry(scene.record, is_over=True)
    assert (scene.record.writing is None) is is_asked_again
    assert first.permit.is_withdrawn is is_asked_again


def test_a_step_that_hangs_is_not_asked_for_again_before_its_end_is_known(scene: Scene) -> None:
    assert scene.ask()
    scene.world.clock.advance(60)
    scene.traffic.retry(scene.record, is_over=True)
    assert scene.record.writing is not None


def test_the_late_answer_to_a_restore_that_was_asked_for_again_changes_nothing(scene: Scene) -> None:
    scene.go_back()
    scene.world.clock.advance(HANGS_S)
    scene.traffic.retry(scene.record, is_over=True)
    scene.go_back()
    second = scene.record.writing
    assert scene.world.workers.run_one()
    assert scene.record.writing is second
    assert scene.woken == []


# -- taking back --


def test_a_step_that_has_begun_is_not_taken_back(scene: Scene) -> None:
    assert scene.ask()
    writing = scene.record.writing
    assert writing is not None
    assert writing.permit.begin()
    scene.traffic.withdraw(scene.record)
    assert scene.record.writing is writing


def test_a_restore_is_not_taken_back(scene: Scene) -> None:
    scene.go_back()
    scene.traffic.withdraw(scene.record)
    assert scene.record.writing is not None
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == Routing.whole(1)


def test_a_step_that_was_given_up_does_not_begin_after_all(scene: Scene) -> None:
    assert scene.ask()
    writing = scene.record.writing
    assert writing is not None
    scene.world.clock.advance(60)
    scene.workers.run_due()
    assert scene.record.writing is None
    assert writing.permit.is_withdrawn
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT


def test_a_step_may_begin_for_some_seconds_and_a_restore_whenever_its_turn_comes(scene: Scene) -> None:
    assert scene.ask()
    scene.world.clock.advance(11)
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == SPLIT
    scene.go_back()
    scene.world.clock.advance(24)
    assert scene.world.workers.run_one()
    assert scene.world.cloud.routing() == Routing.whole(1)


def test_a_rollout_without_an_alias_writes_nothing(scene: Scene) -> None:
    broken = Resource.parse({**scene.world.api.list()[0], "spec": {**spec(), "stateMachineArn": "no ARN"}})
    scene.record.resource = broken
    scene.go_back()
    assert scene.record.writing is None
    assert scene.workers.errands == []
