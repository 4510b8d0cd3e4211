"""Installed, upgraded, rolled back and uninstalled by real Helm on a real API server."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.aws.client import Emulator
from devenv.control_plane import Kubectl, wait_until_established
from devenv.demo.order_processor import ALIAS, publish
from devenv.helm import Helm, HelmFailedError
from devenv.playground.node import Node
from devenv.waiting import wait_until
from tests.chart.cluster.conftest import RELEASE
from tests.chart.rendering import CHART

CRD = "stepfunctionrollouts.sfnrollouts.dev"
CRDS = (CRD, "awsaccesses.sfnrollouts.dev")
NEW_FIELD = "rollbackWindow"
"""What the CRD of the previous chart does not have."""
ACCESSES = CHART.parents[1] / "examples" / "teams" / "accesses.yaml"
DEADLINE_S = 90.0
PROMETHEUS_OPERATOR_CRDS = Path(__file__).parents[1] / "prometheus_operator_crds.yaml"


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The chart before this one, 0.0.9."""
    chart = tmp_path / "previous" / "sfn-rollouts"
    shutil.copytree(CHART, chart)
    description = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump({**description, "version": "0.0.9", "appVersion": "0.0.9"}))
    return chart


@pytest.fixture
def previous_without_field(previous: Path) -> Path:
    """It, with a CRD that knows a field less."""
    file = previous / "files" / "crd.yaml"
    crd = yaml.safe_load(file.read_text())
    del spec_fields(crd)[NEW_FIELD]
    file.write_text(yaml.safe_dump(crd, sort_keys=False))
    return previous


@pytest.fixture
def previous_without_access(previous: Path) -> Path:
    """It, from the time before AWSAccess."""
    template = previous / "templates" / "crd.yaml"
    both = template.read_text()
    one = both.replace(' "files/access-crd.yaml"', "")
    assert one != both
    template.write_text(one)
    return previous


def spec_fields(crd: dict[str, Any]) -> Any:
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


def rollout(machine: str = "arn:aws:states:eu-west-1:123456789012:stateMachine:X", **fields: Any) -> str:
    """A manifest that waits at ten percent until somebody promotes it."""
    steps = [{"setWeight": 10}, {"pause": {}}]
    alarms = {"names": ["OrderProcessor-failures"], "pollInterval": "1s"}
    spec = {"stateMachineArn": machine, "alias": ALIAS, "version": 2, "strategy": {"steps": steps}, "alarms": alarms}
    head = {"apiVersion": "sfnrollouts.dev/v1alpha1", "kind": "StepFunctionRollout", "metadata": {"name": "orders"}}
    return yaml.safe_dump({**head, "spec": {**spec, **fields}})


def read(kubectl: Kubectl, *what: str) -> dict[str, Any]:
    """A resource as stored; empty when it is not there."""
    result = kubectl("get", *what, "-o", "json", "--ignore-not-found")
    return dict(json.loads(result.stdout)) if result.stdout else {}


def test_the_crd_comes_with_the_release_and_outlives_it(
    helm: Helm, kubectl: Kubectl, previous_without_field: Path
) -> None:
    def knows_field() -> bool:
        return NEW_FIELD in spec_fields(read(kubectl, "crd", CRD))

    def identity() -> tuple[str, int]:
        metadata = read(kubectl, "sfnrollout", "orders")["metadata"]
        return metadata["uid"], metadata["generation"]

    helm("install", *RELEASE, str(previous_without_field))
    wait_until_established(kubectl, f"crd/{CRD}")
    kubectl("apply", "-f", "-", stdin=rollout())
    applied = identity()
    assert not knows_field()

    helm("upgrade", *RELEASE, str(CHART))
    assert knows_field()
    assert identity() == applied

    helm("rollback", *RELEASE)
    assert not knows_field()
    assert identity() == applied

    helm("upgrade", *RELEASE, str(CHART), "--set", "crds.install=false")
    assert not knows_field(), "it was taken out of the release, and left as it was"

    helm("upgrade", *RELEASE, str(CHART), "--reset-values")
    assert knows_field(), "it was taken in again"

    helm("rollback", *RELEASE, "1")
    kept = helm("uninstall", *RELEASE).stdout
    assert all(f"[CustomResourceDefinition] {name}" in kept for name in CRDS), "people see what stays"
    assert identity() == applied
    assert kubectl("get", "all,sa,role,rolebinding,pdb,lease", *RELEASE[1:], "-o", "name").stdout == ""
    assert "/sfn-rollouts" not in kubectl("get", "clusterrole,clusterrolebinding", "-o", "name").stdout

    helm("install", *RELEASE, str(CHART))
    assert knows_field(), "an old one that was kept is brought up to date"
    assert identity() == applied

    helm("upgrade", *RELEASE, str(CHART), "--set", "crds.keep=false")
    helm("uninstall", *RELEASE)
    wait_until(
        lambda: not any(read(kubectl, "crd", name) for name in CRDS), DEADLINE_S, "the CRDs to be gone, as asked for"
    )


def test_an_upgrade_from_before_awsaccess_adds_its_crd_and_touches_no_rollout(
    helm: Helm, kubectl: Kubectl, previous_without_access: Path
) -> None:
    access_crd = CRDS[1]
    helm("install", *RELEASE, str(previous_without_access))
    wait_until_established(kubectl, f"crd/{CRD}")
    kubectl("apply", "-f", "-", stdin=rollout())
    before = read(kubectl, "sfnrollout", "orders")
    assert not read(kubectl, "crd", access_crd)

    helm("upgrade", *RELEASE, str(CHART))
    wait_until_established(kubectl, f"crd/{access_crd}")
    assert read(kubectl, "sfnrollout", "orders") == before

    kubectl("apply", "-f", str(ACCESSES))
    accesses = read(kubectl, "awsaccesses")["items"]
    helm("rollback", *RELEASE)
    assert read(kubectl, "awsaccesses")["items"] == accesses, "what was granted outlives a rollback"
    assert read(kubectl, "sfnrollout", "orders") == before


def test_a_crd_that_somebody_else_applied_is_not_taken_without_being_asked(
    helm: Helm, kubectl: Kubectl, previous_without_field: Path
) -> None:
    kubectl("apply", "--server-side", "-f", str(previous_without_field / "files" / "crd.yaml"))
    before = read(kubectl, "crd", CRD)["metadata"]["generation"]

    with pytest.raises(HelmFailedError, match="invalid ownership metadata"):
        helm("install", *RELEASE, str(CHART))

    helm("install", *RELEASE, str(CHART), "--set", "crds.install=false")
    helm("uninstall", *RELEASE)
    assert read(kubectl, "crd", CRD)["metadata"]["generation"] == before, "not touched"

    helm("install", *RELEASE, str(CHART), "--take-ownership")
    taken = read(kubectl, "crd", CRD)
    assert NEW_FIELD in spec_fields(taken), "brought up to date"
    assert taken["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"


def test_the_same_values_again_change_nothing_until_the_cluster_can_do_more(helm: Helm, kubectl: Kubectl) -> None:
    def versions() -> str:
        columns = "custom-columns=KIND:.kind,NAME:.metadata.name,VERSION:.metadata.resourceVersion"
        what = "crd,clusterrole,clusterrolebinding,role,rolebinding,sa,svc,deploy,pdb"
        label = "app.kubernetes.io/part-of=sfn-rollouts"
        return kubectl("get", what, "-A", "-l", label, "-o", columns, "--no-headers").stdout

    wanted = "metrics.serviceMonitor.enabled=auto,metrics.prometheusRule.enabled=auto"
    helm("install", *RELEASE, str(CHART), "--set", wanted)
    wait_until_established(kubectl, f"crd/{CRD}")
    before = versions()
    assert len(before.splitlines()) == 12

    helm("upgrade", *RELEASE, str(CHART), "--set", wanted)
    assert versions() == before
    assert "monitoring.coreos.com" not in helm("get", "manifest", *RELEASE).stdout

    kubectl("apply", "-f", str(PROMETHEUS_OPERATOR_CRDS))
    wait_until_established(kubectl, "-f", str(PROMETHEUS_OPERATOR_CRDS))
    helm("upgrade", *RELEASE, str(CHART), "--set", wanted)
    assert versions() == before
    found = kubectl("get", "servicemonitors,prometheusrules", *RELEASE[1:], "-o", "name").stdout.split()
    assert found == [
        "servicemonitor.monitoring.coreos.com/sfn-rollouts",
        "prometheusrule.monitoring.coreos.com/sfn-rollouts",
    ]


def test_a_rollout_goes_on_through_upgrade_rollback_and_uninstall(
    helm: Helm, kubectl: Kubectl, aws: Emulator, node: Node, previous: Path
) -> None:
    machine = publish(aws)
    alias = f"{machine}:{ALIAS}"
    install = ("--set", "minPollInterval=1s", "--wait", "--timeout", "3m")

    def status() -> dict[str, Any]:
        return dict(read(kubectl, "sfnrollout", "orders")["status"])

    def wait_for(condition: Callable[[dict[str, Any]], bool], what: str) -> None:
        wait_until(lambda: condition(status()), DEADLINE_S, f"the rollout to be {what}")

    def image() -> str:
        [container] = read(kubectl, "deployment", *RELEASE)["spec"]["template"]["spec"]["containers"]
        return str(container["image"]).rpartition(":")[2]

    def command(action: str) -> None:
        words = {"id": action, "action": action, "generation": 1}
        kubectl("annotate", "sfnrollout", "orders", f"sfnrollouts.dev/command={json.dumps(words)}")

    helm("install", *RELEASE, str(previous), *install)
    kubectl("apply", "-f", "-", stdin=rollout(machine))
    wait_for(lambda seen: seen.get("phase") == "Paused" and seen.get("weight") == 10, "at ten percent")

    helm("upgrade", *RELEASE, str(CHART), *install)
    assert image() == yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    helm("rollback", *RELEASE, "--wait", "--timeout", "3m")
    assert image() == "0.0.9"
    assert aws.routing(alias) == {1: 90, 2: 10}, "nobody moved it meanwhile"

    command("promote")
    wait_for(lambda seen: seen.get("phase") == "Succeeded", "done")
    assert aws.routing(alias) == {2: 100}

    ended = status()
    helm("uninstall", *RELEASE, "--wait")
    assert status() == ended
    assert aws.routing(alias) == {2: 100}
