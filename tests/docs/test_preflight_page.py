"""What docs/preflight.md shows is what the command and the manifest take."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sfn_rollouts.api.preflight import Check, Preflight
from sfn_rollouts.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/preflight.md").read_text()
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def manifest(preflight: dict[str, Any]) -> str:
    spec = {"stateMachineArn": MACHINE, "alias": "live", "version": 42, "preflight": preflight,
            "strategy": {"canary": {"weight": 10, "interval": "10m"}}}  # fmt: skip
    kind = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout"}
    return json.dumps({**kind, "metadata": {"name": "orders", "namespace": "payments"}, "spec": spec})


def test_the_manifest_names_every_check_and_is_taken() -> None:
    spec = yaml.safe_load(blocks("yaml")[0])["spec"]
    assert set(spec["preflight"]) == set(Check)
    Preflight.model_validate(spec["preflight"])


def test_the_command_of_the_page_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:charge", "End": True}
    monkeypatch.chdir(tmp_path)
    Path("rollout.yaml").write_text(manifest({"pins": "Enforce", "entryPoint": "Off"}))
    Path("definition.asl.json").write_text(json.dumps({"StartAt": "Charge", "States": {"Charge": task}}))
    (command,) = re.findall(r"^    sfn-rollouts (preflight .*)$", PAGE, re.MULTILINE)
    result = CliRunner().invoke(main, [*command.split(), "-o", "json"])
    assert result.exit_code == 1
    shown, (found,) = json.loads(blocks("json")[0])["rollouts"][0], json.loads(result.stdout)["rollouts"]
    assert [{**each, "message": "..."} for each in found["findings"]] == shown["findings"]
    assert {name: found[name] for name in ("namespace", "name", "version", "verdict")} == {
        name: shown[name] for name in ("namespace", "name", "version", "verdict")
    }


def test_the_steps_of_a_pull_request_are_commands_that_there_are() -> None:
    runs = re.findall(r"- run: sfn-rollouts (\S+) (.*)", PAGE)
    assert {verb for verb, _ in runs} == {"lint", "preflight"}
    flags = {flag for _, rest in runs for flag in re.findall(r"--[a-z]+", rest)}
    known = {option for each in main.commands["preflight"].params for option in each.opts}
    assert flags <= known
