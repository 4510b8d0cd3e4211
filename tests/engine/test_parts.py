"""The small parts: pace, agenda, permit, facts."""

from datetime import timedelta
from random import Random

import pytest

from sfn_rollouts.core.observation import AliasMissing, AliasReading, Trouble, Unseen
from sfn_rollouts.core.routing import Routing
from sfn_rollouts.engine.agenda import Agenda
from sfn_rollouts.engine.facts import Facts
from sfn_rollouts.engine.pace import Pace
from sfn_rollouts.engine.permit import VALID_S, Permit
from tests.engine.fake_clock import NOON, FakeClock


def test_a_pace_doubles_up_to_its_limit_with_jitter() -> None:
    pace = Pace(Random(1))
    delays = [pace.wait(0.0, 5.0, 300.0) for _ in range(40)]
    wholes = [min(5.0 * 2**number, 300.0) for number in range(40)]
    assert all(whole / 2 <= delay <= whole for delay, whole in zip(delays, wholes, strict=True))
    assert len(set(delays)) == 40


def test_a_pace_keeps_at_least_what_it_is_told_and_starts_again_after_a_success() -> None:
    pace = Pace(Random(1))
    assert pace.wait(100.0, 1.0, 10.0, at_least_s=60.0) == 60.0
    assert pace.next_at == 160.0
    pace.reset()
    assert pace.next_at == 0.0
    assert pace.wait(0.0, 1.0, 10.0) <= 1.0


def test_an_agenda_gives_what_is_due_in_order_and_only_the_latest_time_counts() -> None:
    agenda = Agenda()
    for uid, due in (("late", 9.0), ("first", 1.0), ("second", 1.0), ("moved", 1.0), ("gone", 1.0)):
        agenda.set(uid, due)
    agenda.set("moved", 5.0)
    agenda.set("gone", None)
    agenda.set("unknown", None)
    assert [agenda.pop(6.0) for _ in range(4)] == ["first", "second", "moved", None]
    assert agenda.next_due == 9.0
    assert agenda.pop(9.0) == "late"
    assert agenda.next_due is None


def test_an_agenda_does_not_grow_with_every_change() -> None:
    agenda = Agenda()
    for due in range(10_000):
        agenda.set("one", 10_000.0 - due)
        agenda.set("two", 20_000.0)
    assert len(agenda._heap) < 100
    assert (agenda.pop(1.0), agenda.pop(20_000.0)) == ("one", "two")


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
    facts = Facts(alias=known)
    facts.see_alias(seen)
    assert facts.alias is (seen if is_taken else known)
