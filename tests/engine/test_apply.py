"""One traffic write: when it is carried out, and when it is let be."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.decision import Write, WriteKind
from sfn_rollouts.core.values.readings import AliasReading
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.apply import Applied, apply_write
from sfn_rollouts.engine.permit import VALID_S, Permit
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Urgency
from tests.engine.fake_clock import NOON, FakeClock
from tests.engine.fake_cloud import LIVE

STABLE, SPLIT, TARGET = Routing.whole(1), Routing.split(1, 2, 10), Routing.whole(2)
OTHER_SPLIT, OTHER = Routing.split(1, 7, 50), Routing.whole(7)
STEP = Write(WriteKind.FORWARD, TARGET, expected=SPLIT)
CREATE = Write(WriteKind.CREATE, TARGET)
RESTORE = Write(WriteKind.RESTORE, STABLE, expected=SPLIT, ours=frozenset({STABLE, SPLIT, TARGET}))


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def _reading(routing: Routing, changed_s: float) -> AliasReading:
    return AliasReading(routing, _at(changed_s), _at(60))


class Router:
    """`ports.AliasRouter` with one alias; a write changes it at the hundredth second. Remembers who asked for what."""

    def __init__(self, alias: AliasReading | None) -> None:
        self.alias = alias
        self.calls: list[tuple[object, ...]] = []
        self.is_blind_after_write = False

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        assert alias is LIVE
        self.calls.append(("read", urgency))
        if self.is_blind_after_write and len(self.calls) > 1:
            raise Transient("503")
        return self.alias

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        assert alias is LIVE
        self.calls.append(("shift", urgency, routing))
        return self._write(routing)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        assert alias is LIVE
        self.calls.append(("create", routing))
        return self._write(routing)

    def _write(self, routing: Routing) -> datetime:
        self.alias = _reading(routing, 100)
        return _at(100)


def _leave() -> Permit:
    return Permit(FakeClock())


class Case(NamedTuple):
    """`changed_s`: when the alias was changed last; `known_s`: the last change that is known of."""

    write: Write
    found: Routing
    changed_s: float = 0
    known_s: float | None = 0


WRITTEN = {
    "a step, from where it was decided on": Case(STEP, SPLIT),
    "a step of which no date is known": Case(STEP, SPLIT, known_s=None),
    "a step, after a change that left it as it was": Case(STEP, SPLIT, changed_s=1),
    "a restore, from the step before": Case(RESTORE, SPLIT),
    "a restore, from the last step": Case(RESTORE, TARGET),
    "a restore over somebody else's split": Case(RESTORE, OTHER_SPLIT, changed_s=1),
    "a restore where the alias looks restored since before the last step": Case(RESTORE, STABLE, changed_s=-1),
    "a restore where the alias looks restored since the last step": Case(RESTORE, STABLE),
    "a restore, past an answer that is too old to tell": Case(RESTORE, OTHER, changed_s=-1),
}
LET_BE = {
    "a step that was taken, and is known": Case(STEP, TARGET),
    "a step whose answer was lost": Case(STEP, TARGET, changed_s=1),
    "a step that was taken by nobody knows whom": Case(STEP, TARGET, known_s=None),
    "a step to where the alias is already": Case(replace(STEP, expected=TARGET), TARGET),
    "a step on an answer that is too old to tell": Case(STEP, SPLIT, changed_s=-1),
    "a step that was taken before the last change that is known": Case(STEP, TARGET, changed_s=-1),
    "a step from somebody else's split": Case(STEP, OTHER_SPLIT, changed_s=1),
    "a step from somebody else's version": Case(STEP, OTHER, changed_s=1),
    "a restore whose answer was lost": Case(RESTORE, STABLE, changed_s=1),
    "a restore of what was never left": Case(RESTORE, STABLE, known_s=None),
    "a restore over somebody else's version": Case(RESTORE, OTHER, changed_s=1),
    "a creation whose answer was lost": Case(CREATE, TARGET, known_s=None),
    "a creation of what somebody else has created": Case(CREATE, OTHER, known_s=None),
}


def _apply(case: Case, router: Router) -> Applied:
    return apply_write(router, LIVE, case.write, None if case.known_s is None else _at(case.known_s), _leave())


@pytest.mark.parametrize("case", WRITTEN.values(), ids=WRITTEN)
def test_written_and_read_back(case: Case) -> None:
    router = Router(_reading(case.found, case.changed_s))
    assert _apply(case, router) == Applied(_reading(case.write.routing, 100), _at(100))
    urgency = Urgency.ROLLBACK if case.write is RESTORE else Urgency.FORWARD
    assert router.calls == [("read", urgency), ("shift", urgency, case.write.routing), ("read", urgency)]


@pytest.mark.parametrize("case", LET_BE.values(), ids=LET_BE)
def test_let_be(case: Case) -> None:
    found = _reading(case.found, case.changed_s)
    router = Router(found)
    assert _apply(case, router) == Applied(found)
    assert len(router.calls) == 1


def test_an_alias_that_is_not_there_is_created() -> None:
    router = Router(None)
    assert apply_write(router, LIVE, CREATE, None, _leave()) == Applied(_reading(TARGET, 100), _at(100))
    assert router.calls == [("read", Urgency.FORWARD), ("create", TARGET), ("read", Urgency.FORWARD)]


@pytest.mark.parametrize("write", [STEP, RESTORE], ids=["step", "restore"])
def test_an_alias_that_is_gone_is_missed_and_not_created(write: Write) -> None:
    assert apply_write(Router(None), LIVE, write, _at(0), _leave()) == Applied(None, is_missing=True)


def test_what_was_written_and_cannot_be_read_back_is_written() -> None:
    router = Router(_reading(SPLIT, 0))
    router.is_blind_after_write = True
    assert apply_write(router, LIVE, STEP, _at(0), _leave()) == Applied(None, _at(100))


def test_without_leave_nothing_is_written_but_what_was_found_is_reported() -> None:
    clock = FakeClock()
    permit = Permit(clock)
    clock.advance(VALID_S)
    router = Router(_reading(SPLIT, 0))
    assert apply_write(router, LIVE, STEP, _at(0), permit) == Applied(_reading(SPLIT, 0))
    assert router.calls == [("read", Urgency.FORWARD)]


def test_what_was_taken_back_is_not_even_prepared() -> None:
    permit = Permit(FakeClock())
    permit.withdraw()
    router = Router(_reading(SPLIT, 0))
    assert apply_write(router, LIVE, STEP, _at(0), permit) == Applied(None)
    assert router.calls == []


def test_with_leave_it_is_written() -> None:
    permit = Permit(FakeClock())
    router = Router(_reading(SPLIT, 0))
    assert apply_write(router, LIVE, STEP, _at(0), permit).written_at == _at(100)
    assert not permit.withdraw()
