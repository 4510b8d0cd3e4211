"""`sfn-rollouts forecast` as a person or a check of a pull request calls it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sfn_rollouts.cli import main
from tests.cli.test_judge import manifest

HALF = {"steps": [{"setWeight": 50}, {"pause": {"duration": "30m"}}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def forecast(contents: str, *arguments: str) -> Result:
    Path("rollout.yaml").write_text(contents)
    return CliRunner().invoke(main, ["forecast", "rollout.yaml", *arguments])


def test_the_json_has_what_each_rollout_would_notice() -> None:
    result = forecast(f"{manifest()}\n---\n{manifest('half', strategy=HALF)}", "--starts-per-hour", "40", "-o", "json")
    rollouts: list[dict[str, Any]] = json.loads(result.stdout)["rollouts"]
    assert [each["name"] for each in rollouts] == ["orders", "half"]
    for each in rollouts:
        assert list(each) == ["namespace", "name", "startsPerHour", "noticed", "better"]
        assert (each["namespace"], each["startsPerHour"]) == ("shop", 40.0)
        noticed = each["noticed"]
        assert list(noticed) == ["always", "half", "fifth", "twentieth"]
        assert 100 >= noticed["always"] >= noticed["half"] >= noticed["fifth"] >= noticed["twentieth"] >= 0
        assert each["better"]["steps"] == [{"weight": 50, "seconds": 25200.0}]
    assert rollouts[1]["noticed"]["always"] > rollouts[0]["noticed"]["always"]


def test_the_text_says_so_and_what_would_notice_more() -> None:
    result = forecast(manifest(), "--starts-per-hour", "40")
    assert result.exit_code == 0
    assert result.stdout.startswith("shop/orders: at 40 starts an hour this plan notices, of 100 rollouts of a version")
    assert "50 % of new executions for 7h would notice" in result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_a_plan_that_needs_no_better_one_has_none() -> None:
    result = forecast(manifest(strategy=HALF), "--starts-per-hour", "5000", "-o", "json")
    assert json.loads(result.stdout)["rollouts"][0]["better"] is None


@pytest.mark.parametrize("given", ["-1", "nan", "many", "inf"])
def test_a_traffic_that_cannot_be_is_refused(given: str) -> None:
    result = forecast(manifest(), "--starts-per-hour", given)
    assert result.exit_code == 2
    assert "--starts-per-hour" in result.stderr


def test_a_file_without_a_rollout_is_refused() -> None:
    result = forecast("kind: ConfigMap", "--starts-per-hour", "40")
    assert result.exit_code == 2
    assert "has no StepFunctionRollout" in result.stderr


def test_a_manifest_that_would_be_refused_is_refused() -> None:
    result = forecast(manifest(version=0), "--starts-per-hour", "40")
    assert result.exit_code == 1
    assert "spec.version" in result.stderr
