"""Callers: executions that are started past the alias."""

from datetime import timedelta
from typing import Any

import pytest

from sfn_rollouts.api.preflight import Check
from sfn_rollouts.core.preflight.subject import Found
from sfn_rollouts.core.values.looks import CountCallers
from sfn_rollouts.core.values.readings import Trouble, Unseen
from sfn_rollouts.core.values.targets import CallersReading
from tests.core.preflight import DENIED, ENFORCE, THROTTLED, WARN, ask, lines, subject
from tests.core.specs import MACHINE
from tests.core.world import START


def callers(answer: Any, strictness: Any = WARN) -> Found:
    return ask(Check.CALLERS, subject(), {CountCallers(): answer} if answer is not None else {}, strictness)


def counted(past_alias: int, started: int, *, more: bool = False) -> CallersReading:
    return CallersReading(past_alias, started, more, START - timedelta(minutes=1))


def test_nobody_has_looked_yet() -> None:
    assert callers(None) == Found(looks=frozenset({CountCallers()}))


PAST = (
    "{} " + MACHINE + ": of the last day's executions ({}), {} were started by the plain ARN, past the alias: they run "
    "the newest revision, whatever is shifted; let their callers start " + MACHINE + ":live"
)
NONE = f"Passed {MACHINE}: none of the last day's executions ({{}}) was started past the alias"
SENTENCES: dict[str, tuple[CallersReading, str, str]] = {
    "nobody passes by": (counted(0, 400), NONE.format(400), NONE.format(400)),
    "nothing was started": (counted(0, 0), NONE.format(0), NONE.format(0)),
    "nobody of a page": (counted(0, 1000, more=True), NONE.format("1000 and more"), NONE.format("1000 and more")),
    "some pass by": (counted(3, 400), PAST.format("Warning", 400, 3), PAST.format("Failed", 400, 3)),
    "some of a page": (
        counted(3, 1000, more=True),
        PAST.format("Warning", "1000 and more", 3),
        PAST.format("Failed", "1000 and more", 3),
    ),
}


@pytest.mark.parametrize(("answer", "warned", "enforced"), SENTENCES.values(), ids=SENTENCES.keys())
def test_each_verdict(answer: CallersReading, warned: str, enforced: str) -> None:
    assert lines(callers(answer)) == [warned]
    assert lines(callers(answer, ENFORCE)) == [enforced]
    assert not callers(answer).looks


def test_express_executions_by_something_else_than_the_alias_never_block() -> None:
    """A version's smoke execution is one of them, and so is whatever another alias serves."""
    found = callers(CallersReading(3, 400, more=False, read_at=START, by_metrics=True), ENFORCE)
    undecided = (
        f"Unknown {MACHINE}: of the last day's executions (400), 3 were not started by {MACHINE}:live, and of Express "
        "executions AWS does not say by what: by the plain ARN they run the newest revision, whatever is shifted"
    )
    assert lines(found) == [undecided]
    assert found.stands_on == {CountCallers()}
    passed = callers(CallersReading(0, 400, more=False, read_at=START, by_metrics=True), ENFORCE)
    assert lines(passed) == [NONE.format(400)]


MISSING = Unseen("states:ListExecutions found nothing", START, Trouble.GONE)


@pytest.mark.parametrize("unseen", [DENIED, THROTTLED, MISSING], ids=["denied", "throttled", "missing"])
def test_what_could_not_be_seen_never_blocks(unseen: Unseen) -> None:
    found = callers(unseen, ENFORCE)
    assert lines(found) == [f"Unknown {MACHINE}: its callers could not be seen: {unseen.why}"]
    assert not found.looks


@pytest.mark.parametrize("answer", [counted(3, 400), DENIED], ids=["a problem", "unseen"])
def test_what_it_tells_can_be_asked_again(answer: Any) -> None:
    assert callers(answer).stands_on == {CountCallers()}
