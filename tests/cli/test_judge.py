"""`sfn-rollouts judge` as a person calls it: outcomes in, changes of verdict out."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sfn_rollouts.analysis import LOOK_EVERY_S, Execution, Judging, Policy, horizon_of
from sfn_rollouts.cli import main
from tests.analysis.rollouts import PLAN, past, rollout

STEPS = [{"setWeight": 10}, {"pause": {"duration": "10m"}}, {"setWeight": 50}, {"pause": {"duration": "10m"}}]


def manifest(name: str = "orders", **fields: Any) -> str:
    spec = {
        "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders",
        "alias": "live",
        "version": 42,
        "analysis": {},
        "strategy": {"steps": STEPS},
        **fields,
    }
    kinds = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout"}
    return json.dumps({**kinds, "metadata": {"name": name, "namespace": "shop"}, "spec": spec})


def line(**fields: Any) -> str:
    known = {"startedAt": 12.5, "version": "target", "weight": 10, "endedAt": 14.0, "status": "SUCCEEDED"}
    return json.dumps({**known, **fields})


def lines(executions: Sequence[Execution]) -> str:
    return "\n".join(
        line(
            startedAt=each.started_at,
            version="target" if each.is_target else "stable",
            weight=round(100 * each.weight),
            endedAt=each.ended_at,
            status=each.status,
        )
        for each in executions
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rollout.yaml").write_text(manifest())
    return tmp_path


def judge(outcomes: str, *arguments: str, manifest_file: str = "rollout.yaml") -> Result:
    Path("outcomes.jsonl").write_text(outcomes)
    return CliRunner().invoke(main, ["judge", "--manifest", manifest_file, "outcomes.jsonl", *arguments])


def judged(outcomes: str, *arguments: str) -> list[dict[str, Any]]:
    result = judge(outcomes, "-o", "json", *arguments)
    assert result.exit_code == 0, result.stderr
    return [json.loads(each) for each in result.stdout.splitlines()]


WORSE = lines([*past(), *rollout(600, 0.01, 0.4)])


def test_it_prints_each_change_of_verdict_with_its_time() -> None:
    found = judged(WORSE)
    assert found[0]["verdict"] == "NotEnough"
    assert found[-1]["verdict"] == "Worse"
    assert all(each["at"] % LOOK_EVERY_S == 0 for each in found)
    assert list(found[-1]) == ["at", "verdict", "message", "target", "stable", "byChance", "needed"]
    assert found[-1]["byChance"] <= found[-1]["needed"]
    assert list(found[-1]["target"]) == ["started", "judged", "bad"]
    assert f"target failed {found[-1]['target']['bad']} of {found[-1]['target']['judged']}" in found[-1]["message"]


def test_the_text_says_the_same() -> None:
    result = judge(WORSE)
    assert [each.split()[1] for each in result.stdout.splitlines()] == [each["verdict"] for each in judged(WORSE)]
    assert result.stdout.splitlines()[0].startswith("    0m00s  NotEnough  target failed 0 of 0")


def test_it_is_what_the_operators_judge_says_with_the_horizon_of_the_past() -> None:
    executions, before = rollout(600, 0.01, 0.4), past()
    judging, verdicts = Judging(Policy(), PLAN, horizon_of(before, PLAN).seconds, before), []
    judging.take(executions)
    for look in range(61):
        judgement = judging.look(look * LOOK_EVERY_S)
        if not verdicts or verdicts[-1][1] != judgement.verdict:
            verdicts.append((judgement.at, str(judgement.verdict)))
    assert [(each["at"], each["verdict"]) for each in judged(WORSE)] == verdicts


def test_the_order_of_lines_does_not_matter() -> None:
    shuffled = random.Random(1).sample(WORSE.splitlines(), len(WORSE.splitlines()))
    assert judged("\n".join(shuffled)) == judged(WORSE)


def test_an_equal_version_is_never_worse() -> None:
    found = judged(lines([*past(), *rollout(3000, 0.02, 0.02)]))
    assert [each["verdict"] for each in found] == ["NotEnough", "NotWorse"]


@pytest.mark.parametrize(
    ("analysis", "judged_at_90_s"), [({"horizon": "20s"}, 1), ({"horizon": "65s"}, 0), ({"horizon": "0s"}, 1)]
)
def test_a_horizon_of_the_manifest_counts(analysis: dict[str, Any], judged_at_90_s: int) -> None:
    """Nine failures in the first seconds: what they tell can be said once they are old enough."""
    Path("rollout.yaml").write_text(manifest(analysis={**analysis, "falseAlarmRate": "10%"}))
    outcomes = "\n".join(line(startedAt=n, endedAt=n, status="FAILED") for n in range(9))
    worse = [each for each in judged(outcomes) if each["verdict"] == "Worse"]
    assert (worse[0]["at"] <= 90) == bool(judged_at_90_s)


def test_a_rollout_without_analysis_is_judged_by_the_defaults() -> None:
    Path("rollout.yaml").write_text(manifest(analysis=None))
    assert judged(WORSE)[-1]["verdict"] == "Worse"


def test_a_step_that_waits_for_a_person_counts_ten_minutes() -> None:
    timed, untimed = judged(WORSE), [*STEPS[:1], {"pause": {}}, *STEPS[2:]]
    Path("rollout.yaml").write_text(manifest(strategy={"steps": untimed}))
    assert judged(WORSE) == timed


def test_what_cannot_be_is_left_out_and_said() -> None:
    no_number = line(version="stable", endedAt=3).replace("12.5", "NaN")
    odd = [line(endedAt=1.0), line(status="RUNNING"), no_number]
    result = judge("\n".join([WORSE, *odd, ""]), "-o", "json")
    assert "note: 3 of 1103 executions are left out" in result.stderr
    assert [json.loads(each) for each in result.stdout.splitlines()] == judged(WORSE)


def test_executions_that_outlast_the_steps_are_said() -> None:
    result = judge(line(startedAt=-5000, version="stable", weight=0, endedAt=-1000))
    assert "executions outlast the steps: each is judged after 3m20s" in result.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{", "is no JSON"),
        ("[1]", "is no JSON object"),
        (line(startedAt="soon"), "startedAt: 'soon' is no number: write a number"),
        (line(startedAt=True), "startedAt: true is no number"),
        (line(endedAt="later"), "endedAt: 'later' is no number: write a number, or null while it runs"),
        (line(weight=None), "weight: null is no number"),
        (line(version="canary"), "version: 'canary' is not known: write one of target, stable"),
        (line(status="MAYBE"), "status: 'MAYBE' is not known: write one of SUCCEEDED, FAILED"),
        (line(status=["FAILED"]), "status: "),
        ('{"startedAt": 1, "version": "target", "weight": 10, "status": "RUNNING"}', "endedAt is missing"),
        ('{"version": "target"}', "startedAt is missing: add it"),
        (line().replace("12.5", "1" + "0" * 400), "startedAt: the number is too large"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_line_that_cannot_be_read_ends_the_replay_with_its_number(wrong: str, said: str) -> None:
    result = judge(f"{line()}\n\n{wrong}\n{line()}")
    assert result.exit_code == 2
    assert not result.stdout
    assert result.stderr.startswith("outcomes.jsonl: line 3: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_bytes_that_are_no_text_end_it_too() -> None:
    Path("outcomes.jsonl").write_bytes(b'{"startedAt": "\xff"}')
    result = CliRunner().invoke(main, ["judge", "--manifest", "rollout.yaml", "outcomes.jsonl"])
    assert (result.exit_code, result.stderr) == (2, "outcomes.jsonl: line 1: is no text in UTF-8\n")


def test_a_file_that_cannot_be_read_is_said() -> None:
    result = CliRunner().invoke(main, ["judge", "--manifest", "rollout.yaml", "/proc/self/mem"])
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_standard_input_is_read_once() -> None:
    result = CliRunner().invoke(main, ["judge", "--manifest", "-", "-"], input=manifest())
    assert result.exit_code == 2
    assert "standard input can be read once" in result.stderr
    result = CliRunner().invoke(main, ["judge", "--manifest", "rollout.yaml", "-", "-o", "json"], input=WORSE)
    assert json.loads(result.stdout.splitlines()[-1])["verdict"] == "Worse"


def test_one_rollout_of_several_is_chosen_by_name() -> None:
    Path("rollout.yaml").write_text(f"{manifest()}\n---\n{manifest('refunds')}\n")
    assert "choose one with --name" in judge(WORSE).stderr
    assert judged(WORSE, "--name", "refunds")[-1]["verdict"] == "Worse"


def test_a_manifest_that_would_be_refused_is_refused() -> None:
    Path("rollout.yaml").write_text(manifest(version=0))
    result = judge(WORSE)
    assert result.exit_code == 1
    assert "spec.version" in result.stderr
