"""`sfn-rollouts preflight --online`: all checks, by the credentials of whoever runs it, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from devenv.aws.server import AwsEmulator
from sfn_rollouts.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devenv.aws.client import Emulator

HERE = "arn:aws:lambda:eu-west-1:123456789012:function"


@pytest.fixture(scope="module")
def _server() -> Iterator[AwsEmulator]:
    with AwsEmulator() as server:
        yield server


@pytest.fixture
def aws(_server: AwsEmulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    client = _server.client
    client.reset()
    for name, value in client.environment().items():
        monkeypatch.setenv(name, value)
    return client


def calling(arn: str) -> dict[str, Any]:
    return {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", "Resource": arn, "End": True}}}


def two_of(arn: str) -> list[dict[str, Any]]:
    """Definitions of two versions: what does not differ makes no second one."""
    return [calling(arn) | {"Comment": comment} for comment in ("stable", "target")]


def rollout(machine: str, **changes: Any) -> str:
    spec = {"stateMachineArn": machine, "alias": "live", "version": 2,
            "strategy": {"canary": {"weight": 10, "interval": "10m"}}, **changes}  # fmt: skip
    kind = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout"}
    return json.dumps({**kind, "metadata": {"name": "orders"}, "spec": spec})


def run(tmp_path: Path, manifest: str, *flags: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the exit code, and verdict and message of each check's first finding."""
    file = tmp_path / "rollout.yaml"
    file.write_text(manifest)
    result = CliRunner().invoke(main, ["preflight", str(file), "--online", "-o", "json", *flags])
    found = json.loads(result.stdout)["rollouts"][0]["findings"] if result.stdout else []
    return result.exit_code, {each["check"]: (each["verdict"], each["message"]) for each in reversed(found)}


def test_all_checks_are_asked_of_aws(aws: Emulator, tmp_path: Path) -> None:
    version = aws.publish_function("charge")
    role = aws.put_role("orders")
    aws.allow("orders", "lambda:InvokeFunction", f"{HERE}:charge:*")
    machine = aws.publish_machine("Orders", two_of(f"{HERE}:charge:{version}"), role=role)
    aws.create_alias(machine, "live", {1: 100})
    aws.put_alarm("failures")
    code, found = run(tmp_path, rollout(machine, alarms={"names": ["failures"]}), "--strict")
    assert {check: verdict for check, (verdict, _) in found.items()} == dict.fromkeys(
        ("pins", "targets", "permissions", "entryPoint", "alarms", "callers"), "Passed"
    )
    assert code == 0


def test_what_is_enforced_and_wrong_is_the_exit_code(aws: Emulator, tmp_path: Path) -> None:
    machine = aws.publish_machine("Orders", two_of(f"{HERE}:charge:9"), role=aws.put_role("orders"))
    code, found = run(tmp_path, rollout(machine, preflight={"targets": "Enforce", "permissions": "Enforce"}))
    assert code == 1
    assert found["targets"][0] == found["permissions"][0] == "Failed"


def test_what_a_person_may_not_ask_is_unknown_and_names_their_own_credentials(aws: Emulator, tmp_path: Path) -> None:
    aws.publish_function("charge")
    machine = aws.publish_machine("Orders", two_of(f"{HERE}:charge:1"), role=aws.put_role("orders"))
    aws.fail("GetFunctionConfiguration", "denied")
    code, found = run(tmp_path, rollout(machine))
    verdict, message = found["targets"]
    assert (code, verdict) == (0, "Unknown")
    assert "lambda:GetFunctionConfiguration was denied" in message
    assert "of the operator" not in message


def test_a_version_that_is_not_there_is_unknown_and_no_crash(aws: Emulator, tmp_path: Path) -> None:
    machine = aws.publish_machine("Orders", [calling(f"{HERE}:charge:1")])
    code, found = run(tmp_path, rollout(machine, version=9))
    assert (code, found["pins"][0]) == (0, "Unknown")


def test_without_credentials_there_is_one_line(aws: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    file = tmp_path / "rollout.yaml"
    file.write_text(rollout("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"))
    result = CliRunner().invoke(main, ["preflight", str(file), "--online"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("no AWS credentials were found in your shell. Log in ")
