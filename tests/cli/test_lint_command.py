"""`sfn-rollouts lint` as a person or a pre-commit hook calls it."""

import json
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
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def lint(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["lint", *arguments], input=stdin)


SENTENCES: dict[str, tuple[str, int, list[str]]] = {
    "a good manifest passes": (GOOD, 0, ["1 rollout checked: 0 errors, 0 warnings"]),
    "a bad one is named with document and path": (
        f"{GOOD}---{BAD}",
        1,
        ["-:2: spec.strategy.canary.weight: ", "2 rollouts checked: 1 error, 0 warnings"],
    ),
    "other kinds and empty documents are passed over": (
        f"---\n---\n{OTHER}---{GOOD}",
        0,
        ["1 rollout checked, 1 document of other kinds passed over: 0 errors"],
    ),
    "the items of a list are checked": (
        "kind: List\nitems:\n- " + BAD.strip().replace("\n", "\n  "),
        1,
        ["-:1: spec.strategy.canary.weight", "1 rollout checked"],
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
        ["-:1: is not readable as YAML: key 'alias' is given twice", "line"],
    ),
    "a merge key may be given with others": (WITH_MERGE, 0, ["0 errors"]),
    "a warning alone is no error": (ALL_AT_ONCE, 0, ["warning: "]),
    "nothing at all is told": ("", 0, ["0 rollouts checked"]),
}


@pytest.mark.parametrize(("manifests", "code", "told"), SENTENCES.values(), ids=SENTENCES)
def test_lint_says(manifests: str, code: int, told: list[str]) -> None:
    result = lint("-", stdin=manifests)

    assert result.exit_code == code, result.output
    for part in told:
        assert part in result.output


def test_the_value_and_the_cure_are_told() -> None:
    output = lint("-", stdin=BAD).output

    assert "101 is out of bounds: give 1 to 100" in output


def test_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)

    result = lint(str(tmp_path / "good.yaml"), str(tmp_path / "bad.yaml"))

    assert result.exit_code == 1
    assert f"{tmp_path / 'bad.yaml'}:1: spec." in result.output
    assert f"{tmp_path / 'good.yaml'}:" not in result.output


def test_json_is_for_other_programs() -> None:
    result = lint("-", "-o", "json", stdin=f"{OTHER}---{BAD}")

    told = json.loads(result.output)
    assert (result.exit_code, told["checked"], told["skipped"]) == (1, 1, 1)
    [problem] = told["problems"]
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
