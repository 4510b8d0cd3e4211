"""`judge` through the real kubectl: a rollout judged again by its executions, with the person's own AWS credentials."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devenv.aws.client import Emulator, small_definition
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import Plugin, Result
from tests.plugin.rollouts import give

BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def machine(aws: Emulator) -> str:
    """Of its executions, one a second on each version for five minutes, those of version 2 fail."""
    machine = aws.publish_machine("Orders", [small_definition(f"version {number}") for number in (1, 2)])
    alias = aws.create_alias(machine, "live", {1: 50, 2: 50})
    aws.add_executions(alias, [_execution(number) for number in range(600)])
    return machine


def _execution(number: int) -> tuple[int, datetime, datetime | None, str]:
    start = BEGAN + timedelta(seconds=10 + number / 2)
    version = 1 + number % 2
    return version, start, start + timedelta(seconds=1), "FAILED" if version == 2 else "SUCCEEDED"


def analysis(**changes: Any) -> dict[str, Any]:
    """What a status keeps of a rollout that was judged."""
    at = BEGAN.isoformat().replace("+00:00", "Z")
    return {
        "verdict": "Worse",
        "since": at,
        "message": "as it was said",
        "plan": [{"weight": 50, "seconds": 600.0}],
        "weights": [{"at": at, "weight": 50}],
    } | changes


def judge(plugin: Plugin, aws: Emulator, *arguments: str) -> Result:
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return plugin("judge", "orders", *arguments, environment=nowhere | aws.environment())


def of_versions(**fields: Any) -> dict[str, Any]:
    return {"stableVersion": 1, "targetVersion": 2, **fields}


def test_each_change_of_the_verdict_is_a_line(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    give(cluster, namespace, "orders", of_versions(analysis=analysis()), stateMachineArn=machine, analysis={})
    shown = judge(plugin, aws, "-o", "json")
    assert (shown.returncode, shown.stderr) == (0, "")
    said = [json.loads(line) for line in shown.stdout.splitlines()]
    assert said[0]["verdict"] == "NotEnough"
    assert said[-1]["verdict"] == "Worse"
    assert said[-1]["message"].startswith("target failed ")
    assert "Worse" in judge(plugin, aws).stdout.splitlines()[-1]


def test_one_of_an_express_machine_is_judged_by_what_cloudwatch_counted(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator
) -> None:
    machine = aws.publish_machine("Bills", [small_definition(f"version {number}") for number in (1, 2)], type="EXPRESS")
    alias = aws.create_alias(machine, "live", {1: 50, 2: 50})
    began = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    starts = [began + timedelta(seconds=180 + 10 * number) for number in range(60)]
    aws.add_executions(alias, [(1 + n % 2, at, at, "FAILED" if n % 2 else "SUCCEEDED") for n, at in enumerate(starts)])
    at = began.isoformat().replace("+00:00", "Z")
    seen = analysis(weights=[{"at": at, "weight": 50}])
    give(cluster, namespace, "orders", of_versions(analysis=seen), stateMachineArn=machine, analysis={})
    shown = judge(plugin, aws, "-o", "json")
    assert (shown.returncode, shown.stderr) == (0, "")
    last = json.loads(shown.stdout.splitlines()[-1])
    assert (last["verdict"], last["stable"]["bad"]) == ("Worse", 0)


def test_one_that_nobody_judged_says_what_to_do(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    give(cluster, namespace, "orders", of_versions(), stateMachineArn=machine)
    refused = judge(plugin, aws)
    assert refused.returncode == 1
    assert "nobody noted how its traffic was shifted: with spec.analysis" in refused.stderr


def test_a_refusal_names_the_permission(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    give(cluster, namespace, "orders", of_versions(analysis=analysis()), stateMachineArn=machine, analysis={})
    aws.fail("ListExecutions", "denied", times=None)
    refused = judge(plugin, aws)
    assert refused.returncode == 1
    assert "ListExecutions" in refused.stderr
    assert "in your IAM role or user" in refused.stderr
