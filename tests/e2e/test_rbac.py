"""The shipped rights against the API server's audit log, cluster-wide and namespaced: nothing missing, nothing unused.

One story that needs every right is played for each install. Nothing missing is looked for after every end-to-end test
as well (conftest.py), and a run of the whole folder compares once more, over all its stories (whole_run.py).
"""

import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.operator_process import OperatorProcess, apply_identity, shipped_identity, shipped_manifests
from devenv.waiting import wait_until
from sfn_rollouts.api.kinds import KINDS
from tests.e2e.cluster import Cluster
from tests.e2e.rights import EVERYBODYS, Right, not_granted, not_used, rights_granted, rights_requested
from tests.e2e.story import DEADLINE_S, SLOW_STEPS, Story, set_the_scene, split, whole
from tests.e2e.traces import defects

DEPLOY = Path(__file__).parents[2] / "deploy"
LEASE_NAMESPACE = "sfn-rollouts"
ANY_MACHINE = "arn:aws:states:*:*:stateMachine:*"
IN_NO_NAMESPACE = {
    *(Right("get", "apiextensions.k8s.io", "customresourcedefinitions", kind.crd_name) for kind in KINDS),
    *(Right(verb, "sfnrollouts.dev", "awsaccesses") for verb in ("list", "watch")),
    Right("patch", "sfnrollouts.dev", "awsaccesses/status"),
    *(Right(verb, "", "namespaces") for verb in ("list", "watch")),
}


@pytest.fixture
def granted(kubectl: Kubectl, namespace: str) -> Iterator[None]:
    """An AWSAccess for the test's namespace; gone at the end, as it is one for the whole cluster."""
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(access_of(namespace)))
    yield
    kubectl("delete", "awsaccess", namespace)


def access_of(namespace: str) -> dict[str, Any]:
    spec = {"namespaces": {"names": [namespace]}, "stateMachines": [ANY_MACHINE]}
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "AWSAccess",
        "metadata": {"name": namespace},
        "spec": spec,
    }


def refuse_and_grant_again(kubectl: Kubectl, access: str) -> None:
    """It names an account that is not the operator's, and then its own again: the same Event twice."""
    for machines, is_ready in (("arn:aws:states:*:999999999999:stateMachine:*", "false"), (ANY_MACHINE, "true")):
        patch = json.dumps({"spec": {"stateMachines": [machines]}})
        kubectl("patch", "awsaccess", access, "--type=merge", "-p", patch)
        kubectl("wait", f"awsaccess/{access}", f"--for=condition=Ready={is_ready}", f"--timeout={DEADLINE_S:.0f}s")


def live_through_everything(story: Story) -> None:
    """A rollout with a repeated Event, an edit and a deletion in flight."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    for _ in range(2):  # the same words twice: the second time the Event's count is raised
        assert story.command("retry")["result"] == "Refused"
    story.delete()
    story.wait_until_gone()
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_every_right_is_used_and_no_other(
    story: Story, granted: None, control_plane: ControlPlane, kubectl: Kubectl
) -> None:
    """The install for all namespaces. Without an election: the lease's rights are tried in two_operators/."""
    manifests = [each for each in shipped_manifests(kubectl) if each["metadata"]["name"] == "sfn-rollouts"]
    rights = rights_granted(manifests, shipped_identity(manifests))

    live_through_everything(story)

    def used() -> set[Right]:
        requests = rights_requested(control_plane.audit_events(), story.operator.user)
        return {request for request in requests if request.namespace in ("", story.namespace)}

    wait_until(lambda: not not_used(used(), rights), DEADLINE_S, f"each right to be used: {names(rights)}")
    assert not_granted(used(), rights) == []


@dataclass(frozen=True)
class Tenant:
    """An install of its own for one namespace."""

    manifests: list[dict[str, Any]]
    account: tuple[str, str]
    operator: OperatorProcess


@pytest.fixture
def tenant(
    control_plane: ControlPlane,
    crds_installed: None,
    cluster: Cluster,
    kubectl: Kubectl,
    namespace: str,
    aws: Emulator,
    tmp_path: Path,
) -> Iterator[Tenant]:
    """deploy/overlays/namespaced for this namespace, started as its Deployment would start it."""
    manifests = namespaced_install(kubectl, namespace, tmp_path)
    account = shipped_identity(manifests)
    apply_identity(kubectl, manifests)
    wait_until_in_force(kubectl, account, namespace)
    cluster.delete_lease(LEASE_NAMESPACE, "sfn-rollouts")  # of an earlier test: its holder is dead
    [deployment] = [each for each in manifests if each["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    command, *arguments = container["args"]
    assert command == "run"
    with OperatorProcess(
        control_plane,
        aws,
        identity=account,
        arguments=arguments,
        environment={"POD_NAMESPACE": deployment["metadata"]["namespace"]},
    ) as operator:
        yield Tenant(manifests, account, operator)
        print(operator.last_log_lines(200))  # shown if the test fails
        assert not defects(operator.log_lines())


def test_a_namespaced_install_stays_in_its_namespace(
    tenant: Tenant,
    granted: None,
    cluster: Cluster,
    control_plane: ControlPlane,
    kubectl: Kubectl,
    namespace: str,
    aws: Emulator,
) -> None:
    """The same story with Roles only: each right is used, nothing else asked for, and the neighbour is left alone."""
    rights = rights_granted(tenant.manifests, tenant.account)
    assert {right for right in rights if not right.namespace} == IN_NO_NAMESPACE
    assert {right.namespace for right in rights} == {"", namespace, LEASE_NAMESPACE, "default"}
    story = set_the_scene(cluster, namespace, aws, tenant.operator)
    neighbour = story.called("rollout", cluster.create_namespace(f"{namespace}-neighbour"))
    neighbour.apply(version=3)

    live_through_everything(story)
    kubectl("wait", f"awsaccess/{namespace}", "--for=condition=Ready", f"--timeout={DEADLINE_S:.0f}s")
    refuse_and_grant_again(kubectl, namespace)

    def used() -> set[Right]:
        return rights_requested(control_plane.audit_events(), tenant.operator.user)

    wait_until(lambda: not not_used(used(), rights), DEADLINE_S, f"each right to be used: {names(rights)}")
    assert not_granted(used(), rights) == []
    outside = [request for request in used() if not request.namespace and request != EVERYBODYS]
    assert not_granted(outside, IN_NO_NAMESPACE) == []
    assert [event for event in control_plane.audit_events() if is_refused(event, tenant.operator.user)] == []
    assert neighbour.status() == {"observedGeneration": -1}
    assert not neighbour.is_held_by_finalizer()


def namespaced_install(kubectl: Kubectl, namespace: str, folder: Path) -> list[dict[str, Any]]:
    """As docs/permissions.md tells people to: copy the overlay, put the namespace in place of team-a.

    The suffix is for a second install in one cluster, as this is.
    """
    shutil.copytree(DEPLOY, folder / "deploy")
    overlay = folder / "deploy" / "overlays" / "namespaced"
    (overlay / "team-a").rename(overlay / namespace)
    for file in overlay.rglob("*.yaml"):
        file.write_text(file.read_text().replace("team-a", namespace))
    second = {"resources": ["../deploy/overlays/namespaced"], "nameSuffix": f"-{secrets.token_hex(4)}"}
    (folder / "second").mkdir()
    (folder / "second" / "kustomization.yaml").write_text(yaml.safe_dump(second))
    return list(yaml.safe_load_all(kubectl("kustomize", str(folder / "second")).stdout))


def wait_until_in_force(kubectl: Kubectl, account: tuple[str, str], namespace: str) -> None:
    """The API server takes a moment to know new roles; an operator without rights would end at once."""
    user = f"--as=system:serviceaccount:{account[0]}:{account[1]}"

    def is_allowed(*words: str) -> bool:
        return kubectl("auth", "can-i", *words, user, check=False).stdout.strip() == "yes"

    wait_until(lambda: is_allowed("list", "sfnr", "-n", namespace), DEADLINE_S, "the Role to be in force")
    wait_until(lambda: is_allowed("get", "crd/awsaccesses.sfnrollouts.dev"), DEADLINE_S, "the ClusterRole likewise")
    wait_until(lambda: is_allowed("create", "leases", "-n", LEASE_NAMESPACE), DEADLINE_S, "the lease's likewise")


def is_refused(event: dict[str, Any], user: str) -> bool:
    return event["user"]["username"] == user and event.get("responseStatus", {}).get("code") == 403


def names(rights: set[Right]) -> str:
    return "; ".join(sorted(map(str, rights)))
