"""`sfn-rollouts lint` as a person or a pre-commit hook calls it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sfn_rollouts.cli import main

GOOD = """
apiVersion: sfnrollouts.dev/v1alpha1
kind: StepFunctionRollout
metadata: {name: orders}
spec:
  stateMachineArn: arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor
  alias: live
  version: 2
  alarms: {names: [OrderProcessor-failures]}
  strategy: {canary: {weight: 10, interval: 10m}}
"""
BAD = GOOD.replace("weight: 10", "weight: 101")
WITH_MERGE = GOOD.replace("{weight: 10, interval: 10m}", "{<<: {weight: 10}, interval: 10m}")
ALL_AT_ONCE = GOOD.replace("{canary: {weight: 10, interval: 10m}}", "{allAtOnce: {}}")
ACCESS = """
apiVersion: sfnrollouts.dev/v1alpha1
kind: AWSAccess
metadata: {name: orders}
spec:
  namespaces: {names: [shop]}
  stateMachines: ["arn:aws:states:eu-west-1:123456789012:stateMachine:Order*"]
"""
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def analysed(strategy: str, analysis: str = "{}") -> str:
    """A good manifest with this strategy that asks for analysis."""
    return GOOD.replace("{canary: {weight: 10, interval: 10m}}", strategy) + f"  analysis: {analysis}\n"


def lint(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["lint", *arguments], input=stdin)


SENTENCES: dict[str, tuple[str, int, list[str]]] = {
    "a good manifest passes": (GOOD, 0, ["1 rollout checked: 0 errors, 0 warnings"]),
    "a bad one is named with document and path": (
        f"{GOOD}---{BAD}",
        1,
        ["-:2: spec.strategy.canary.weight: ", "2 rollouts checked: 1 error, 0 warnings"],
    ),
    "other kinds and empty documents are skipped": (
        f"---\n---\n{OTHER}---{GOOD}",
        0,
        ["1 rollout checked, 1 document of other kinds skipped: 0 errors"],
    ),
    "the items of a list are checked": (
        "kind: List\nitems:\n- " + BAD.strip().replace("\n", "\n  "),
        1,
        ["-:1: items[0].spec.strategy.canary.weight", "1 rollout checked"],
    ),
    "what is no YAML is an error": ("a: [", 1, ["-:1: is not readable as YAML", "1 error"]),
    "documents before the unreadable one are checked": (
        f"{BAD}---\na: [",
        1,
        ["-:1: spec.", "-:2: is not", "2 errors"],
    ),
    "a key given twice is an error": (
        GOOD + "  alias: other\n",
        1,
        ["-:1: is not readable as YAML: line 11: key 'alias' is given twice"],
    ),
    "a merge key may be given with others": (WITH_MERGE, 0, ["0 errors"]),
    "a warning alone is no error": (ALL_AT_ONCE, 0, ["warning: "]),
    "accesses are checked beside rollouts": (
        f"{GOOD.replace('name: orders', 'name: orders, namespace: shop')}---{ACCESS}",
        0,
        ["1 rollout and 1 access checked: 0 errors, 0 warnings"],
    ),
    "a bad access is named with document and path": (
        f"{ACCESS}---{ACCESS.replace('Order*', 'Order*:live')}",
        1,
        ["-:2: spec.stateMachines[0]: ", "0 rollouts and 2 accesses checked: 1 error, 0 warnings"],
    ),
    "the items of a list of accesses are checked": (
        "apiVersion: sfnrollouts.dev/v1alpha1\nkind: AWSAccessList\nitems:\n- metadata: {name: orders}\n  spec: {}",
        1,
        ["-:1: items[0].spec.namespaces: is required", "0 rollouts and 1 access checked"],
    ),
    "no argument at all": ("", 0, ["0 rollouts checked"]),
}


@pytest.mark.parametrize(("manifests", "code", "reported"), SENTENCES.values(), ids=SENTENCES)
def test_lint_says(manifests: str, code: int, reported: list[str]) -> None:
    result = lint("-", stdin=manifests)

    assert result.exit_code == code, result.output
    for part in reported:
        assert part in result.output


def test_the_value_and_the_remedy_are_reported() -> None:
    output = lint("-", stdin=BAD).output

    assert "101 is out of bounds: give 1 to 100" in output


HOSTILE = r"x\n::error file=app.py,line=1::pwned##[error]x##vso[task.x]\e]0;pwn\a\e[2J\x9b2J\u202e\u2028"
PLACES = {
    "a value": GOOD.replace("alias: live", f'alias: "{HOSTILE}"'),
    "a name": GOOD.replace("name: orders", f'name: "{HOSTILE}"'),
    "a label and its key": GOOD.replace("name: orders", f'name: a, labels: {{"{HOSTILE}": "{HOSTILE}"}}'),
    "an unknown field": GOOD.replace("alias: live", f'alias: live\n  "{HOSTILE}": 1'),
    "a version": GOOD.replace("version: 2", f'version: "{HOSTILE}"'),
    "a kind": GOOD.replace("kind: StepFunctionRollout", f'kind: "{HOSTILE}"'),
    "an item of a list": GOOD.replace("[OrderProcessor-failures]", f'["a", {{"{HOSTILE}": "{HOSTILE}"}}]'),
    "a key given twice": GOOD.replace("alias: live", f'"{HOSTILE}": 1\n  "{HOSTILE}": 2'),
    "a tag": GOOD.replace("alias: live", f'alias: !!int "{HOSTILE}"'),
    "an anchor": GOOD.replace("alias: live", "alias: *x##[error]"),
    "behind a separator": "--- x##[error]\n",
    "a byte": GOOD.replace("alias: live", "alias: \x1b[2J"),
}


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("manifest", PLACES.values(), ids=PLACES)
def test_nothing_in_a_manifest_writes_on_a_screen_or_commands_a_ci_service(manifest: str, output: str) -> None:
    result = lint("-", "-o", output, stdin=manifest)

    assert result.exit_code == 1
    assert all(line.isprintable() for line in result.output.split("\n"))
    assert not re.search(r"(?m)^\s*::|##\w*\[", result.output)
    assert output == "json" or all(
        line.startswith(("-:1: ", "1 rollout", "0 rollout")) for line in result.output.splitlines()
    )


def test_names_of_files_do_not_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "::error title=x::y\n##[error]\x1b[2J"
    Path(name).write_text("a: [")
    there, away = lint(name), lint(f"{name}.yaml")

    assert (there.exit_code, away.exit_code) == (1, 2)
    assert all(line.isprintable() for line in (there.output + away.output).split("\n"))
    assert not re.search(r"(?m)^\s*::|##\w*\[", there.output + away.output)


@pytest.mark.parametrize("arguments", [["--no\n::error::x"], ["-o", "x\n::error::x"], ["\x1b[2J"]])
def test_wrong_arguments_are_reported_on_one_line(arguments: list[str]) -> None:
    result = lint(*arguments)

    assert result.exit_code == 2
    [reported] = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert result.output.endswith(f"{reported}\n")
    assert reported.isprintable()


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.yaml").open("wb") as large:
        large.truncate(17 * 2**20)

    result = lint(str(tmp_path / "large.yaml"), "-", stdin=BAD)

    assert "is larger than 16 MiB" in result.output
    assert "-:1: spec.strategy.canary.weight" in result.output


LISTS: dict[str, tuple[str, list[str]]] = {
    "rollouts in a list of their own kind": (
        "apiVersion: sfnrollouts.dev/v1alpha1\nkind: StepFunctionRolloutList\nitems:\n",
        ["items[0].spec.strategy.canary.weight: 101", "2 rollouts checked: 2 errors"],
    ),
    "rollouts in a list": ("apiVersion: v1\nkind: List\nitems:\n", ["items[1].spec.strategy", "2 rollouts checked"]),
    "rollouts in a list of another kind": (
        "apiVersion: v1\nkind: ConfigMapList\nitems:\n",
        ["items[1].spec.strategy.canary.weight: 101", "2 rollouts checked"],
    ),
    "a list of our kind in another version": (
        "apiVersion: sfnrollouts.dev/v1\nkind: StepFunctionRolloutList\nitems:\n",
        ["-:1: apiVersion: 'sfnrollouts.dev/v1' is not known: write sfnrollouts.dev/v1alpha1", "1 error"],
    ),
    "a misspelt list of our group": (
        "apiVersion: sfnrollouts.dev/v1alpha1\nkind: RolloutList\n",
        ["-:1: kind: 'RolloutList' is not known: write StepFunctionRollout"],
    ),
}


@pytest.mark.parametrize(("head", "reported"), LISTS.values(), ids=LISTS)
def test_lists_are_taken_apart(head: str, reported: list[str]) -> None:
    items = "- " + BAD.strip().replace("\n", "\n  ") + "\n"
    result = lint("-", stdin=head + items * 2 if head.endswith("items:\n") else head)

    assert result.exit_code == 1
    for part in reported:
        assert part in result.output


def test_items_of_our_list_need_no_kind() -> None:
    item = BAD.strip().partition("kind: StepFunctionRollout\n")[2].replace("\n", "\n  ")
    head = "apiVersion: sfnrollouts.dev/v1alpha1\nkind: StepFunctionRolloutList\nitems:\n"
    result = lint("-", stdin=f"{head}- {item}\n")

    assert "-:1: items[0].spec.strategy.canary.weight: 101" in result.output
    assert "1 rollout checked: 1 error" in result.output


@pytest.mark.parametrize(
    ("items", "reported"),
    [
        ("{a: 1}", "-:1: items: {'a': 1} is no list"),
        ("[{kind: List, items: []}]", "-:1: items[0]: is a list within a list"),
        ("null", "0 rollouts checked: 0 errors"),
        ("[null]", "0 rollouts checked, 1 document of other kinds skipped"),
    ],
)
def test_odd_lists(items: str, reported: str) -> None:
    assert reported in lint("-", stdin=f"apiVersion: v1\nkind: List\nitems: {items}\n").output


def test_a_list_of_manifests_is_no_manifest() -> None:
    """kubectl refuses it. A list of something else, as a patch of kustomize, is skipped."""
    result = lint("-", stdin="- " + GOOD.strip().replace("\n", "\n  "))
    assert result.exit_code == 1
    assert "-:1: is a list of manifests, which kubectl does not take: begin each with '---'" in result.output
    assert lint("-", stdin="- {op: remove, path: /spec/paused}").exit_code == 0


def test_files_are_distinguished(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)

    result = lint(str(tmp_path / "good.yaml"), str(tmp_path / "bad.yaml"))

    assert result.exit_code == 1
    assert f"{tmp_path / 'bad.yaml'}:1: spec." in result.output
    assert f"{tmp_path / 'good.yaml'}:" not in result.output


def test_json_is_for_other_programs() -> None:
    result = lint("-", "-o", "json", stdin=f"{OTHER}---{BAD}")

    reported = json.loads(result.output)
    assert (result.exit_code, reported["checked"], reported["skipped"]) == (1, 1, 1)
    [problem] = reported["problems"]
    assert problem["file"] == "-"
    assert problem["document"] == 2
    assert problem["path"] == "spec.strategy.canary.weight"
    assert problem["value"] == 101
    assert problem["severity"] == "error"


@pytest.mark.parametrize("arguments", [["/nowhere.yaml"], [], ["/"]])
def test_a_file_that_is_not_there_is_bad_usage(arguments: list[str]) -> None:
    assert lint(*arguments).exit_code == 2


def test_every_example_passes() -> None:
    examples = [str(path) for path in sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))]

    assert examples
    assert lint(*examples).exit_code == 0


# -- what preflight would say --

CHARGE = '{{"StartAt": "A", "States": {{"A": {{"Type": "Task", "Resource": "{}", "End": true}}}}}}'
PINNED = CHARGE.format("arn:aws:lambda:eu-west-1:123456789012:function:charge:7")
NEWEST = CHARGE.format("arn:aws:lambda:eu-west-1:123456789012:function:charge")
CALLS_CHILD = """
{"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
  "Parameters": {"StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:Child:live"}, "End": true}}}
"""
CHOSEN = CALLS_CHILD.replace('"StateMachineArn"', '"StateMachineArn.$"')
CHILD = GOOD.replace("stateMachine:OrderProcessor", "stateMachine:Child").replace("name: orders", "name: child")
UNPINNED = "A calls Lambda function charge without a version: it changes under the rollout; name one, charge:N"
TWO_SHIFTS = "States.Pay: state Pay calls arn:aws:states:eu-west-1:123456789012:stateMachine:Child:live, and rollout "


def policy(manifest: str, text: str) -> str:
    return manifest.replace("  alias: live", f"  preflight: {{{text}}}\n  alias: live")


# sentence: manifests, definition, exit code, lines
PREFLIGHT: dict[str, tuple[str, str, int, list[str]]] = {
    "what is pinned is not mentioned": (GOOD, PINNED, 0, ["1 rollout checked: 0 errors, 0 warnings"]),
    "what cannot be decided is not mentioned": (GOOD, CHOSEN, 0, ["1 rollout checked: 0 errors, 0 warnings"]),
    "what would be reported is a warning": (
        GOOD,
        NEWEST,
        0,
        [f"-:1: warning: spec.preflight.pins: States.A: state {UNPINNED}", "1 rollout checked: 0 errors, 1 warning"],
    ),
    "what would block is an error": (
        policy(GOOD, "pins: Enforce"),
        NEWEST,
        1,
        [f"-:1: spec.preflight.pins: States.A: state {UNPINNED}", "1 rollout checked: 1 error, 0 warnings"],
    ),
    "what is off is not mentioned": (policy(GOOD, 'pins: "Off"'), NEWEST, 0, ["1 rollout checked: 0 errors, 0 warn"]),
    "the definition is the first rollout's": (
        f"{OTHER}---{policy(CHILD, 'pins: Enforce')}---{policy(GOOD, 'pins: Enforce')}",
        NEWEST,
        1,
        ["-:2: spec.preflight.pins: ", "2 rollouts checked, 1 document of other kinds skipped: 1 error, 0 warnings"],
    ),
    "also where that one has errors": (f"{BAD}---{GOOD}", NEWEST, 1, ["-:1: spec.strategy", "2 rollouts checked: 1 e"]),
    "two shifts of one chain, from either side and in order": (
        f"{GOOD}---{policy(CHILD, 'entryPoint: Enforce')}",
        CALLS_CHILD,
        1,
        [
            "-:1: warning: spec.preflight.pins: States.Pay: ",
            f"-:1: warning: spec.preflight.entryPoint: {TWO_SHIFTS}default/child shifts that alias",
            "-:2: spec.preflight.entryPoint: arn:aws:states:eu-west-1:123456789012:stateMachine:Child:live: state Pay",
            "2 rollouts checked: 1 error, 2 warnings",
        ],
    ),
    "no alarm is mentioned once": (
        GOOD.replace("  alarms: {names: [OrderProcessor-failures]}\n", ""),
        PINNED,
        0,
        ["-:1: warning: spec.alarms.names: no alarm is watched", "1 rollout checked: 0 errors, 1 warning"],
    ),
    "no alarm is an error where it would block": (
        policy(GOOD.replace("  alarms: {names: [OrderProcessor-failures]}\n", ""), "alarms: Enforce"),
        PINNED,
        1,
        [
            "-:1: warning: spec.alarms.names: no alarm is watched",
            "-:1: spec.preflight.alarms: spec.alarms.names: no alarm guards this rollout",
            "1 rollout checked: 1 error, 1 warning",
        ],
    ),
}


@pytest.mark.parametrize(("given", "definition", "code", "lines"), PREFLIGHT.values(), ids=PREFLIGHT)
def test_it_says_what_preflight_would(given: str, definition: str, code: int, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "asl.json").write_text(definition)
    result = lint("-", "--definition", str(tmp_path / "asl.json"), stdin=given)

    assert result.exit_code == code, result.output
    reported = result.stdout.splitlines()
    assert [line[: len(wanted)] for line, wanted in zip(reported, lines, strict=True)] == lines


def test_without_a_definition_nothing_is_said_of_what_it_calls() -> None:
    assert lint("-", stdin=policy(GOOD, "pins: Enforce, entryPoint: Enforce")).exit_code == 0


def test_nulls_count_as_left_out() -> None:
    assert lint("-", stdin=GOOD.replace("  alias: live", "  alias: live\n  preflight: null")).exit_code == 0


def test_the_json_has_the_field_the_subject_and_the_severity(tmp_path: Path) -> None:
    (tmp_path / "asl.json").write_text(NEWEST)
    result = lint("-", "-o", "json", "--definition", str(tmp_path / "asl.json"), stdin=GOOD)

    [problem] = json.loads(result.stdout)["problems"]
    assert (problem["path"], problem["value"], problem["severity"]) == ("spec.preflight.pins", "States.A", "warning")


@pytest.mark.parametrize(
    ("given", "definition", "reported"),
    [
        (GOOD, "[]", "asl.json: is no definition: it is not a JSON object"),
        (OTHER, PINNED, "-: no StepFunctionRollout in there that --definition could belong to"),
    ],
)
def test_a_definition_that_is_none_or_nobodys_is_one_line(
    given: str, definition: str, reported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("asl.json").write_text(definition)
    result = lint("-", "--definition", "asl.json", stdin=given)

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{reported}\n")


def test_standard_input_is_read_once() -> None:
    result = lint("-", "--definition", "-", stdin=GOOD)
    assert (result.exit_code, "standard input can be read once" in result.stderr) == (2, True)


IMPORTS = """
import runpy, sys
sys.argv = ["sfn-rollouts", *{arguments}]
try:
    runpy.run_module("sfn_rollouts", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print("heavy:", sorted({{"kopf", "boto3", "kubernetes"}} & sys.modules.keys()))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["version"], ["lint", "examples/canary.yaml"]])
def test_what_needs_no_cluster_loads_no_client(arguments: list[str]) -> None:
    code = IMPORTS.format(arguments=arguments)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.endswith("heavy: []\n")


# -- what an analysis could not notice --

TENTH = "{canary: {weight: 10, interval: 10m}}"
NOTHING_TO_COMPARE = "spec.analysis: no step waits while both versions have traffic, so nothing can be compared: "

ANALYSED: dict[str, tuple[str, str | None]] = {
    "all at once": (analysed("{allAtOnce: {}}"), NOTHING_TO_COMPARE),
    "no wait below 100 %": (analysed("{steps: [{pause: {duration: 5m}}, {setWeight: 50}]}"), NOTHING_TO_COMPARE),
    "waits that are over before the first look": (
        analysed("{steps: [{setWeight: 50}, {pause: {duration: 45s}}]}"),
        "the steps below 100 % last 45s, and the first execution is judged 1m after they begin: ",
    ),
    "a horizon beyond the steps": (
        analysed(TENTH, "{horizon: 15m}"),
        "the steps below 100 % last 10m, and the first execution is judged 16m after they begin: ",
    ),
    "steps that suffice": (analysed(TENTH), None),
    "a step that a person ends": (analysed("{steps: [{setWeight: 50}, {pause: {}}]}"), None),
    "no analysis": (GOOD, None),
}


@pytest.mark.parametrize("sentence", ANALYSED)
def test_a_plan_that_compares_nothing_is_a_warning(sentence: str) -> None:
    text, expected = ANALYSED[sentence]
    result = lint("-", stdin=text)
    assert result.exit_code == 0
    found = [line for line in result.output.splitlines() if "spec.analysis" in line]
    assert [expected in line for line in found] == ([True] if expected is not None else [])


def test_at_little_traffic_lint_says_what_the_plan_would_miss() -> None:
    quiet = lint("-", "--starts-per-hour", "10", stdin=analysed(TENTH)).output
    assert "warning: spec.analysis: at 10 starts an hour this plan notices, of 100 rollouts" in quiet
    assert "50 % of new executions for" in quiet
    assert "spec.analysis" not in lint("-", "--starts-per-hour", "100000", stdin=analysed(TENTH)).output
    assert "spec.analysis" not in lint("-", "--starts-per-hour", "10", stdin=GOOD).output


def test_what_is_no_number_of_starts_is_refused() -> None:
    for word in ("nan", "-1", "many"):
        result = lint("-", "--starts-per-hour", word, stdin=GOOD)
        assert result.exit_code == 2
        assert "--starts-per-hour" in result.output
