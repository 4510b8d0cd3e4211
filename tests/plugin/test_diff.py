"""`diff` through the real kubectl: two versions' definitions, read with the person's own AWS credentials."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devenv.aws.client import Emulator
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import Plugin, Result
from tests.plugin.rollouts import ENDED, IN_FLIGHT, give, status

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:charge"
REFUND = "arn:aws:states:eu-west-1:123456789012:stateMachine:Refund"


def definition(charge: str, **further: Any) -> dict[str, Any]:
    """Charges by this function, then does what else there is."""
    charged = {"Type": "Task", "Resource": charge, "Next": "Done"}
    return {"StartAt": "Charge", "States": {"Charge": charged, **further, "Done": {"Type": "Succeed"}}}


@pytest.fixture
def machine(aws: Emulator) -> str:
    """Three versions: the second adds a state and calls another version, the third calls none."""
    return aws.publish_machine(
        "Orders",
        [
            definition(f"{LAMBDA}:1"),
            definition(f"{LAMBDA}:2", Notify={"Type": "Pass", "End": True}),
            definition(LAMBDA),
        ],
    )


def diff(plugin: Plugin, aws: Emulator, *arguments: str, **environment: str) -> Result:
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return plugin("diff", "orders", *arguments, environment=nowhere | aws.environment() | environment)


def test_stable_against_target(plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str) -> None:
    found = status("Progressing", "ShiftInProgress", **IN_FLIGHT | {"stableVersion": 1, "targetVersion": 2})
    give(cluster, namespace, "orders", found, stateMachineArn=machine, version=2)
    result = diff(plugin, aws)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        "orders: Orders, version 1 -> 2\n"
        "\n"
        "~ Charge (Task)\n"
        "    Resource\n"
        f'      - "{LAMBDA}:1"\n'
        f'      + "{LAMBDA}:2"\n'
        "\n"
        "+ Notify (Pass)\n"
        "\n"
        "1 state added, 1 state changed\n"
    )


def test_after_its_end_it_is_what_it_set_out_from(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    """The target is the stable version by then; what is called without a version is reported."""
    past = {"version": 3, "stableVersion": 2, "outcome": "Promoted", "reason": "RolloutComplete"}
    fields = ENDED | {"stableVersion": 3, "targetVersion": 3, "history": [past | {"finishedAt": ENDED["finishedAt"]}]}
    give(
        cluster,
        namespace,
        "orders",
        status("Succeeded", "RolloutComplete", **fields),
        stateMachineArn=machine,
        version=3,
    )
    result = diff(plugin, aws)
    assert "version 2 -> 3" in result.stdout
    assert "- Notify (Pass)" in result.stdout
    assert "warning: Charge calls Lambda function charge without a version" in result.stdout


def test_any_two_versions_as_json(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str
) -> None:
    give(cluster, namespace, "orders", stateMachineArn=machine, version=2)
    client = aws.boto3_client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/another"
    client.update_state_machine(stateMachineArn=machine, roleArn=role, publish=True)
    client.close()
    data = json.loads(diff(plugin, aws, "--from", "3", "--to", "4", "-o", "json").stdout)
    assert (data["stateMachineArn"], data["from"], data["to"]) == (machine, 3, 4)
    assert (data["topLevel"], data["states"]) == ([], [])
    assert [(each["path"], each["after"]) for each in data["settings"]] == [("roleArn", role)]
    assert [(each["state"], each["isCertain"]) for each in data["warnings"]] == [("Charge", True)]


def test_what_differs_behind_a_long_beginning_is_seen(
    plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator
) -> None:
    """As text around the difference, as JSON whole."""
    items = ", ".join(f"'field{number}': $states.input.field{number}" for number in range(30))
    values = [f"{{% $merge([$states.input, {{{items}, 'limit': {limit}}}]) %}}" for limit in (100, 100000)]
    versions = [
        {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": each, "End": True}}}
        for each in values
    ]
    arn = aws.publish_machine("Orders", versions)
    give(cluster, namespace, "orders", stateMachineArn=arn, version=2)
    lines = [line.strip() for line in diff(plugin, aws, "--from", "1", "--to", "2").stdout.splitlines()]
    before, after = lines[lines.index("Output") + 1 :][:2]
    assert (before[:3], after[:3]) == ("- …", "+ …")
    assert before.endswith(""", 'limit': 100}]) %}\"""")
    assert after.endswith(""", 'limit': 100000}]) %}\"""")
    (changed,) = json.loads(diff(plugin, aws, "--from", "1", "--to", "2", "-o", "json").stdout)["states"]
    assert changed["fields"] == [{"path": "Output", "before": values[0], "after": values[1]}]


CHANGES = "it changes under the rollout; name one"
MAY_MOVE = "which may move under the rollout; a version cannot: name one"
UNPINNED = {
    "names that end in function": (
        {
            "Charge": ("lambda:invoke", {"FunctionName": f"{LAMBDA}-function:7"}),
            "Notify": ("lambda:invoke", {"FunctionName": "notify-function:live"}),
            "Audit": ("lambda:invoke", {"FunctionName": "123456789012:function:audit-function:$LATEST"}),
        },
        [
            f"warning: Notify calls Lambda function notify-function by its alias live, {MAY_MOVE}, notify-function:N",
            f"warning: Audit calls Lambda function audit-function without a version: {CHANGES}, audit-function:N",
        ],
    ),
    "ECS and Batch": (
        {
            "Work": ("ecs:runTask.sync", {"LaunchType": "FARGATE", "TaskDefinition": "worker"}),
            "Load": ("batch:submitJob.sync", {"JobName": "load", "JobDefinition": "load-orders"}),
            "Pinned": ("batch:submitJob.sync", {"JobName": "load", "JobDefinition": "load-orders:3"}),
        },
        [
            f"warning: Work runs ECS task definition worker without a revision: {CHANGES}, worker:N",
            f"warning: Load runs Batch job definition load-orders without a revision: {CHANGES}, load-orders:N",
        ],
    ),
    "literals of JSONata": (
        {
            "Call": ("lambda:invoke", {"FunctionName": f"{{% '{LAMBDA}' %}}"}),
            "Child": ("states:startExecution.sync:2", {"StateMachineArn": f'{{% "{REFUND}:3" %}}'}),
            "Chosen": ("lambda:invoke", {"FunctionName": "{% $states.input.function %}"}),
        },
        [
            f"warning: Call calls Lambda function charge without a version: {CHANGES}, charge:N",
            "note: Chosen chooses the Lambda function when it runs: whether that has a version cannot be seen here",
        ],
    ),
}


@pytest.mark.parametrize(("tasks", "expected"), UNPINNED.values(), ids=UNPINNED.keys())
def test_what_is_called_without_a_version_is_reported_by_its_name(
    plugin: Plugin,
    cluster: Cluster,
    namespace: str,
    aws: Emulator,
    tasks: dict[str, tuple[str, dict[str, str]]],
    expected: list[str],
) -> None:
    states = {
        name: {"Type": "Task", "Resource": f"arn:aws:states:::{how}", "Arguments": arguments, "End": True}
        for name, (how, arguments) in tasks.items()
    }
    newer = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    arn = aws.publish_machine("Orders", [definition(f"{LAMBDA}:1"), newer])
    give(cluster, namespace, "orders", stateMachineArn=arn, version=2)
    result = diff(plugin, aws, "--from", "1", "--to", "2")
    assert (result.returncode, result.stderr) == (0, "")
    reported = [line for line in result.stdout.splitlines() if line.startswith(("warning:", "note:"))]
    assert reported == expected


ERRORS = {
    "nobody has looked at it": ([], {}, "does not say what to compare with\nGive both: --from V --to V."),
    "twice the same": (["--from", "2", "--to", "2"], {}, "both are version 2"),
    "a version that is gone": (["--from", "9", "--to", "2"], {}, "Orders:9 does not exist: it was deleted"),
    "no such profile": (
        ["--from", "1"],
        {"AWS_PROFILE": "prod"},
        "cannot be used: ProfileNotFound profile=prod. Log in",
    ),
    "no AWS": (["--from", "1"], {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "could not reach AWS"),
}


@pytest.mark.parametrize(("arguments", "environment", "words"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_says_what_to_do(
    plugin: Plugin,
    cluster: Cluster,
    namespace: str,
    aws: Emulator,
    machine: str,
    arguments: list[str],
    environment: dict[str, str],
    words: str,
) -> None:
    give(cluster, namespace, "orders", stateMachineArn=machine, version=2)
    result = diff(plugin, aws, *arguments, **environment)
    assert (result.returncode, result.stdout) == (1, "")
    assert words in result.stderr


def test_no_credentials(plugin: Plugin, cluster: Cluster, namespace: str, aws: Emulator, machine: str) -> None:
    give(cluster, namespace, "orders", stateMachineArn=machine, version=2)
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    result = diff(plugin, aws, "--from", "1", **nothing)
    assert result.returncode == 1
    assert "no AWS credentials were found in your shell. Log in (aws sso login)" in result.stderr


NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
CREDENTIALS = {
    "a helper that fails": ("credential_process = /bin/false", {}, "CredentialRetrievalError provider=custom-process"),
    "a helper that is not installed": ("credential_process = /nowhere/signer", {}, "/nowhere/signer: No such file"),
    "a helper that prints no JSON": ("credential_process = /bin/echo hunter2", {}, "it answered with what is not JSON"),
    "a source profile that is not there": (
        "role_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base",
        {},
        'The source_profile "base" referenced in the profile "default" does not exist',
    ),
    "no config at all": ("]", {}, "ConfigParseError path="),
    "no agent of Pod Identity": (
        "",
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"},
        "the EKS Pod Identity agent, AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/",
    ),
    "no token of IRSA": (
        "",
        {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/dev", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"},
        "/nowhere/token: No such file or directory",
    ),
}


@pytest.mark.parametrize(("config", "environment", "words"), CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_credentials_that_cannot_be_fetched(
    plugin: Plugin,
    cluster: Cluster,
    namespace: str,
    aws: Emulator,
    machine: str,
    tmp_path: Path,
    config: str,
    environment: dict[str, str],
    words: str,
) -> None:
    """One sentence, of the shell's credentials, with what must work; nothing that a helper printed."""
    (tmp_path / "config").write_text(f"[default]\n{config}\n")
    give(cluster, namespace, "orders", stateMachineArn=machine, version=2)
    result = diff(plugin, aws, "--from", "1", AWS_CONFIG_FILE=str(tmp_path / "config"), **NO_KEYS, **environment)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: the AWS credentials of your shell cannot be used: ")
    assert result.stderr.endswith("aws sts get-caller-identity must work.\n")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert "hunter2" not in result.stderr
