"""What is installed does what it should: operators, people, the test pod, and what Helm tells them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.demo.order_processor import publish
from devenv.helm import Helm
from devenv.playground.node import Node
from devenv.waiting import wait_until
from tests.chart.cluster.conftest import NAMESPACE, RELEASE
from tests.chart.rendering import CHART
from tests.e2e.traces import defects, refused_requests

CRD = "stepfunctionrollouts.sfnrollouts.dev"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:sfn-rollouts"
WAIT = ("--set", "minPollInterval=1s", "--wait", "--timeout", "3m")
DEADLINE_S = 90.0


def manifest(machine: str, alias: str) -> str:
    """A rollout that is over in a moment."""
    spec = {"stateMachineArn": machine, "alias": alias, "version": 2, "strategy": {"allAtOnce": {}}, "bakeTime": "1s"}
    head = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout", "metadata": {"name": "orders"}}
    return yaml.safe_dump({**head, "spec": {**spec, "alarms": {"names": ["OrderProcessor-failures"]}}})


def phase(kubectl: Kubectl, namespace: str) -> str:
    return kubectl("get", "sfnrollout", "orders", "-n", namespace, "-o", "jsonpath={.status.phase}").stdout


def log_lines(node: Node) -> list[dict[str, Any]]:
    """Of all pods."""
    return [json.loads(line) for log in node.logs.iterdir() for line in log.read_text().splitlines()]


def test_an_operator_for_some_namespaces_can_do_its_work_there_and_no_more(
    helm: Helm, kubectl: Kubectl, cluster: ControlPlane, aws: Emulator, node: Node
) -> None:
    machine = publish(aws)
    for namespace in ("watched", "other"):
        kubectl("create", "namespace", namespace)
        aws.create_alias(machine, namespace, {1: 100})
    helm("install", *RELEASE, str(CHART), "--set", "watchNamespaces={watched}", *WAIT)
    for namespace in ("other", "watched"):
        kubectl("apply", "-n", namespace, "-f", "-", stdin=manifest(machine, namespace))

    wait_until(lambda: phase(kubectl, "watched") == "Succeeded", DEADLINE_S, "the rollout to be done")
    assert aws.routing(f"{machine}:watched") == {2: 100}
    assert phase(kubectl, "other") == ""
    assert aws.routing(f"{machine}:other") == {1: 100}
    events = kubectl("get", "events", "-n", "watched", "-o", "jsonpath={.items[*].reason}").stdout
    assert "Promoted" in events or "RolloutComplete" in events, events

    audited = cluster.audit_events()
    for namespace in ("watched", NAMESPACE):
        assert not refused_requests(audited, ACCOUNT, namespace)
    assert not defects(log_lines(node))
    asked = {event["objectRef"]["namespace"] for event in audited if "namespace" in event.get("objectRef", {})}
    assert asked <= {"watched", NAMESPACE}


def run_test_pod(helm: Helm, kubectl: Kubectl, folder: Path, url: str) -> tuple[int, str]:
    """The container's command as `helm test` would run it, as its service account; (exit code, what it says)."""
    [hook] = yaml.safe_load_all(helm("get", "hooks", *RELEASE).stdout)
    pod = hook["spec"]
    interpreter, *script, in_cluster_url = pod["containers"][0]["command"]
    assert interpreter == "/opt/sfn-rollouts/bin/python"
    assert in_cluster_url == f"http://sfn-rollouts.{NAMESPACE}.svc:8080/readyz"
    ended = subprocess.run(
        [sys.executable, *script, url, "0"],
        env={"PATH": os.environ["PATH"], "KUBECONFIG": str(as_account(pod["serviceAccountName"], kubectl, folder))},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def as_account(name: str, kubectl: Kubectl, folder: Path) -> Path:
    """A kubeconfig with a token as pods get it."""
    content = yaml.safe_load(kubectl.kubeconfig.read_text())
    token = kubectl("create", "token", name, *RELEASE[1:]).stdout
    content["users"][0]["user"] = {"token": token}
    file = folder / "account.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_the_notes_are_true_and_helm_test_finds_what_is_wrong(
    helm: Helm, kubectl: Kubectl, cluster: ControlPlane, node: Node, tmp_path: Path
) -> None:
    notes = helm("install", *RELEASE, str(CHART), *WAIT).stdout

    assert "in all namespaces." in notes
    [example] = re.findall(r"^kubectl apply -f - <<'EOF'\n(.*?)^EOF$", notes, re.DOTALL | re.MULTILINE)
    assert "created" in kubectl("apply", "--dry-run=server", "-f", "-", stdin=example).stdout
    [rollout] = re.findall(r"^kubectl (.* rollout status .*)$", notes, re.MULTILINE)
    assert "successfully rolled out" in kubectl(*rollout.split()).stdout
    access, rollouts = re.findall(r"^kubectl (explain .*)$", notes, re.MULTILINE)
    assert "roleArn" in kubectl(*access.split()).stdout
    assert "stateMachineArn" in kubectl(*rollouts.split()).stdout

    port = next(line["port"] for line in log_lines(node) if line["message"] == "health is served")
    readyz, nobody = (f"http://127.0.0.1:{number}/readyz" for number in (port, 1))
    ready = run_test_pod(helm, kubectl, tmp_path, readyz)
    assert ready == (0, "The CRD is installed, and the operator is ready.\n")
    assert not refused_requests(cluster.audit_events(), ACCOUNT, NAMESPACE)

    code, said = run_test_pod(helm, kubectl, tmp_path, nobody)
    assert (code, f"the operator is not ready, {nobody}:" in said) == (1, True)

    kubectl("delete", "crd", CRD)
    code, said = run_test_pod(helm, kubectl, tmp_path, readyz)
    assert (code, f"the CRD {CRD} is not installed" in said) == (1, True)
