"""Alarms: whether they can see the target, and fire within the waits."""

from typing import Any

import pytest

from sfn_rollouts.api.preflight import Check
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.preflight.subject import Found
from sfn_rollouts.core.values.looks import ReadAlarms
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, AlarmSnapshot
from sfn_rollouts.core.values.targets import UNBOUND, AlarmScope
from tests.core.preflight import DENIED, ENFORCE, THROTTLED, WARN, ask, lines, subject
from tests.core.specs import MACHINE
from tests.core.world import START

OTHER = MACHINE.replace("OrderProcessor", "Payments")


def reading(window_s: float | None = None, evaluation: str = "", **dimensions: str) -> AlarmReading:
    scope = AlarmScope(frozenset(dimensions.items()), window_s)
    return AlarmReading(AlarmSnapshot(AlarmState.OK, START, "", evaluation, scope), START)


def alarms(seen: Any, strictness: Any = WARN, **spec: Any) -> Found:
    names = list(seen) or ["A"]
    known = {name: reading for name, reading in seen.items() if reading is not None}
    return ask(Check.ALARMS, subject(**{"alarms": {"names": names}, **spec}), {}, strictness, alarms=known)


PASSED = "Passed spec.alarms.names: as far as CloudWatch tells what it looks at, the alarm can fire within the waits"


@pytest.mark.parametrize("spec", [{"alarms": None}, {"alarms": {"names": []}}])
@pytest.mark.parametrize(("strictness", "verdict"), [(WARN, "Warning"), (ENFORCE, "Failed")])
def test_no_alarm_at_all_is_a_problem(spec: Any, strictness: Any, verdict: str) -> None:
    found = ask(Check.ALARMS, subject(**spec), {}, strictness)
    assert not found.looks
    assert lines(found) == [
        (
            f"{verdict} spec.alarms.names: no alarm guards this rollout: whatever the target does, it gets all "
            "traffic; name some"
        )
    ]


def test_alarms_that_nobody_has_read_are_asked_for() -> None:
    assert alarms({"A": None}) == Found(looks=frozenset({ReadAlarms()}))
    assert alarms({"A": reading(), "B": None}).looks == {ReadAlarms()}
    assert not alarms({"A": reading(), "B": reading()}).looks


FITS: dict[str, AlarmReading] = {
    "a composite alarm": AlarmReading(AlarmSnapshot(AlarmState.OK, START, scope=UNBOUND), START),
    "the alias": reading(60, StateMachineArn=MACHINE, Alias="live"),
    "the machine": reading(60, StateMachineArn=MACHINE),
    "the target's version": reading(60, StateMachineArn=MACHINE, Version="42"),
    "a function": reading(60, FunctionName="charge", Resource="charge:7"),
    "a Version of something else": reading(60, Service="orders", Version="1.2.3"),
    "an Alias of something else": reading(60, Bot="orders", Alias="beta"),
    "just as long as the shortest wait": reading(300, StateMachineArn=MACHINE),
    "partial data counts as evaluated": reading(60, "PARTIAL_DATA", StateMachineArn=MACHINE),
}


@pytest.mark.parametrize("seen", FITS.values(), ids=FITS.keys())
def test_each_alarm_that_can_see_the_target(seen: AlarmReading) -> None:
    found = alarms({"A": seen}, ENFORCE)
    assert [each.partition(" of the plan")[0] for each in lines(found)] == [PASSED]
    assert not found.looks


def test_math_over_several_versions_sees_the_target() -> None:
    scope = AlarmScope(frozenset({("StateMachineArn", MACHINE), ("Version", "41"), ("Version", "42")}), 60)
    seen = AlarmReading(AlarmSnapshot(AlarmState.OK, START, scope=scope), START)
    assert lines(alarms({"A": seen}))[0].startswith(PASSED)


MISFITS: dict[str, tuple[Any, str]] = {
    "it does not exist": (
        AlarmMissing(START),
        "alarm A does not exist: create it, or leave it out of spec.alarms.names",
    ),
    "another state machine": (
        reading(60, StateMachineArn=OTHER),
        f"alarm A looks at {OTHER}, not at the state machine of this rollout: name one that does",
    ),
    "a version of another state machine is reported once": (
        reading(60, StateMachineArn=OTHER, Version="41"),
        f"alarm A looks at {OTHER}, not at the state machine of this rollout: name one that does",
    ),
    "an older version": (
        reading(60, StateMachineArn=MACHINE, Version="41"),
        (
            "alarm A looks at version 41, and version 42 is the target: let it look at the alias (dimension Alias), "
            "which holds for every version"
        ),
    ),
    "another alias": (
        reading(60, StateMachineArn=MACHINE, Alias="beta"),
        "alarm A looks at alias beta, and this rollout shifts live: let it look at that alias",
    ),
    "nobody evaluates it": (
        reading(60, "EVALUATION_ERROR", StateMachineArn=MACHINE),
        "alarm A is not evaluated (EVALUATION_ERROR): CloudWatch shows the reason with the alarm; correct it",
    ),
    "longer than the shortest wait": (
        reading(900, StateMachineArn=MACHINE),
        (
            "alarm A needs 900 s to fire (period x evaluation periods), and the shortest wait with traffic on the "
            "target is 300 s: it may fire too late; make that wait longer, or the alarm's period shorter"
        ),
    ),
}


@pytest.mark.parametrize(("seen", "message"), MISFITS.values(), ids=MISFITS.keys())
@pytest.mark.parametrize(("strictness", "verdict"), [(WARN, "Warning"), (ENFORCE, "Failed")])
def test_each_alarm_that_cannot(seen: Any, message: str, strictness: Any, verdict: str) -> None:
    found = alarms({"A": seen}, strictness)
    assert lines(found) == [f"{verdict} A: {message}"]
    assert not found.looks


@pytest.mark.parametrize("unseen", [DENIED, THROTTLED], ids=["denied", "throttled"])
def test_what_could_not_be_read_never_blocks(unseen: Any) -> None:
    found = alarms({"A": unseen}, ENFORCE)
    assert lines(found) == [f"Unknown A: alarm A could not be read: {unseen.why}"]
    assert not found.looks


def test_each_alarm_is_reported_with_all_that_is_wrong() -> None:
    found = alarms(
        {"A": reading(900, "EVALUATION_FAILURE", StateMachineArn=OTHER), "B": reading(), "C": AlarmMissing(START)}
    )
    assert [each.subject for each in found.findings] == ["A", "A", "A", "C"]


def test_several_that_can_are_counted() -> None:
    (passed,) = lines(alarms({"A": reading(), "B": reading()}))
    assert passed.endswith("each of the 2 alarms can fire within the waits of the plan")


def steps(*items: Any) -> Any:
    """A number is a weight, a text a wait; None waits for a person."""
    return {
        "steps": [
            {"setWeight": item} if isinstance(item, int) else {"pause": {"duration": item} if item else {}}
            for item in items
        ]
    }


# strategy and bake: the shortest wait in seconds that is reported for an alarm of 1000 seconds, None where none is
WAITS: dict[str, tuple[Any, str | None, str | None]] = {
    "a canary and a shorter bake": ({"canary": {"weight": 10, "interval": "10m"}}, "1m", "60"),
    "a canary and a longer bake": ({"canary": {"weight": 10, "interval": "10m"}}, "1h", "600"),
    "a canary without a bake": ({"canary": {"weight": 10, "interval": "10m"}}, "0s", "600"),
    "a linear one": ({"linear": {"increment": 25, "interval": "5m"}}, "1h", "300"),
    "waits that are all long enough": ({"canary": {"weight": 10, "interval": "1h"}}, "1h", None),
    "a wait before any traffic does not count": (steps("1m", 50, "1h"), "1h", None),
    "all at once, and a bake": ({"allAtOnce": {}}, "2m", "120"),
    "all at once, and nobody watches": ({"allAtOnce": {}}, "0s", "0"),
    "a person, then a wait": (steps(10, None, 50, "2m"), "1h", "120"),
    "a person only": (steps(10, None), "0s", None),
    "a step of one per cent": (steps(1, "1m", 50, "1h"), "1h", "60"),
    "a wait of one second": ({"canary": {"weight": 10, "interval": "10m"}}, "1s", "1"),
    "milliseconds": ({"canary": {"weight": 10, "interval": "1500ms"}}, "1h", "1.5"),
}


@pytest.mark.parametrize(("strategy", "bake", "wait"), WAITS.values(), ids=WAITS.keys())
def test_the_shortest_wait_with_traffic_on_the_target(strategy: Any, bake: str, wait: str | None) -> None:
    (finding,) = lines(alarms({"A": reading(1000, StateMachineArn=MACHINE)}, strategy=strategy, bakeTime=bake))
    if wait is None:
        assert finding.startswith("Passed ")
    else:
        assert "needs 1000 s to fire (period x evaluation periods), " in finding
        assert f"the shortest wait with traffic on the target is {wait} s:" in finding


@pytest.mark.parametrize("name", ["a\u202eb", "x" * 255, "##vso[x]"])
def test_names_are_harmless(name: str) -> None:
    (finding,) = alarms({name: AlarmMissing(START)}).findings
    assert lines(alarms({name: AlarmMissing(START)}))
    assert len(finding.message) <= 1000
    assert "##vso[" not in finding.message
