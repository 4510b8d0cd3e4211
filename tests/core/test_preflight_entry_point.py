"""Entry point: traffic is shifted at one place of a chain of state machines, seen from either end."""

from typing import Any

import pytest

from sfn_rollouts.api.preflight import Check
from sfn_rollouts.core.preflight.entry_point import neighbours_of
from sfn_rollouts.core.preflight.subject import Found
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.looks import ReadDefinition
from sfn_rollouts.core.values.targets import AliasCall, Neighbours
from tests.core.preflight import DENIED, ENFORCE, TARGET, WARN, ask, lines, machine, outlined, subject, target_is, task
from tests.core.specs import MACHINE

INVOKE = "arn:aws:states:::lambda:invoke"
START = "arn:aws:states:::states:startExecution"
CHILD = "arn:aws:states:eu-west-1:123456789012:stateMachine:Child"
ALIAS = f"{MACHINE}:live"
QUIET = f"Passed {ALIAS}: no other rollout shifts an alias that it names, or calls its alias"
SHIFTED = Neighbours(shifts={f"{CHILD}:live": "payments/child"})
CALLED = Neighbours(calls={ALIAS: (AliasCall("shop/checkout", "Order"),)})


def entry_point(arn: str | None, neighbours: Neighbours, strictness: Any = WARN) -> Found:
    definition = machine(Pay=task(START, StateMachineArn=arn) if arn is not None else {"Type": "Pass"})
    return ask(Check.ENTRY_POINT, subject(), target_is(definition), strictness, neighbours=neighbours)


def test_nobody_has_looked_yet() -> None:
    assert ask(Check.ENTRY_POINT, subject()) == Found(looks=frozenset({ReadDefinition(TARGET)}))


QUIETLY: dict[str, tuple[str | None, Neighbours]] = {
    "nothing is called": (None, SHIFTED),
    "nobody else shifts": (f"{CHILD}:live", Neighbours()),
    "another alias is shifted": (f"{CHILD}:beta", SHIFTED),
    "a version is called": (f"{CHILD}:3", SHIFTED),
    "the machine is called": (CHILD, SHIFTED),
    "a version of a machine in a place that a template fills in": (
        "arn:aws:states:${AWS::Region}:123456789012:stateMachine:Child:3",
        SHIFTED,
    ),
    "another machine is called": (f"{CHILD}ren:live", SHIFTED),
    "another account's machine is called": (f"{CHILD}:live".replace("123456789012", "222222222222"), SHIFTED),
    "another alias of this one is called": (None, Neighbours(calls={f"{MACHINE}:beta": (AliasCall("a/b", "C"),)})),
    "it calls its own alias, which no other shifts": (ALIAS, SHIFTED),
}


@pytest.mark.parametrize(("arn", "neighbours"), QUIETLY.values(), ids=QUIETLY.keys())
def test_each_chain_with_one_shift(arn: str | None, neighbours: Neighbours) -> None:
    assert lines(entry_point(arn, neighbours, ENFORCE)) == [QUIET]


OPEN: dict[str, tuple[dict[str, Any], str]] = {
    "an alias in a place that a template fills in": (
        {"StateMachineArn": "arn:aws:states:${AWS::Region}:123456789012:stateMachine:Child:live"},
        "arn:aws:states:${AWS::Region}:123456789012:stateMachine:Child:live",
    ),
    "an alias that a template fills in": ({"StateMachineArn": f"{CHILD}:${{Alias}}"}, f"{CHILD}:${{Alias}}"),
    "all of it a template's": ({"StateMachineArn": "${Child}"}, "${Child}"),
    "what is chosen at run time": (
        {"StateMachineArn.$": "$$.StateMachine.Id"},
        "a state machine that it chooses when it runs",
    ),
}


@pytest.mark.parametrize(("parameters", "what"), OPEN.values(), ids=OPEN.keys())
def test_what_cannot_be_seen_is_no_pass_and_never_blocks(parameters: dict[str, Any], what: str) -> None:
    definition = machine(Pay=task(START, **parameters), Charge=task(INVOKE, **{"FunctionName.$": "$.f"}))
    found = ask(Check.ENTRY_POINT, subject(), target_is(definition), ENFORCE, neighbours=SHIFTED)
    message = f"state Pay calls {what}: whether another rollout shifts that cannot be seen here"
    assert lines(found) == [f"Unknown States.Pay: {message}"]


INNER = (
    f"States.Pay: state Pay calls {CHILD}:live, and rollout payments/child shifts that alias: one execution would meet "
    "two shifts; call a version instead, and let this rollout bring in the next one"
)
OUTER = (
    f"{ALIAS}: state Order of rollout shop/checkout calls this alias: one execution would meet two shifts; let that "
    "state call a version instead, and shift at the outer alias only"
)


@pytest.mark.parametrize(("strictness", "verdict"), [(WARN, "Warning"), (ENFORCE, "Failed")])
@pytest.mark.parametrize("arn", [f"{CHILD}:live", f"{CHILD}/Each:live"])
def test_an_alias_that_another_rollout_shifts(arn: str, strictness: Any, verdict: str) -> None:
    assert lines(entry_point(arn, SHIFTED, strictness)) == [f"{verdict} {INNER}"]


@pytest.mark.parametrize(("strictness", "verdict"), [(WARN, "Warning"), (ENFORCE, "Failed")])
def test_another_rollout_that_calls_this_alias(strictness: Any, verdict: str) -> None:
    assert lines(entry_point(None, CALLED, strictness)) == [f"{verdict} {OUTER}"]


def test_both_sides_are_reported() -> None:
    found = entry_point(f"{CHILD}:live", Neighbours(SHIFTED.shifts, CALLED.calls))
    assert lines(found) == [f"Warning {INNER}", f"Warning {OUTER}"]


def test_callers_are_reported_without_the_definition_of_the_target() -> None:
    waiting = ask(Check.ENTRY_POINT, subject(), {}, ENFORCE, neighbours=CALLED)
    assert lines(waiting) == [f"Failed {OUTER}"]
    assert waiting.looks == {ReadDefinition(TARGET)}

    denied = ask(Check.ENTRY_POINT, subject(), {ReadDefinition(TARGET): DENIED}, ENFORCE, neighbours=CALLED)
    assert lines(denied) == [
        f"Failed {OUTER}",
        f"Unknown {MACHINE}:42: its definition could not be read: {DENIED.why}",
    ]
    assert not denied.looks


# -- what is known of others --

CHILDS = StateMachineArn.parse(CHILD).alias("live")
OTHERS = StateMachineArn.parse(MACHINE).alias("live")


def test_neighbours_are_filed_by_alias() -> None:
    definition = machine(
        A=task(START, StateMachineArn=ALIAS),
        B=task(START, StateMachineArn=f"{CHILD}:3"),
        C=task(START, StateMachineArn=CHILD),
        D=task(START, **{"StateMachineArn.$": "$.machine"}),
        E=task("arn:aws:states:::lambda:invoke", FunctionName="charge:live"),
        All={"Type": "Map", "ItemProcessor": machine(F=task(START, StateMachineArn=ALIAS))},
    )
    found = neighbours_of([("payments/child", CHILDS, outlined(definition)), ("shop/orders", OTHERS, None)])

    assert found.shifts == {f"{CHILD}:live": "payments/child", ALIAS: "shop/orders"}
    assert found.calls == {
        ALIAS: (AliasCall("payments/child", "A"), AliasCall("payments/child", "All.ItemProcessor.F"))
    }


def test_two_rollouts_of_one_alias_are_reported_by_the_first() -> None:
    assert neighbours_of([("a/a", CHILDS, None), ("b/b", CHILDS, None)]).shifts == {f"{CHILD}:live": "a/a"}


def test_nobody_has_no_neighbours() -> None:
    assert neighbours_of([]) == Neighbours()


def test_its_own_call_hides_no_other() -> None:
    both = Neighbours(
        own="shop/orders", calls={ALIAS: (AliasCall("shop/orders", "A"), AliasCall("shop/checkout", "B"))}
    )
    (message,) = lines(entry_point(None, both))
    assert message.startswith(f"Warning {ALIAS}: state B of rollout shop/checkout calls this alias")
