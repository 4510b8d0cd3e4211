"""An operator whose term is over reads on and writes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Transient
from sfn_rollouts.leading.fence import fenced
from sfn_rollouts.ports import Key, Outside, Report, Urgency
from tests.engine.world import World

ALIAS = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders").alias("live")
KEY = Key("shop", "orders")
REPORT = Report(KEY, "uid", "1", {}, None)


class Recorder:
    """Answers every call, each in its own words, and remembers what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append((name, *arguments))
            return f"the answer to {name}"

        return call


# of the router or the store, its name, what it is given
READS: dict[str, tuple[Any, ...]] = {
    "the alias": ("router", "read", ALIAS, Urgency.ROLLBACK),
    "all resources": ("store", "list"),
    "one resource": ("store", "get", KEY),
    "all AWSAccesses": ("accesses", "list_accesses"),
    "all namespaces": ("accesses", "list_namespaces"),
}
WRITES: dict[str, tuple[Any, ...]] = {
    "a shift": ("router", "shift", ALIAS, Routing.whole(1), Urgency.ROLLBACK),
    "a new alias": ("router", "create", ALIAS, Routing.whole(1)),
    "a report": ("store", "report", REPORT),
    "the status of an AWSAccess": ("accesses", "report_access", "payments", "uid", "1", {}),
}


def act(call: tuple[Any, ...], *, leads: bool) -> Any:
    """Return what came through, and what came back."""
    recorder: Any = Recorder()
    ports = fenced(Outside(*[recorder] * 11), lambda: leads)
    assert ports.alarms is recorder, "what writes nothing needs no fence"
    answer = getattr(getattr(ports, call[0]), call[1])(*call[2:])
    return list(recorder.calls), answer


@pytest.mark.parametrize("what", [*READS, *WRITES])
def test_a_leader_reads_and_writes(what: str) -> None:
    call = (READS | WRITES)[what]
    assert act(call, leads=True) == ([call[1:]], f"the answer to {call[1]}")


@pytest.mark.parametrize("what", READS)
def test_who_stands_by_reads(what: str) -> None:
    call = READS[what]
    assert act(call, leads=False) == ([call[1:]], f"the answer to {call[1]}")


@pytest.mark.parametrize("what", WRITES)
def test_who_does_not_lead_writes_nothing(what: str) -> None:
    with pytest.raises(Transient, match=r"^this operator does not hold the lease \(any more\) and writes nothing$"):
        act(WRITES[what], leads=False)


@pytest.mark.parametrize("leads", [True, False])
def test_whether_a_chore_may_be_done_is_asked_of_the_same_lease(leads: bool) -> None:
    assert fenced(World().outside(), lambda: leads).leads() is leads
