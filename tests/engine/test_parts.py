"""The small parts: backoff, timers, permit, facts."""

from datetime import timedelta
from random import Random

import pytest

from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.looks import CountRunning, FindVersion, ReadAlias, ReadHistory
from sfn_rollouts.core.values.readings import (
    AliasMissing,
    AliasReading,
    RunningExecutions,
    Trouble,
    Unseen,
)
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.facts import Facts, reading_of
from sfn_rollouts.engine.permit import VALID_S, Permit
from sfn_rollouts.engine.record import Record, log_fields
from sfn_rollouts.engine.timer_queue import TimerQueue
from sfn_rollouts.errors import Denied
from tests.engine.fake_clock import NOON, FakeClock
from tests.engine.world import World, spec


def test_a_pace_doubles_up_to_its_limit_with_jitter() -> None:
    pace = Backoff(Random(1))
    delays = [pace.wait(0.0, 5.0, 300.0) for _ in range(40)]
    wholes = [min(5.0 * 2**number, 300.0) for number in range(40)]
    assert all(whole / 2 <= delay <= whole for delay, whole in zip(delays, wholes, strict=True))
    assert len(set(delays)) == 40


def test_a_pace_keeps_at_least_what_it_is_given_and_starts_again_after_a_success() -> None:
    pace = Backoff(Random(1))
    assert pace.wait(100.0, 1.0, 10.0, at_least_s=60.0) == 60.0
    assert pace.next_at == 160.0
    pace.reset()
    assert pace.next_at == 0.0
    assert 0.1 <= pace.wait(0.0, 0.2, 10.0) <= 0.2


def test_an_agenda_gives_what_is_due_in_order_and_only_the_latest_time_counts() -> None:
    timers = TimerQueue()
    for uid, due in (("late", 9.0), ("first", 1.0), ("second", 1.0), ("moved", 1.0), ("gone", 1.0)):
        timers.set(uid, due)
    timers.set("moved", 5.0)
    timers.set("gone", None)
    timers.set("unknown", None)
    assert [timers.pop(6.0) for _ in range(4)] == ["first", "second", "moved", None]
    assert timers.next_due == 9.0
    assert timers.pop(9.0) == "late"
    assert timers.next_due is None


def test_an_agenda_does_not_grow_with_every_change() -> None:
    timers = TimerQueue()
    for due in range(10_000):
        timers.set("one", 10_000.0 - due)
        timers.set("two", 20_000.0)
    assert len(timers._heap) < 100
    assert (timers.pop(1.0), timers.pop(20_000.0)) == ("one", "two")


def test_an_agenda_of_many_is_not_sorted_again_with_each_change() -> None:
    timers = TimerQueue()
    for number in range(1000):
        timers.set(f"uid-{number}", float(number))
    heap = timers._heap
    for number in range(1000):
        timers.set(f"uid-{number}", number + 0.5)
    assert timers._heap is heap
    assert timers.pop(1.0) == "uid-0"


def test_a_write_begins_or_is_withdrawn_never_both() -> None:
    begun, withdrawn = Permit(FakeClock()), Permit(FakeClock())
    assert begun.begin()
    assert not begun.withdraw()
    assert not begun.is_withdrawn
    assert withdrawn.withdraw()
    assert withdrawn.is_withdrawn
    assert not withdrawn.begin()


def test_a_permit_lapses() -> None:
    clock = FakeClock()
    permit = Permit(clock)
    clock.advance(VALID_S)
    assert not permit.begin()


def _reading(read_s: float, updated_s: float) -> AliasReading:
    return AliasReading(Routing.whole(1), NOON + timedelta(seconds=updated_s), NOON + timedelta(seconds=read_s))


MISSING = AliasMissing(NOON + timedelta(seconds=5))
DENIED = Unseen("no", NOON, Trouble.DENIED)
KEPT_OR_TAKEN = {
    "the first answer": (None, _reading(5, 1), True),
    "a newer answer": (_reading(4, 1), _reading(5, 1), True),
    "an answer of the same moment with a newer change": (_reading(5, 1), _reading(5, 2), True),
    "an answer that was overtaken": (_reading(5, 1), _reading(4, 1), False),
    "an answer with what was true before": (_reading(4, 2), _reading(5, 1), False),
    "an alias that is gone": (_reading(4, 2), MISSING, True),
    "an alias that is there again": (MISSING, _reading(6, 6), True),
    "no answer where there was one": (_reading(4, 2), DENIED, False),
    "no answer where it was missing": (MISSING, DENIED, False),
    "no answer where there was none": (DENIED, Unseen("reset", NOON), True),
    "an answer at last": (DENIED, _reading(5, 1), True),
}


@pytest.mark.parametrize("case", KEPT_OR_TAKEN)
def test_of_two_facts_about_the_alias_the_better_one_is_kept(case: str) -> None:
    known, seen, is_taken = KEPT_OR_TAKEN[case]
    facts = Facts({ReadAlias(): known})
    facts.see(ReadAlias(), seen)
    assert facts.alias is (seen if is_taken else known)


@pytest.mark.parametrize("kind", [WriteKind.FORWARD, WriteKind.CREATE, WriteKind.RESTORE])
def test_of_two_acknowledged_writes_the_later_one_of_aws_counts(kind: WriteKind) -> None:
    facts = Facts()
    for at_s in (2, 1):
        facts.acknowledge(kind, NOON + timedelta(seconds=at_s), NOON)
    assert facts.written_at == NOON + timedelta(seconds=2)
    is_restore = kind is WriteKind.RESTORE
    assert (facts.restored_at if is_restore else facts.forward_at) == facts.written_at
    assert (facts.forward_at if is_restore else facts.restored_at) is None
    assert facts.restore_asked_at == (NOON if is_restore else None)


@pytest.mark.parametrize(
    ("known", "seen", "is_kept"),
    [
        (_reading(4, 1), _reading(5, 1), True),
        (_reading(4, 1), MISSING, False),
        (AliasMissing(NOON), MISSING, True),
    ],
    ids=["it is there still", "it is gone", "it is gone still"],
)
def test_what_was_found_out_about_a_version_is_doubted_once_the_alias_is_gone(
    known: object, seen: object, is_kept: bool
) -> None:
    facts = Facts({ReadAlias(): known, FindVersion(2): DENIED})
    facts.see(ReadAlias(), seen)
    assert (FindVersion(2) in facts.answers) is is_kept


def test_what_is_known_only_while_it_is_asked_for_is_dropped_when_it_is_not() -> None:
    def at(second: int, name: str = "errors") -> ReadHistory:
        return ReadHistory(name, NOON, NOON + timedelta(seconds=second))

    facts = Facts({at(1): DENIED, at(9): (), at(1, "latency"): (), CountRunning(7): RunningExecutions(3)})
    facts.drop(ReadHistory, {at(9), at(20, "other")})
    assert set(facts.answers) == {at(9), at(1), CountRunning(7)}, "since when it could not be read is known still"
    facts.drop(ReadHistory, {at(9), at(5, "latency")})
    facts.see(at(9), ())
    assert set(facts.answers) == {at(9), CountRunning(7)}, "it is read: what could not be read before is superseded"


def test_a_defect_is_reported_in_few_words() -> None:
    assert reading_of(ValueError("x" * 600)) == (Trouble.INTERNAL, "internal error: ValueError: " + "x" * 484)
    assert reading_of(Denied("no")) == (Trouble.DENIED, "no")


def test_every_log_line_says_which_rollout_and_where_it_stands() -> None:
    world = World()
    world.api.apply("orders", spec())
    uid = world.api.list()[0]["metadata"]["uid"]
    world.engine.upsert(world.api.list()[0])
    record = world.engine._records[uid]
    assert log_fields(Record(record.resource, Random(1))) == {
        "rollout": "shop/orders",
        "generation": 1,
        "step": None,
        "reason": None,
    }
    world.run_for(10)
    assert log_fields(record) == {
        "rollout": "shop/orders",
        "generation": 1,
        "step": "1/2",
        "reason": "ShiftInProgress",
    }
