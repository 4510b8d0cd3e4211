"""`preflight` through the real kubectl: what a version calls, looked at with the person's own AWS credentials."""

import json
import os
from typing import Any

import pytest

from devenv.aws.client import Emulator
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import Plugin, Result
from tests.plugin.rollouts import give

CHARGE = "arn:aws:lambda:eu-west-1:123456789012:function:charge"


def definition(charge: str) -> dict[str, Any]:
    return {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", "Resource": charge, "End": True}}}


@pytest.fixture
def machine(aws: Emulator) -> str:
    """Version 1 calls a version of a function, 2 calls whatever is newest."""
    aws.put_function("charge")
    aws.publish_function("charge")
    return aws.publish_machine("Orders", [definition(f"{CHARGE}:1"), definition(CHARGE)])


def preflight(plugin: Plugin, aws: Emulator, *arguments: str, **environment: str) -> Result:
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return plugin("preflight", "orders", *arguments, environment=nowhere | aws.environment() | environment)


def only(**strictness: str) -> dict[str, str]:
    off = dict.fromkeys(("pins", "targets", "permissions", "entryPoint", "alarms", "callers"), "Off")
    return off | strictness


def test_what_warns_exits_with_0_and_strictly_with_1(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    give(cluster, namespace, "orders", stateMachineArn=machine, version=2, preflight=only(pins="Warn"))
    assert preflight(plugin, aws).returncode == 0
    strict = preflight(plugin, aws, "--strict")
    assert strict.returncode == 1
    assert "pins: States.Charge: state Charge calls Lambda function charge without a version" in strict.stdout


def test_what_is_enforced_exits_with_1_and_another_version_passes(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    checks = only(pins="Enforce", targets="Enforce")
    give(cluster, namespace, "orders", stateMachineArn=machine, version=2, preflight=checks)
    blocked = preflight(plugin, aws, "-o", "json")
    (found,) = json.loads(blocked.stdout)["rollouts"]
    assert (blocked.returncode, found["version"], found["verdict"]) == (1, 2, "Failed")
    passing = preflight(plugin, aws, "--version", "1", "--strict")
    assert (passing.returncode, passing.stderr) == (0, "")
    assert "version 1: Passed" in passing.stdout


def test_a_refusal_names_the_permission_and_the_persons_own_credentials(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    give(cluster, namespace, "orders", stateMachineArn=machine, version=1, preflight=only(targets="Enforce"))
    aws.fail("GetFunctionConfiguration", "denied", times=None)
    refused = preflight(plugin, aws)
    assert refused.returncode == 0
    assert "Unknown" in refused.stdout
    assert "in your IAM role or user" in refused.stdout
    assert "the operator" not in refused.stdout


def test_what_the_operator_found_by_the_smoke_is_shown_and_nothing_is_run(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    smoke = {"check": "smoke", "verdict": "Failed", "subject": "arn", "message": "execution arn ended as FAILED"}
    found = {"preflight": {"version": 2, "checkedAt": "2026-11-21T12:00:00Z", "verdict": "Failed", "findings": [smoke]}}
    checks = only() | {"smoke": {"input": {"dryRun": True}}}
    give(cluster, namespace, "orders", found, stateMachineArn=machine, version=2, preflight=checks)
    shown = preflight(plugin, aws)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "smoke: arn: execution arn ended as FAILED" in shown.stdout
    other = preflight(plugin, aws, "--version", "1")
    assert other.returncode == 0
    assert "the smoke is not run: the operator alone starts executions" in other.stderr
    assert aws.executions(machine) == []
