"""What lint says about each manifest of the table, about what surrounds a spec, and which warnings it gives."""

from typing import Any

import pytest

from sfn_rollouts.api.problems import Severity
from sfn_rollouts.api.resource import SpecError, concerns, lint, parse_spec
from tests.api.manifests import ACCEPTED, LEFT_OUT, REFUSED, Refused, alarms, manifest, wait


def errors(document: Any) -> list[str]:
    return [str(problem) for problem in lint(document) if problem.severity is Severity.ERROR]


def warnings(document: Any) -> list[str]:
    return [str(problem) for problem in lint(document) if problem.severity is Severity.WARNING]


@pytest.mark.parametrize("document", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_lint_accepts(document: dict[str, Any]) -> None:
    assert errors(document) == []


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_lint_refuses_and_says(case: Refused) -> None:
    assert errors(case.manifest) == [f"{case.path}: {case.lint}"]


def test_a_problem_carries_the_value() -> None:
    (problem,) = lint(manifest(bakeTime="soon"))

    assert (problem.path, problem.value) == ("spec.bakeTime", "soon")


def test_all_problems_are_reported_at_once_on_one_line() -> None:
    with pytest.raises(SpecError) as refused:
        parse_spec({**manifest(version=0)["spec"], "bakeTime": "soon"})

    assert str(refused.value) == (
        "spec.version: 0 is out of bounds: give 1 to 2147483647; "
        "spec.bakeTime: 'soon' is not a duration: write a number with a unit, like 30s, 10m or 1h30m"
    )


BOOLEANS = {
    False: "false is what YAML makes of Off: write 'Off', in quotes",
    True: "true is not known: use one of Off, Warn, Enforce",
}


@pytest.mark.parametrize(("given", "sentence"), BOOLEANS.items())
def test_a_word_that_yaml_takes_for_a_boolean_is_reported_with_its_remedy(*, given: bool, sentence: str) -> None:
    """The API server refuses a boolean twice, as no text and as none of the words; so it has no row of the table."""
    assert errors(manifest(preflight={"callers": given})) == [f"spec.preflight.callers: {sentence}"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"text": "x" * 8182}, "is 8193 bytes of JSON: give at most 8192 (8 KiB)"),
        ({"text": "ä" * 4091}, "is 8193 bytes of JSON: give at most 8192 (8 KiB)"),
        ({"number": float("nan")}, "is no JSON object: use texts, numbers, true, false, null, lists and mappings only"),
        ({"half": "\ud800"}, "is no JSON object: use texts, numbers, true, false, null, lists and mappings only"),
    ],
)
def test_what_the_api_server_cannot_see_of_an_input_is_reported_all_the_same(given: Any, sentence: str) -> None:
    """CEL sees nothing of an object without a schema; so these have no row of the table."""
    for field, smoke in (("input", {"input": given}), ("expect.output", {"input": {}, "expect": {"output": given}})):
        assert errors(manifest(preflight={"smoke": smoke})) == [f"spec.preflight.smoke.{field}: {sentence}"]
    assert errors(manifest(preflight={"smoke": {"input": {"text": "x" * 8181}}})) == []


def test_an_input_is_kept_as_it_was_written() -> None:
    written = {"nothing": None, "list": [{"nothing": None}], "snake_case": 1, "camelCase": 1.5}
    preflight = parse_spec(manifest(preflight={"smoke": {"input": written}})["spec"]).preflight
    assert preflight is not None
    assert preflight.smoke is not None
    assert preflight.smoke.input == written


def test_half_of_a_character_is_reported_without_showing_it() -> None:
    (problem,) = lint(manifest(retryToken="\ud800"))

    assert str(problem) == "spec.retryToken: has half of a character (a lone surrogate): write the whole character"


AROUND: dict[str, tuple[Any, list[str]]] = {
    "no mapping": (3, ["3 is no resource: a mapping with apiVersion, kind and spec is"]),
    "another version of the API": (
        {**manifest(), "apiVersion": "sfnrollouts.dev/v1"},
        ["apiVersion: 'sfnrollouts.dev/v1' is not known: write sfnrollouts.dev/v1alpha1"],
    ),
    "a misspelt kind": (
        {**manifest(), "kind": "StepFunctionRolout"},
        ["kind: 'StepFunctionRolout' is not known: write StepFunctionRollout"],
    ),
    "no metadata": ({**manifest(), "metadata": None}, ["metadata.name: is required: give the rollout a name"]),
    "no name": ({**manifest(), "metadata": {}}, ["metadata.name: is required: give the rollout a name"]),
    "a generated name": ({**manifest(), "metadata": {"generateName": "order-"}}, []),
    "a name in capitals": (
        manifest(name="OrderProcessor"),
        [
            (
                "metadata.name: 'OrderProcessor' is not a name: use at most 253 lower-case letters, digits, "
                "'-' and '.', a letter or digit first and last"
            )
        ],
    ),
    "no spec": (
        {**manifest(), "spec": None},
        ["spec: is required: give stateMachineArn, alias, version and strategy"],
    ),
    "a spec that is a list": ({**manifest(), "spec": []}, ["spec: [] is no object: write its fields below it"]),
    "an empty spec": (
        {**manifest(), "spec": {}},
        [
            "spec.stateMachineArn: is required: ARN of the state machine, without a version or alias",
            "spec.alias: is required: Name of the alias that callers use",
            "spec.version: is required: Number of the published version that the alias should serve",
            (
                "spec.strategy: is required: How traffic moves from the stable version to this one: "
                "exactly one of the fields"
            ),
        ],
    ),
    "a misspelt part": ({**manifest(), "spek": {}}, ["spek: unknown field 'spek': did you mean 'spec'?"]),
    "an unknown field without a value": (
        manifest(track=None),
        ["spec.track: unknown field 'track': leave it out"],
    ),
    "a field without a value": (manifest(retryToken=None), []),
    "a status, as kubectl get -o yaml gives it": ({**manifest(), "status": {"phase": "Succeeded"}}, []),
}


@pytest.mark.parametrize(("document", "expected"), AROUND.values(), ids=AROUND.keys())
def test_lint_reads_what_is_around_the_spec(document: Any, expected: list[str]) -> None:
    assert errors(document) == expected


NO_TIME = (
    "spec.bakeTime: the target never has traffic while alarms are watched: "
    "set bakeTime, like 15m, or wait behind a weight above 0"
)
FOR_EVER = (
    "spec.strategy.steps[{}].pause: waits for a person for ever: "
    "add timeout, like 24h, and onTimeout: Rollback or Continue"
)
NO_ALARM = "spec.alarms.names: no alarm is watched, so nothing goes back by itself: name one or more"

WARNED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing to warn of": (manifest(), []),
    "all at once without a bake": (manifest(strategy={"allAtOnce": {}}), [NO_TIME]),
    "all at once by preset": (manifest(strategy={"preset": "AllAtOnce"}), [NO_TIME]),
    "all at once with a bake of nothing": (manifest(strategy={"allAtOnce": {}}, bakeTime="0s"), [NO_TIME]),
    "all at once with a bake": (manifest(strategy={"allAtOnce": {}}, bakeTime="10m"), []),
    "steps that only wait before the first weight": (
        manifest(strategy={"steps": [{"pause": {"duration": "1h"}}, {"pause": {}}, {"setWeight": 50}]}),
        [NO_TIME, FOR_EVER.format(1)],
    ),
    "steps without a wait": (manifest(strategy={"steps": [{"setWeight": 10}, {"setWeight": 50}]}), [NO_TIME]),
    "steps that wait for a person with traffic": (
        manifest(strategy={"steps": [{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}]}),
        [FOR_EVER.format(1)],
    ),
    "an approval that ends": (
        manifest(strategy={"steps": [{"setWeight": 10}, {"pause": {"timeout": "24h"}}, {"setWeight": 50}]}),
        [],
    ),
    "a poll longer than an approval": (
        manifest(strategy={"steps": [{"setWeight": 10}, {"pause": {"timeout": "9s", "onTimeout": "Continue"}}]}),
        [
            (
                "spec.alarms.pollInterval: '10s' is longer than the '9s' of spec.strategy.steps[1].pause.timeout: "
                "poll more often, or wait longer there"
            )
        ],
    ),
    "steps that wait behind all traffic": (
        manifest(strategy={"steps": [{"setWeight": 100}, {"pause": {"duration": "10m"}}]}),
        [],
    ),
    "steps without a wait, with a bake": (manifest(strategy={"steps": [{"setWeight": 10}]}, bakeTime="5m"), []),
    "a canary of everything": (manifest(strategy={"canary": {"weight": 100, "interval": "10m"}}), []),
    "a canary of everything without a bake": (
        manifest(strategy={"canary": {"weight": 100, "interval": "10m"}}, bakeTime="0s"),
        [NO_TIME],
    ),
    "one linear step without a bake": (
        manifest(strategy={"linear": {"increment": 100, "interval": "10m"}}, bakeTime="0s"),
        [NO_TIME],
    ),
    "linear steps without a bake": (
        manifest(strategy={"linear": {"increment": 99, "interval": "10m"}}, bakeTime="0s"),
        [],
    ),
    "one exponential step without a bake": (
        manifest(strategy={"exponential": {"initialWeight": 100, "factor": 2, "interval": "10m"}}, bakeTime="0s"),
        [NO_TIME],
    ),
    "a preset without a bake": (manifest(strategy={"preset": "Canary10Percent5Minutes"}, bakeTime="0s"), []),
    "no alarms": (manifest(alarms=LEFT_OUT), [NO_ALARM]),
    "an empty list of alarms": (manifest(alarms={"names": [], "pollInterval": "1h"}), [NO_ALARM]),
    "a poll longer than an interval": (
        manifest(strategy=wait("30s"), alarms=alarms(pollInterval="1m")),
        [
            (
                "spec.alarms.pollInterval: '1m' is longer than the '30s' of spec.strategy.canary.interval: "
                "poll more often, or wait longer there"
            )
        ],
    ),
    "a poll as long as the interval": (manifest(strategy=wait("1m"), alarms=alarms(pollInterval="60s")), []),
    "a poll longer than a pause and the bake": (
        manifest(
            strategy={"steps": [{"setWeight": 5}, {"pause": {"duration": "5s"}}, {"pause": {}}]},
            bakeTime="9s",
        ),
        [
            (
                "spec.alarms.pollInterval: '10s' is longer than the '5s' of spec.strategy.steps[1].pause.duration: "
                "poll more often, or wait longer there"
            ),
            (
                "spec.alarms.pollInterval: '10s' is longer than the '9s' of spec.bakeTime: "
                "poll more often, or wait longer there"
            ),
            FOR_EVER.format(2),
        ],
    ),
    "an invalid spec is not warned of": (manifest(version=0, alarms=LEFT_OUT), []),
}


@pytest.mark.parametrize(("document", "expected"), WARNED.values(), ids=WARNED.keys())
def test_lint_warns_of(document: dict[str, Any], expected: list[str]) -> None:
    assert warnings(document) == expected


CONCERNED: dict[str, tuple[Any, bool]] = {
    "a rollout": (manifest(), True),
    "a rollout of another version": ({"apiVersion": "sfnrollouts.dev/v2", "kind": "StepFunctionRollout"}, True),
    "a misspelt kind in our group": ({"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "Rollout"}, True),
    "a misspelt group with our kind": ({"apiVersion": "sfnrollout.dev/v1", "kind": "StepFunctionRollout"}, True),
    "another kind": ({"apiVersion": "v1", "kind": "ConfigMap"}, False),
    "an empty document": (None, False),
    "a list": ([], False),
}


@pytest.mark.parametrize(("document", "expected"), CONCERNED.values(), ids=CONCERNED.keys())
def test_lint_concerns(document: Any, expected: bool) -> None:
    assert concerns(document) is expected
