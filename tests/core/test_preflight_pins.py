"""Pins: what the target calls without a version. The shapes of definitions have a test of their own."""

from typing import Any

import pytest

from sfn_rollouts.api.preflight import Check, Verdict
from sfn_rollouts.core.preflight.reading import home_of
from sfn_rollouts.core.preflight.subject import LONGEST, Found
from sfn_rollouts.core.values.looks import ReadDefinition
from tests.core.preflight import (
    DENIED,
    ENFORCE,
    KMS,
    TARGET,
    THROTTLED,
    VERSION,
    WARN,
    ask,
    line,
    lines,
    machine,
    subject,
    target_is,
    task,
)

INVOKE = "arn:aws:states:::lambda:invoke"


def pins(definition: dict[str, Any] | None, strictness: Any = WARN, why: str = "") -> Found:
    return ask(Check.PINS, subject(), target_is(definition, why=why), strictness)


def test_nobody_has_looked_yet() -> None:
    assert ask(Check.PINS, subject()) == Found(looks=frozenset({ReadDefinition(TARGET)}))


ALIAS = (
    "States.Charge: state Charge calls Lambda function charge by its alias live, which may move under the rollout; a "
    "version cannot: name one, charge:N"
)
NEWEST = (
    "States.Charge: state Charge calls Lambda function charge without a version: it changes under the rollout; name "
    "one, charge:N"
)
CHOSEN = (
    "States.Charge: state Charge chooses the Lambda function when it runs: whether that has a version cannot be seen "
    "here"
)
# sentence: the state Charge, under Warn, under Enforce
SENTENCES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a version passes": (
        task(INVOKE, FunctionName="charge:7"),
        f"Passed {VERSION}: the one thing that it calls is pinned to a version",
        f"Passed {VERSION}: the one thing that it calls is pinned to a version",
    ),
    "no version is a problem": (task(INVOKE, FunctionName="charge"), f"Warning {NEWEST}", f"Failed {NEWEST}"),
    "$LATEST is no version": (task(INVOKE, FunctionName="charge:$LATEST"), f"Warning {NEWEST}", f"Failed {NEWEST}"),
    "an alias counts like no version": (
        task(INVOKE, FunctionName="charge:live"),
        f"Warning {ALIAS}",
        f"Failed {ALIAS}",
    ),
    "what is chosen at run time never blocks": (
        task(INVOKE, **{"FunctionName.$": "$.f"}),
        f"Unknown {CHOSEN}",
        f"Unknown {CHOSEN}",
    ),
    "nothing to pin passes": (
        {"Type": "Pass"},
        f"Passed {VERSION}: it calls nothing that AWS keeps in versions",
        f"Passed {VERSION}: it calls nothing that AWS keeps in versions",
    ),
}


@pytest.mark.parametrize(("state", "warned", "enforced"), SENTENCES.values(), ids=SENTENCES.keys())
def test_each_verdict(state: dict[str, Any], warned: str, enforced: str) -> None:
    definition = machine(Charge=state)
    assert lines(pins(definition)) == [warned]
    assert lines(pins(definition, ENFORCE)) == [enforced]
    assert not pins(definition).looks


@pytest.mark.parametrize("unseen", [DENIED, THROTTLED, KMS], ids=["denied", "throttled", "KMS"])
@pytest.mark.parametrize("strictness", [WARN, ENFORCE])
def test_a_definition_that_cannot_be_read_never_blocks(unseen: Any, strictness: Any) -> None:
    found = ask(Check.PINS, subject(), {ReadDefinition(TARGET): unseen}, strictness)
    assert lines(found) == [f"Unknown {VERSION}: its definition could not be read: {unseen.why}"]
    assert not found.looks


def test_a_definition_that_cannot_be_understood_never_blocks() -> None:
    assert lines(pins(None, ENFORCE, "NaN is no number of JSON")) == [
        f"Unknown {VERSION}: its definition cannot be understood: NaN is no number of JSON"
    ]


def test_each_state_has_a_finding_and_what_is_pinned_has_none() -> None:
    names = ["a", "b:1", "c:live", "d"]
    found = pins(machine(**{name[0]: task(INVOKE, FunctionName=name) for name in names}))
    assert [each.subject for each in found.findings] == ["States.a", "States.c", "States.d"]


def test_how_many_are_pinned() -> None:
    states = {f"S{number}": task(INVOKE, FunctionName=f"charge:{number}") for number in range(3)}
    assert lines(pins(machine(**states))) == [f"Passed {VERSION}: all 3 things that it calls are pinned to a version"]


HOSTILE = {
    "control characters": "a\x1b[2Jb\n::error::c",
    "a mark of a CI service": "##vso[task.complete]",
    "half of a character": "\ud800",
    "text that runs backwards": "\u202egnp.exe",
    "two thousand characters": "x" * 2000,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("where", ["state", "function"])
def test_names_do_not_write_on_a_screen_or_overflow_a_status(name: str, where: str) -> None:
    state, function = (name, "charge") if where == "state" else ("Charge", name)
    (finding,) = pins(machine(**{state: task(INVOKE, FunctionName=function)})).findings

    assert line(finding).startswith(("Warning States.", "Unknown States."))
    assert max(len(finding.subject), len(finding.message)) <= LONGEST
    assert "##vso[" not in finding.subject + finding.message
    assert "\n" not in finding.subject + finding.message


def test_a_definition_lives_beside_its_state_machine() -> None:
    home = home_of(subject().machine)
    assert home.arn("sqs", "orders") == "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert home.machine == subject().machine.name


def test_of_a_definition_that_did_not_change_the_findings_are_made_once() -> None:
    """A target may make thousands of calls, and a rollout that waits is decided on at each poll."""
    answers = target_is(machine(Charge=task(INVOKE, FunctionName="charge")))
    first, again = ask(Check.PINS, subject(), answers), ask(Check.PINS, subject(), answers)
    assert first.findings[0] is again.findings[0]
    assert ask(Check.PINS, subject(), answers, ENFORCE).findings[0].verdict is Verdict.FAILED
