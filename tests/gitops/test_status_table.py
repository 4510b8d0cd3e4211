"""Every row of the table: what Argo CD, Flux and `kubectl wait` make of a situation, and that the guide says so."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devenv.control_plane import ControlPlane, Kubectl
from sfn_rollouts.api import FINALIZER, PLURAL
from sfn_rollouts.api.analysis import Verdict
from tests.core.kstatus import kstatus
from tests.core.specs import raw_spec
from tests.core.test_kstatus import judged
from tests.e2e.cluster import Cluster
from tests.gitops import argo
from tests.gitops.flux import HealthCheck
from tests.gitops.situations import BEHIND, ROWS, Row, as_markdown, cells_of

GUIDE = Path(__file__).parents[2] / "docs/gitops.md"
WAITED_FOR = ("Ready", "Promoted", "Stalled", "Paused", "AwaitingApproval")


@pytest.mark.parametrize("situation", ROWS)
def test_each_tool_says_what_the_table_says(situation: str) -> None:
    assert_each_tool_agrees(ROWS[situation], ROWS[situation].resource())


UNHELD = {
    Verdict.NOT_WORSE: lambda: judged(fails=0.0, minutes=20),
    Verdict.NOT_ENOUGH: lambda: judged(fails=0.0, starts_per_hour=40.0, minutes=20),
    Verdict.WORSE: lambda: judged(onWorse="Ignore", onSuspect="Ignore", minutes=20),
}


@pytest.mark.parametrize("verdict", UNHELD)
def test_what_the_judge_says_without_a_hold_changes_no_column(verdict: Verdict) -> None:
    said, moving = Row(UNHELD[verdict], "Progressing", "InProgress"), ROWS["traffic is moving"]
    analysis = said.make().status.analysis
    assert analysis is not None
    assert analysis.verdict is verdict
    assert cells_of("traffic is moving", said) == cells_of("traffic is moving", moving)
    assert_each_tool_agrees(said, said.resource())


def assert_each_tool_agrees(row: Row, resource: dict[str, Any]) -> None:
    """Argo CD with the operator's message, Flux with and without expressions."""
    health, message = argo.health(resource)
    assert health == row.argo
    assert message in (resource["status"].get("message"), BEHIND, "Pending deletion")
    assert kstatus(resource) == row.flux
    assert HealthCheck.of("rollouts-wait.yaml")(resource) == row.flux
    assert HealthCheck.of("rollouts-pause-counts.yaml")(resource) == row.flux_if_a_pause_counts


def test_kubectl_wait_ends_for_what_the_table_says(
    control_plane: ControlPlane, kubectl: Kubectl, crds_installed: None, namespace: str
) -> None:
    """All rows at once on the API server: kubectl asks for each condition, and the tools read what was stored."""
    with Cluster(control_plane.admin_kubeconfig) as cluster:
        for index, row in enumerate(ROWS.values()):
            stored = store(cluster, namespace, f"row-{index}", row)
            assert stored["status"] == row.make().status.to_resource()
            assert_each_tool_agrees(row, stored)
    ended = ended_waits(kubectl, namespace)
    seen = {s: {kind for kind in WAITED_FOR if f"row-{i}" in ended[kind]} for i, s in enumerate(ROWS)}
    assert seen == {situation: set(row.waits) for situation, row in ROWS.items()}


def store(cluster: Cluster, namespace: str, name: str, row: Row) -> dict[str, Any]:
    """Bring a resource into the row's situation, generation included; the resource as stored."""
    resource = row.resource(name)
    cluster.create(namespace, name, raw_spec())
    for generation in range(1, resource["metadata"]["generation"]):
        cluster.patch(namespace, name, {"spec": {"bakeTime": f"{generation}m"}})
    cluster.write_status(namespace, name, resource["status"])
    if row.is_deleting:
        cluster.patch(namespace, name, {"metadata": {"finalizers": [FINALIZER]}})
        cluster.delete(namespace, name)
    stored = cluster.get(namespace, name)
    assert stored is not None
    return stored


def ended_waits(kubectl: Kubectl, namespace: str) -> dict[str, set[str]]:
    """Names for which `kubectl wait --for=condition=X` ends, by X. It looks once: nothing changes here any more, and
    with a timeout it does not look at the resources behind the first that it waits for in vain."""
    wait = ("wait", PLURAL, "--all", f"--namespace={namespace}", "--timeout=0")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    commands = {kind: kubectl.command(*wait, f"--for=condition={kind}") for kind in WAITED_FOR}
    started = {kind: subprocess.Popen(command, **pipes) for kind, command in commands.items()}
    reported = {kind: process.communicate(timeout=120) for kind, process in started.items()}
    ended = {kind: set(re.findall(r"/(row-\d+) condition met", output)) for kind, (output, _) in reported.items()}
    for kind, (_, errors) in reported.items():
        on = set(re.findall(r"^condition not met for \w+/(row-\d+)$", errors, re.MULTILINE))
        assert ended[kind] | on == {f"row-{index}" for index in range(len(ROWS))}, errors
    return ended


def test_the_guide_shows_this_table() -> None:
    shown = re.search(r"<!-- table: begin -->\n(.*?)<!-- table: end -->", GUIDE.read_text(), re.DOTALL)
    assert shown is not None
    assert shown.group(1) == as_markdown()
