"""An operator whose term is over reads on and writes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_rollouts.core.arn import StateMachineArn
from sfn_rollouts.core.routing import Routing
from sfn_rollouts.engine.fence import FencedRouter, FencedStore
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Key, Report, Urgency

ALIAS = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders").alias("live")
KEY = Key("shop", "orders")
REPORT = Report(KEY, "uid", "1", {}, None)
DONE = datetime(2026, 1, 1, tzinfo=UTC)


class Recorder:
    """Answers every call and remembers its name."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            return {"shift": DONE, "create": DONE, "list": [], "read": None}.get(name, {})

        return call


READS: dict[str, Callable[[Any, Any], Any]] = {
    "the alias": lambda router, store: router.read(ALIAS, Urgency.ROLLBACK),
    "all resources": lambda router, store: store.list(),
    "one resource": lambda router, store: store.get(KEY),
}
WRITES: dict[str, Callable[[Any, Any], Any]] = {
    "a shift": lambda router, store: router.shift(ALIAS, Routing.whole(1), Urgency.ROLLBACK),
    "a new alias": lambda router, store: router.create(ALIAS, Routing.whole(1)),
    "a report": lambda router, store: store.report(REPORT),
}


def act(what: Callable[[Any, Any], Any], *, leads: bool) -> list[str]:
    """Give the names of the calls that came through."""
    recorder: Any = Recorder()
    what(FencedRouter(recorder, lambda: leads), FencedStore(recorder, lambda: leads))
    return list(recorder.calls)


@pytest.mark.parametrize("what", [*READS, *WRITES])
def test_a_leader_reads_and_writes(what: str) -> None:
    assert len(act((READS | WRITES)[what], leads=True)) == 1


@pytest.mark.parametrize("what", READS)
def test_who_stands_by_reads(what: str) -> None:
    assert len(act(READS[what], leads=False)) == 1


@pytest.mark.parametrize("what", WRITES)
def test_who_does_not_lead_writes_nothing(what: str) -> None:
    with pytest.raises(Transient, match="lease"):
        act(WRITES[what], leads=False)
