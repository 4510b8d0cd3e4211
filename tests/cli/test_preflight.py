"""`sfn-rollouts preflight` as a person or a check of a pull request calls it: files only, no AWS."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sfn_rollouts.asl.document import DEEPEST
from sfn_rollouts.cli import main

HERE = "eu-west-1:123456789012"
MACHINE = f"arn:aws:states:{HERE}:stateMachine"
INVOKE = "arn:aws:states:::lambda:invoke"
START = "arn:aws:states:::states:startExecution"


def manifest(name: str = "orders", machine: str = "Orders", **fields: Any) -> str:
    """A rollout of this state machine's alias live to version 42."""
    spec = {
        "stateMachineArn": f"{MACHINE}:{machine}",
        "alias": "live",
        "version": 42,
        "strategy": {"canary": {"weight": 10, "interval": "10m"}},
        **fields,
    }
    metadata = {"name": name, "namespace": "shop"}
    return json.dumps(
        {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout", "metadata": metadata, "spec": spec}
    )


def policy(**strictness: str) -> dict[str, Any]:
    return {"preflight": strictness}


def machine(**states: Any) -> str:
    return json.dumps({"StartAt": next(iter(states), ""), "States": states})


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}


PINNED = machine(Charge=task(INVOKE, FunctionName="charge:7"))
NEWEST = machine(Charge=task(INVOKE, FunctionName="charge"))
BY_ALIAS = machine(Charge=task(INVOKE, FunctionName="charge:live"))
CHOSEN = machine(Charge=task(INVOKE, **{"FunctionName.$": "$.f"}))
LEFT_OVER = machine(Charge=task(INVOKE, FunctionName="${ChargeFunctionArn}"))
CALLS_CHILD = machine(Pay=task(f"{START}.sync:2", StateMachineArn=f"{MACHINE}:Child:live"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(**contents: str) -> None:
    """Write each under its name, `_` being a dot."""
    for name, content in contents.items():
        Path(name.replace("_", ".")).write_text(content)


def preflight(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["preflight", *arguments], input=stdin)


def answer(*arguments: str, stdin: str = "") -> tuple[int, list[Any]]:
    """Return the exit code, and the rollouts of the JSON."""
    result = preflight(*arguments, "-o", "json", stdin=stdin)
    assert not result.stderr
    return result.exit_code, json.loads(result.stdout)["rollouts"]


def verdicts(rollout: Any) -> list[str]:
    return [f"{each['check']} {each['verdict']} {each['subject']}" for each in rollout["findings"]]


# -- one rollout with its definition --

QUIET = f"entryPoint Passed {MACHINE}:Orders:live"
# sentence: policy, definition, exit code, exit code with --strict, verdict, findings
SENTENCES: dict[str, tuple[dict[str, Any], str, int, int, str, list[str]]] = {
    "all is pinned": ({}, PINNED, 0, 0, "Passed", [f"pins Passed {MACHINE}:Orders:42", QUIET]),
    "it calls nothing": (
        {},
        machine(A={"Type": "Pass"}),
        0,
        0,
        "Passed",
        [f"pins Passed {MACHINE}:Orders:42", QUIET],
    ),
    "no version, without a policy": ({}, NEWEST, 0, 1, "Warning", ["pins Warning States.Charge", QUIET]),
    "no version under Warn": (policy(pins="Warn"), NEWEST, 0, 1, "Warning", ["pins Warning States.Charge", QUIET]),
    "no version under Enforce": (policy(pins="Enforce"), NEWEST, 1, 1, "Failed", ["pins Failed States.Charge", QUIET]),
    "no version under Off": (policy(pins="Off"), NEWEST, 0, 0, "Passed", [QUIET]),
    "an alias under Warn": ({}, BY_ALIAS, 0, 1, "Warning", ["pins Warning States.Charge", QUIET]),
    "an alias under Enforce": (policy(pins="Enforce"), BY_ALIAS, 1, 1, "Failed", ["pins Failed States.Charge", QUIET]),
    "chosen at run time never blocks": (
        policy(pins="Enforce"),
        CHOSEN,
        0,
        1,
        "Unknown",
        ["pins Unknown States.Charge", QUIET],
    ),
    "a substitution that is left over never blocks": (
        policy(pins="Enforce"),
        LEFT_OVER,
        0,
        1,
        "Unknown",
        ["pins Unknown States.Charge", QUIET],
    ),
    "all of them off": (policy(pins="Off", entryPoint="Off"), NEWEST, 0, 0, "Passed", []),
    "what files cannot say is not said": (
        policy(permissions="Enforce", alarms="Enforce", targets="Enforce", callers="Enforce"),
        PINNED,
        0,
        0,
        "Passed",
        [f"pins Passed {MACHINE}:Orders:42", QUIET],
    ),
}


@pytest.mark.parametrize(
    ("spec", "definition", "code", "strict", "verdict", "findings"), SENTENCES.values(), ids=SENTENCES.keys()
)
def test_one_rollout_with_its_definition(
    spec: dict[str, Any], definition: str, code: int, strict: int, verdict: str, findings: list[str]
) -> None:
    files(rollout_yaml=manifest(**spec), asl_json=definition)
    given = ("rollout.yaml", "--definition", "asl.json")

    assert (preflight(*given).exit_code, preflight(*given, "--strict").exit_code) == (code, strict)
    exit_code, (rollout,) = answer(*given)
    assert (exit_code, rollout["verdict"]) == (code, verdict)
    assert verdicts(rollout) == findings
    assert answer(*given, "--strict") == (strict, [rollout])


def test_the_json_is_as_it_is_documented() -> None:
    files(rollout_yaml=manifest(), asl_json=NEWEST)
    _, (rollout,) = answer("rollout.yaml", "--definition", "asl.json")
    assert rollout == {
        "namespace": "shop",
        "name": "orders",
        "version": 42,
        "verdict": "Warning",
        "findings": [
            {
                "check": "pins",
                "verdict": "Warning",
                "subject": "States.Charge",
                "message": "state Charge calls Lambda function charge without a version: it changes under the rollout; "
                "name one, charge:N",
            },
            {
                "check": "entryPoint",
                "verdict": "Passed",
                "subject": f"{MACHINE}:Orders:live",
                "message": "no other rollout shifts an alias that it names, or calls its alias",
            },
        ],
    }


def test_the_text_is_a_block_for_each_rollout() -> None:
    files(rollout_yaml=f"{manifest()}\n{manifest('refunds', 'Refunds', **policy(entryPoint='Off'))}", asl_json=NEWEST)
    result = preflight("rollout.yaml", "--definition", "asl.json")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "shop/orders: version 42: Warning",
        (
            "  Warning  pins: States.Charge: state Charge calls Lambda function charge without a version: it changes "
            "under the rollout; name one, charge:N"
        ),
        (
            f"  Passed   entryPoint: {MACHINE}:Orders:live: no other rollout shifts an alias that it names, or calls "
            "its alias"
        ),
        "",
        "shop/refunds: version 42: Unknown",
        (
            f"  Unknown  pins: {MACHINE}:Refunds:42: its definition could not be read: no definition was given: give "
            "--definition FILE, or --online"
        ),
    ]


SUBJECTS: dict[str, tuple[dict[str, Any], str]] = {
    "at the top": ({"Charge": task(f"arn:aws:lambda:{HERE}:function:f")}, "States.Charge"),
    "in a Map": (
        {"All": {"Type": "Map", "ItemProcessor": {"States": {"One": task(f"arn:aws:lambda:{HERE}:function:f")}}}},
        "States.All.ItemProcessor.States.One",
    ),
    "in a Map of older days": (
        {"All": {"Type": "Map", "Iterator": {"States": {"One": task(f"arn:aws:lambda:{HERE}:function:f")}}}},
        "States.All.Iterator.States.One",
    ),
    "in a Parallel": (
        {
            "Both": {
                "Type": "Parallel",
                "Branches": [{"States": {"One": task(f"arn:aws:lambda:{HERE}:function:f")}}, {"States": {}}],
            }
        },
        "States.Both.Branches[0].States.One",
    ),
}


@pytest.mark.parametrize(("states", "subject"), SUBJECTS.values(), ids=SUBJECTS.keys())
def test_the_subject_is_where_the_state_stands(states: dict[str, Any], subject: str) -> None:
    files(rollout_yaml=manifest(), asl_json=machine(**states))
    _, (rollout,) = answer("rollout.yaml", "--definition", "asl.json")
    assert verdicts(rollout)[0] == f"pins Warning {subject}"


# -- without a definition, and to whom it belongs --


def test_without_a_definition_nothing_is_known_and_nothing_blocks() -> None:
    files(rollout_yaml=manifest(**policy(pins="Enforce", entryPoint="Enforce")))
    code, (rollout,) = answer("rollout.yaml")
    assert (code, rollout["verdict"]) == (0, "Unknown")
    assert verdicts(rollout) == [f"pins Unknown {MACHINE}:Orders:42", f"entryPoint Unknown {MACHINE}:Orders:42"]
    assert preflight("rollout.yaml", "--strict").exit_code == 1


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def test_the_definition_belongs_to_the_first_rollout_of_the_first_file() -> None:
    files(
        b_yaml=f"{CONFIG_MAP}---\n{manifest('first', 'First')}\n---\n{manifest('second', 'Second')}",
        a_yaml=manifest("third", "Third"),
        asl_json=PINNED,
    )
    _, rollouts = answer("b.yaml", "a.yaml", "--definition", "asl.json")
    assert [(each["name"], each["verdict"]) for each in rollouts] == [
        ("first", "Passed"),
        ("second", "Unknown"),
        ("third", "Unknown"),
    ]


def test_the_definition_may_belong_to_an_item_of_a_list() -> None:
    items = [json.loads(manifest("first", "First")), json.loads(manifest("second", "Second"))]
    files(list_json=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), asl_json=PINNED)
    _, rollouts = answer("list.json", "--definition", "asl.json")
    assert [(each["name"], each["verdict"]) for each in rollouts] == [("first", "Passed"), ("second", "Unknown")]


def test_a_first_file_without_a_rollout_leaves_the_definition_to_nobody() -> None:
    files(other_yaml=CONFIG_MAP, rollout_yaml=manifest(), asl_json=NEWEST)
    result = preflight("other.yaml", "rollout.yaml", "--definition", "asl.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "other.yaml: no StepFunctionRollout in there that --definition could belong to\n"


def test_other_files_may_have_no_rollout() -> None:
    files(other_yaml=CONFIG_MAP, rollout_yaml=manifest(), asl_json=PINNED)
    assert answer("rollout.yaml", "other.yaml", "--definition", "asl.json")[0] == 0
    assert answer("other.yaml", "rollout.yaml")[0] == 0


@pytest.mark.parametrize("content", ["", "---\n", CONFIG_MAP, "[]"])
def test_files_without_any_rollout_are_reported(content: str) -> None:
    files(other_yaml=content)
    result = preflight("other.yaml", "other.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "other.yaml, other.yaml: no StepFunctionRollout in there\n"


def test_a_rollout_without_a_namespace_is_in_that_of_kubectl() -> None:
    bare = json.loads(manifest())
    bare["metadata"] = {"generateName": "orders-"}
    files(rollout_yaml=json.dumps(bare))
    _, (rollout,) = answer("rollout.yaml")
    assert (rollout["namespace"], rollout["name"]) == ("default", "orders-")


# -- entryPoint among the files --


@pytest.mark.parametrize(("strictness", "verdict", "code"), [("Warn", "Warning", 0), ("Enforce", "Failed", 1)])
@pytest.mark.parametrize("place", ["one file", "two files", "a list"])
def test_two_shifts_of_one_chain_are_reported_from_either_side(
    strictness: str, verdict: str, code: int, place: str
) -> None:
    outer = manifest("orders", "Orders", **policy(entryPoint=strictness, pins="Off"))
    inner = manifest("child", "Child", **policy(entryPoint=strictness, pins="Off"))
    given = {
        "one file": {"a_yaml": f"{outer}\n{inner}"},
        "two files": {"a_yaml": outer, "b_yaml": inner},
        "a list": {"a_yaml": f'{{"apiVersion": "v1", "kind": "List", "items": [{outer}, {inner}]}}'},
    }[place]
    files(**given, asl_json=CALLS_CHILD)

    exit_code, (caller, called) = answer(*(name.replace("_", ".") for name in given), "--definition", "asl.json")
    assert exit_code == code
    assert verdicts(caller) == [f"entryPoint {verdict} States.Pay"]
    assert "rollout shop/child shifts that alias" in caller["findings"][0]["message"]
    assert verdicts(called) == [
        f"entryPoint {verdict} {MACHINE}:Child:live",
        f"entryPoint Unknown {MACHINE}:Child:42",
    ]
    assert "state Pay of rollout shop/orders calls this alias" in called["findings"][0]["message"]


def test_each_side_has_its_own_policy() -> None:
    files(
        a_yaml=manifest("orders", "Orders", **policy(entryPoint="Off", pins="Off")),
        b_yaml=manifest("child", "Child", **policy(entryPoint="Enforce", pins="Off")),
        asl_json=CALLS_CHILD,
    )
    code, (caller, called) = answer("a.yaml", "b.yaml", "--definition", "asl.json")
    assert (code, caller["findings"], called["verdict"]) == (1, [], "Failed")


APART = {"another alias": {"alias": "beta"}, "another machine": {"stateMachineArn": f"{MACHINE}:Other"}}


@pytest.mark.parametrize("fields", APART.values(), ids=APART.keys())
def test_a_rollout_of_something_else_is_no_second_shift(fields: dict[str, Any]) -> None:
    files(a_yaml=manifest(**policy(pins="Off")), b_yaml=manifest("child", "Child", **fields), asl_json=CALLS_CHILD)
    _, (caller, _) = answer("a.yaml", "b.yaml", "--definition", "asl.json")
    assert verdicts(caller) == [QUIET]


# -- standard input --


def test_the_rollout_comes_by_standard_input() -> None:
    files(asl_json=NEWEST)
    _, (rollout,) = answer("-", "--definition", "asl.json", stdin=manifest())
    assert rollout["verdict"] == "Warning"


def test_the_definition_comes_by_standard_input() -> None:
    files(rollout_yaml=manifest())
    _, (rollout,) = answer("rollout.yaml", "--definition", "-", stdin=NEWEST)
    assert rollout["verdict"] == "Warning"


@pytest.mark.parametrize("given", [("-",), ("rollout.yaml", "-")])
def test_standard_input_is_not_both(given: tuple[str, ...]) -> None:
    files(rollout_yaml=manifest())
    result = preflight(*given, "--definition", "-", stdin=manifest())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "Error: standard input can be read once: give '-' for a FILE or for --definition, not for both\n"
    )


# -- what is no definition --

NESTED_MAPS = '{"States":{"M":{"Type":"Map","ItemProcessor":' * 70 + '{"States":{}}' + "}}}" * 70
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "no JSON": (b"StartAt: A\nStates: {}\n", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "two objects": (b'{"States": {}} {}', "it is not JSON: Extra data: line 1 column 16 (char 15)"),
    "a list": (b"[]", "it is not a JSON object"),
    "null": (b"null", "it is not a JSON object"),
    "a text": (b'"States"', "it is not a JSON object"),
    "no States": (b'{"StartAt": "A"}', "it has no States, an object with an entry for each state"),
    "States that are a list": (b'{"States": []}', "it has no States, an object with an entry for each state"),
    "States that are null": (b'{"States": null}', "it has no States, an object with an entry for each state"),
    "a key twice": (b'{"States": {"A": {}, "A": {}}}', '"A" stands twice in one object'),
    "a key twice, in a state": (b'{"States": {"A": {"Type": 1, "Type": 2}}}', '"Type" stands twice in one object'),
    "a key twice that is a line feed": (b'{"States": {"\\n": 1, "\\n": 2}}', '"\\n" stands twice in one object'),
    "NaN": (b'{"States": {"A": {"Seconds": NaN}}}', "NaN is no number of JSON"),
    "a number that is too large": (b'{"States": {"A": 1e999}}', "1e999 is too large a number"),
    "too deep": (
        b'{"States": {"A": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}}",
        "objects and lists stand more than 200 deep in each other",
    ),
    "much too deep": (
        b'{"States": {"A": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}",
        "objects and lists stand more than 200 deep in each other",
    ),
    "a chain of Maps that is too deep": (
        NESTED_MAPS.encode(),
        "objects and lists stand more than 200 deep in each other",
    ),
}


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize(("definition", "why"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_definition_is_one_line(definition: bytes, why: str, output: str) -> None:
    files(rollout_yaml=manifest())
    Path("asl.json").write_bytes(definition)
    result = preflight("rollout.yaml", "--definition", "asl.json", "-o", output)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"asl.json: is no definition: {why}\n"


@pytest.mark.parametrize("definition", [b"\xff\xfe{\x00}\x00", b'{"States": {"\xe9": {}}}'])
def test_what_is_no_text_is_one_line(definition: bytes) -> None:
    files(rollout_yaml=manifest())
    Path("asl.json").write_bytes(definition)
    result = preflight("rollout.yaml", "--definition", "asl.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "asl.json: is no text in UTF-8\n"


@pytest.mark.parametrize("by_input", [True, False])
def test_what_is_too_large_is_one_line(*, by_input: bool) -> None:
    files(rollout_yaml=manifest())
    large = f'{{"Comment": "{"x" * 17 * 2**20}", "States": {{}}}}'
    Path("asl.json").write_text(large)
    file = "-" if by_input else "asl.json"
    result = preflight("rollout.yaml", "--definition", file, stdin=large if by_input else "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{file}: is no definition: it is larger than 16 MiB, and AWS takes 1 MB\n"


def test_a_byte_order_mark_is_no_matter() -> None:
    files(rollout_yaml=manifest())
    Path("asl.json").write_text(PINNED, encoding="utf-8-sig")
    assert preflight("rollout.yaml", "--definition", "asl.json", "--strict").exit_code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_file_that_cannot_be_read_is_one_line() -> None:
    files(rollout_yaml=manifest())
    result = preflight("rollout.yaml", "--definition", "/proc/self/mem")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("/proc/self/mem: cannot be read: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["away.yaml"], ["rollout.yaml", "--definition", "away.json"], []])
def test_files_that_are_not_there_are_reported(arguments: list[str]) -> None:
    files(rollout_yaml=manifest())
    result = preflight(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


# -- what is no manifest --


def test_a_manifest_that_would_be_refused_is_reported_with_its_field() -> None:
    files(rollout_yaml=manifest(**policy(pinz="Enforce")), asl_json=PINNED)
    result = preflight("rollout.yaml", "--definition", "asl.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "rollout.yaml:1: spec.preflight.pinz: unknown field 'pinz': did you mean 'pins'?\n"


def test_off_without_quotes_is_reported_with_its_remedy() -> None:
    files(rollout_yaml=manifest(**policy(pins="Off")).replace('"Off"', "Off"))
    result = preflight("rollout.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "rollout.yaml:1: spec.preflight.pins: false is what YAML makes of Off: write 'Off', in quotes\n"
    )


def test_all_that_is_wrong_with_a_manifest_is_reported_a_line_each() -> None:
    wrong = manifest(version=0, **policy(pins="enforce"))
    files(list_json=f'{{"apiVersion": "v1", "kind": "List", "items": [{wrong}]}}')
    result = preflight("list.json")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "list.json:1: items[0].spec.version: 0 is out of bounds: give 1 to 2147483647",
        "list.json:1: items[0].spec.preflight.pins: 'enforce' is not known: did you mean 'Enforce'?",
    ]


def test_what_is_no_yaml_is_reported() -> None:
    files(rollout_yaml=f"{manifest()}\n---\na: [")
    result = preflight("rollout.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("rollout.yaml:2: is not readable as YAML: ")


# -- what stands in files does not write on a screen --

NAME = "::error::x\n##[error]##vso[task.x]\x1b[2J\x9b\u202e\u2028\ud800"


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("place", ["a state", "a function", "a resource", "a type", "a key twice"])
def test_nothing_in_a_definition_writes_on_a_screen_or_commands_a_ci_service(place: str, output: str) -> None:
    definition = {
        "a state": machine(**{NAME: task(f"arn:aws:lambda:{HERE}:function:f")}),
        "a function": machine(A=task(INVOKE, FunctionName=NAME)),
        "a resource": machine(A=task(NAME)),
        "a type": machine(A={"Type": NAME}),
        "a key twice": f'{{"States": {{{json.dumps(NAME)}: 1, {json.dumps(NAME)}: 2}}}}',
    }[place]
    files(rollout_yaml=manifest(), asl_json=definition)
    result = preflight("rollout.yaml", "--definition", "asl.json", "-o", output)

    shown = result.stdout + result.stderr
    assert result.exit_code == (2 if place == "a key twice" else 0)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert not re.search(r"(?m)^\s*::|##\w*\[", shown)


def test_a_name_of_two_thousand_characters_is_cut() -> None:
    files(rollout_yaml=manifest(), asl_json=machine(**{"x" * 2000: task(INVOKE, FunctionName="y" * 2000)}))
    _, (rollout,) = answer("rollout.yaml", "--definition", "asl.json")
    finding = rollout["findings"][0]
    assert max(len(finding["subject"]), len(finding["message"])) == 1000


def test_more_than_fifty_findings_are_reported_all() -> None:
    states = {f"S{number}": task(INVOKE, FunctionName=f"f{number}") for number in range(70)}
    files(rollout_yaml=manifest(**policy(entryPoint="Off")), asl_json=machine(**states))
    _, (rollout,) = answer("rollout.yaml", "--definition", "asl.json")
    assert len(rollout["findings"]) == 70


def test_it_needs_neither_kopf_nor_boto3() -> None:
    files(rollout_yaml=manifest(), asl_json=PINNED)
    program = (
        "import sys; from sfn_rollouts.cli import main; "
        "main(['preflight', 'rollout.yaml', '--definition', 'asl.json'], standalone_mode=False)"
    )
    check = f"try:\n    exec({program!r})\nexcept SystemExit as end:\n    assert end.code == 0\n"
    found = "print(sorted({'kopf', 'boto3', 'botocore', 'kubernetes'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{check}{found}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_smoke_is_not_run_and_a_note_says_so() -> None:
    files(rollout_yaml=manifest(preflight={"pins": "Off", "entryPoint": "Off", "smoke": {"input": {"dryRun": True}}}))
    result = preflight("rollout.yaml", "-o", "json", "--strict")
    assert result.exit_code == 0
    assert "the smoke is not run: the operator alone starts executions" in result.stderr
    assert json.loads(result.stdout)["rollouts"][0]["findings"] == []
