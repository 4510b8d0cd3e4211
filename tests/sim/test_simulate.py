"""`sfn-rollouts simulate`: what a reviewer of a rollout reads, and what a program gets."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from devenv.generate.example_transcripts import transcripts
from sfn_rollouts.cli import main

ROOT = Path(__file__).parents[2]
CANARY = str(ROOT / "examples/canary.yaml")
P95, FAILURES = "OrderProcessor-p95", "OrderProcessor-failures"
WHOLE_41, WHOLE_42 = [{"version": 41, "weight": 100}], [{"version": 42, "weight": 100}]
TENTH = [{"version": 41, "weight": 90}, {"version": 42, "weight": 10}]


def _simulate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *arguments], catch_exceptions=False)


def _data(*arguments: str) -> dict[str, Any]:
    answer = _simulate(CANARY, "-o", "json", *arguments)
    assert answer.exit_code == 0, answer.output
    played: dict[str, Any] = json.loads(answer.stdout)
    return played


def _reasons(played: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["phase"], each["reason"]) for each in played["transitions"]]


def _routings(played: dict[str, Any]) -> list[Any]:
    return [each["routing"] for each in played["writes"]]


def _at(played: dict[str, Any], phase: str) -> float:
    return float(next(each["at_s"] for each in played["transitions"] if each["phase"] == phase))


@pytest.mark.parametrize("path", sorted(transcripts(ROOT)))
def test_each_example_has_the_transcript_of_what_it_does(path: str) -> None:
    """`make crds` writes them again."""
    assert (ROOT / path).read_text() == transcripts(ROOT)[path]()


def test_undisturbed_a_canary_is_promoted_after_interval_and_bake() -> None:
    played = _data()
    assert played["outcome"] == "Promoted"
    assert _routings(played) == [TENTH, WHOLE_42]
    assert played["duration_s"] == pytest.approx(25 * 60, abs=3)
    assert played["writes"][1]["at_s"] == pytest.approx(600, abs=3)
    assert played["calls"]["UpdateStateMachineAlias"] == 2
    assert set(played) == {"outcome", "duration_s", "writes", "transitions", "calls"}
    assert all(set(each) == {"at_s", "phase", "reason", "message"} for each in played["transitions"])


def test_an_alarm_takes_it_back_within_a_poll() -> None:
    played = _data("--alarm", f"{P95}=ALARM@12m..14m")
    assert played["outcome"] == "RolledBack"
    assert _routings(played) == [TENTH, WHOLE_42, WHOLE_41]
    assert 720 <= played["writes"][2]["at_s"] <= 731
    assert _reasons(played)[-1] == ("RolledBack", "AlarmFiring")


def test_an_alarm_fires_and_clears_while_no_operator_runs() -> None:
    played = _data("--alarm", f"{P95}=ALARM@4m..5m", "--kill-operator", "3m..6m")
    assert played["outcome"] == "RolledBack"
    assert played["writes"][-1]["at_s"] == pytest.approx(360, abs=3)
    assert _reasons(played)[-1] == ("RolledBack", "AlarmTransient")


def test_without_an_operator_that_comes_back_nothing_more_happens() -> None:
    played = _data("--kill-operator", "3m..")
    assert played["outcome"] is None
    assert _routings(played) == [TENTH]


def test_an_alarm_that_fires_from_the_start_holds_the_start() -> None:
    played = _data("--alarm", f"{P95}=ALARM@0..5m")
    assert ("Pending", "AlarmFiring") in _reasons(played)
    assert 300 <= played["writes"][0]["at_s"] <= 312
    assert played["outcome"] == "Promoted"


def test_windows_repeat_and_follow_each_other() -> None:
    played = _data("--alarm", f"{P95}=INSUFFICIENT_DATA@0..", "--alarm", f"{FAILURES}=MISSING@0..2m")
    assert ("Pending", "AlarmMissing") in _reasons(played)
    assert played["outcome"] == "Promoted"


def test_people_pause_and_resume() -> None:
    played = _data("--user", "pause@3m", "--user", "resume@20m")
    assert ("Paused", "Paused") in _reasons(played)
    assert played["writes"][1]["at_s"] == pytest.approx(1200, abs=12)


@pytest.mark.parametrize(
    ("action", "outcome", "routings"),
    [
        ("promote@3m", "Promoted", [TENTH, WHOLE_42]),
        ("promote-full@3m", "FastPromoted", [TENTH, WHOLE_42]),
        ("abort@3m", "Aborted", [TENTH, WHOLE_41]),
    ],
)
def test_people_command(action: str, outcome: str, routings: list[Any]) -> None:
    played = _data("--user", action)
    assert played["outcome"] == outcome
    assert _routings(played) == routings
    assert played["writes"][1]["at_s"] == pytest.approx(180, abs=12)


def test_the_whole_timeline_is_played_a_new_version_after_a_rollback_included() -> None:
    played = _data("--alarm", f"{P95}=ALARM@2m..3m", "--user", "version=43@1h")
    assert played["outcome"] == "Promoted"
    assert _routings(played)[1] == WHOLE_41
    assert _routings(played)[-1] == [{"version": 43, "weight": 100}]
    assert played["duration_s"] == pytest.approx(3600 + 25 * 60, abs=5)


@pytest.mark.parametrize("kind", ["throttle", "error", "timeout-before", "timeout-after"])
def test_calls_that_fail_for_a_minute_delay_a_step_by_no_more_than_that(kind: str) -> None:
    played = _data("--fault", f"states.UpdateStateMachineAlias={kind}@10m..11m")
    assert played["outcome"] == "Promoted"
    assert 600 <= _at(played, "Baking") <= 600 + 100
    assert played["calls"]["UpdateStateMachineAlias"] > (1 if kind == "timeout-after" else 2)


def test_from_names_the_version_that_is_live() -> None:
    assert _data("--from", "7", "--alarm", f"{P95}=ALARM@2m..3m")["writes"][-1]["routing"] == [
        {"version": 7, "weight": 100}
    ]


def test_version_1_has_no_version_before_so_the_alias_is_created(tmp_path: Path) -> None:
    manifest = tmp_path / "first.yaml"
    manifest.write_text(Path(CANARY).read_text().replace("version: 42", "version: 1"))
    played = json.loads(_simulate(str(manifest), "-o", "json").stdout)
    assert played["outcome"] == "Promoted"
    assert played["calls"]["CreateStateMachineAlias"] == 1


def test_the_same_is_shown_twice_and_the_seed_moves_only_jitter() -> None:
    options = ("--fault", "cloudwatch.DescribeAlarms=error@0..1m", "-o", "json")
    assert _simulate(CANARY, *options).output == _simulate(CANARY, *options).output
    assert _data(*options[:2], "--seed", "2")["outcome"] == "Promoted"


def test_a_wait_for_a_person_says_how_to_go_on() -> None:
    answer = _simulate(str(ROOT / "examples/steps-with-approval.yaml"))
    assert answer.exit_code == 0
    assert "waits for a person since 10m01s: add --user promote@TIME" in answer.output


def test_what_lasts_is_shown_as_not_ended() -> None:
    answer = _simulate(CANARY, "--alarm", f"{P95}=MISSING@0..")
    assert "not ended: not started: alarm OrderProcessor-p95 does not exist" in answer.output


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--alarm", "p95"), "NAME=STATE@FROM..TO"),
        (("--alarm", "p95=RED@1m..2m"), "'RED' is no state"),
        (("--alarm", "p95=ALARM@1m"), "no time from..to"),
        (("--alarm", "p95=ALARM@2m..1m"), "ends before it begins"),
        (("--alarm", "p95=ALARM@soon..1m"), "is not a duration"),
        (("--user", "dance@1m"), "ACTION is one of"),
        (("--user", "version=0@1m"), "version=N"),
        (("--user", "version=2147483648@1m"), "version=N, N from 1 to 2147483647"),
        (("--user", f"version={'9' * 5000}@1m"), "version=N, N from 1 to 2147483647"),
        (("--from", "2147483648"), "1<=x<=2147483647"),
        (("--fault", "states.UpdateStateMachineAlias=burn@1m..2m"), "no kind of fault"),
        (("--fault", "states.Explode=error@1m..2m"), "does not call 'states.Explode'"),
        (("--kill-operator", "3m"), "no time from..to"),
        (("--name", "other"), "order-processor"),
    ],
)
def test_an_option_that_cannot_be_understood_is_refused_with_its_form(option: tuple[str, str], said: str) -> None:
    answer = _simulate(CANARY, *option)
    assert answer.exit_code == 2
    assert said in " ".join(answer.output.split())


def test_an_alarm_that_is_not_watched_is_mentioned_and_changes_nothing() -> None:
    answer = _simulate(CANARY, "-o", "json", "--alarm", "other=ALARM@1m..")
    assert "note: alarm other is not watched" in answer.stderr
    assert json.loads(answer.stdout)["outcome"] == "Promoted"


def test_a_manifest_that_would_be_refused_is_not_played(tmp_path: Path) -> None:
    manifest = tmp_path / "bad.yaml"
    manifest.write_text(Path(CANARY).read_text().replace("weight: 10", "weight: 101"))
    answer = _simulate(str(manifest))
    assert answer.exit_code == 1
    assert "spec.strategy.canary.weight" in answer.stderr


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("a: [", 1, "is not readable as YAML: line 1: "),
        ("a: &a [*a]", 1, "is not readable as YAML: line 1: what anchor 'a' names contains itself"),
        ("kind: Pod", 2, "has 0 rollouts"),
    ],
)
def test_a_file_without_a_rollout_is_refused(tmp_path: Path, text: str, code: int, said: str) -> None:
    manifest = tmp_path / "other.yaml"
    manifest.write_text(text)
    answer = _simulate(str(manifest))
    assert answer.exit_code == code
    assert said in answer.output


def test_a_list_is_taken_apart_and_one_is_chosen_by_name_also_from_standard_input() -> None:
    item = Path(CANARY).read_text()
    indented = "".join(f"  {line}\n" if line else "\n" for line in item.splitlines() if not line.startswith("#"))
    other = indented.replace("name: order-processor", "name: other")
    listed = "kind: List\nitems:\n" + "".join(f"-{each[1:]}" for each in (indented, other))
    runner = CliRunner()
    assert runner.invoke(main, ["simulate", "-"], input=listed).exit_code == 2
    chosen = runner.invoke(main, ["simulate", "-", "--name", "other"], input=listed)
    assert chosen.exit_code == 0, chosen.output
    assert chosen.output.startswith("other: alias live")


def test_names_of_alarms_write_no_lines_of_their_own() -> None:
    text = Path(CANARY).read_text().replace(FAILURES, '"x\\u202e::error::pwned##[error]"')
    answer = CliRunner().invoke(main, ["simulate", "-"], input=text)
    assert answer.exit_code == 0, answer.output
    assert "x : :error::pwned# #[error]" in answer.output
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in answer.output.split("\n"))


def test_simulate_loads_neither_cloud_nor_cluster() -> None:
    script = (
        "import sys; from sfn_rollouts.cli import main\n"
        f"main(['simulate', {CANARY!r}], standalone_mode=False)\n"
        "heavy = {'boto3', 'botocore', 'kopf', 'kubernetes'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# -- what preflight would say --

NEWEST = '{"States": {"Charge": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:charge"}}}'
LOOSE = (
    "pins: States.Charge: state Charge calls Lambda function charge without a version: it changes under the rollout; "
    "name one, charge:N"
)
CHILD = "arn:aws:states:eu-west-1:123456789012:stateMachine:Child"
CALLS_CHILD = json.dumps(
    {
        "States": {
            "Pay": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": f"{CHILD}:live"},
            }
        }
    }
)


def _manifest(name: str = "orders", machine: str = CHILD.replace("Child", "Orders"), **spec: Any) -> str:
    fields = {
        "stateMachineArn": machine,
        "alias": "live",
        "version": 42,
        "strategy": {"canary": {"weight": 10, "interval": "10m"}},
        "alarms": {"names": ["A"]},
        **spec,
    }
    kind = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout"}
    return json.dumps({**kind, "metadata": {"name": name}, "spec": fields})


def _play(folder: Path, manifest: str, definition: str | None, *arguments: str) -> Result:
    (folder / "rollout.yaml").write_text(manifest)
    if definition is not None:
        (folder / "asl.json").write_text(definition)
        arguments = (*arguments, "--definition", str(folder / "asl.json"))
    return _simulate(str(folder / "rollout.yaml"), *arguments)


def test_a_warning_stands_in_the_head_and_nothing_waits(tmp_path: Path) -> None:
    played = _play(tmp_path, _manifest(), NEWEST).stdout
    assert f"preflight: Warning: {LOOSE}\n\n" in played
    assert "Promoted after 20m01s" in played


def test_what_would_block_is_played(tmp_path: Path) -> None:
    manifest = _manifest(preflight={"pins": "Enforce"})
    played = _play(tmp_path, manifest, NEWEST).stdout
    assert f"preflight: Failed: {LOOSE}\n\n" in played
    assert "not ended: not started: preflight pins: state Charge calls" in played
    data = json.loads(_play(tmp_path, manifest, NEWEST, "-o", "json").stdout)
    assert (data["outcome"], data["writes"]) == (None, [])
    assert [(each["check"], each["verdict"], each["subject"]) for each in data["preflight"]] == [
        ("pins", "Failed", "States.Charge")
    ]


def test_another_version_can_be_asked_for_meanwhile(tmp_path: Path) -> None:
    played = _play(tmp_path, _manifest(preflight={"pins": "Enforce"}), NEWEST, "--user", "version=43@1h").stdout
    assert "Promoted after 1h20m" in played


def test_what_preflight_has_nothing_to_say_of_is_not_mentioned(tmp_path: Path) -> None:
    pinned = NEWEST.replace("function:charge", "function:charge:7")
    for definition in (pinned, NEWEST.replace("function:charge", "function:${Charge}"), None):
        assert "preflight" not in _play(tmp_path, _manifest(), definition).stdout
    assert "preflight" not in json.loads(_play(tmp_path, _manifest(), pinned, "-o", "json").stdout)


def test_no_alarm_at_all_is_mentioned(tmp_path: Path) -> None:
    played = _play(tmp_path, _manifest(alarms=None), None).stdout
    assert "preflight: Warning: alarms: spec.alarms.names: no alarm guards this rollout" in played


@pytest.mark.parametrize("is_sound", [True, False])
def test_the_other_rollouts_of_the_file_count(tmp_path: Path, *, is_sound: bool) -> None:
    other = _manifest("child", CHILD, **({} if is_sound else {"version": 0}))
    manifest = f"{_manifest(preflight={'entryPoint': 'Enforce'})}\n---\n{other}"
    played = _play(tmp_path, manifest, CALLS_CHILD, "--name", "orders").stdout
    assert ("and rollout default/child shifts that alias" in played) is is_sound
    assert ("Promoted after" in played) is not is_sound


def test_a_definition_that_is_none_is_one_line(tmp_path: Path) -> None:
    played = _play(tmp_path, _manifest(), "[]")
    assert (played.exit_code, played.stdout) == (2, "")
    assert played.stderr == f"{tmp_path / 'asl.json'}: is no definition: it is not a JSON object\n"


# -- what the judge of executions does --

ANALYSED = str(ROOT / "examples/analysis.yaml")


def test_a_judged_rollout_says_where_it_is_compared_and_what_follows() -> None:
    said = _simulate(ANALYSED).output
    assert "\nanalysis: a look every 30s compares the versions at 10 %, 50 %; Worse: Rollback, Slower: Hold, " in said
    assert "analysis:" not in _simulate(CANARY).output


def test_with_its_traffic_it_says_what_would_be_noticed() -> None:
    assert "\nforecast: at 40 starts an hour this plan notices" in _simulate(ANALYSED, "--starts-per-hour", "40").output
    assert "forecast" not in _simulate(ANALYSED).output
    assert "forecast" not in _simulate(CANARY, "--starts-per-hour", "40").output
    data = json.loads(_simulate(ANALYSED, "--starts-per-hour", "40", "-o", "json").stdout)
    assert data["forecast"].startswith("at 40 starts an hour this plan notices")


def test_a_plan_with_nothing_to_compare_says_so(tmp_path: Path) -> None:
    manifest = tmp_path / "rollout.yaml"
    text = Path(CANARY).read_text().replace("canary:", "allAtOnce: {}")
    lines = [line for line in text.splitlines() if "weight:" not in line and "interval:" not in line]
    manifest.write_text("\n".join([*lines, "  analysis: {onBlind: Ignore}"]))
    assert "\nanalysis: nothing to compare; Worse: Rollback" in _simulate(str(manifest)).output
