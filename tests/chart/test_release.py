"""Releases on the cluster that all tests share: each without the CRD, under a name of its own."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.helm import Helm
from devenv.waiting import wait_until
from tests.chart.rendering import CHART

DEADLINE_S = 60.0
ROLE = r"serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::123456789012:role/x"

Release = tuple[str, str, str]
"""What follows `helm install` and the like: the name, which is the namespace's too, `-n` and the namespace."""


@pytest.fixture(scope="module")
def helm(helm_binary: Path, tmp_path_factory: pytest.TempPathFactory, control_plane: ControlPlane) -> Helm:
    """As an administrator of the shared cluster."""
    return Helm(helm_binary, tmp_path_factory.mktemp("helm"), control_plane.admin_kubeconfig)


@pytest.fixture
def release(helm: Helm, kubectl: Kubectl, namespace: str, crds_installed: None) -> Iterator[Release]:
    """In a namespace that takes restricted pods only. What is cluster-wide bears its name, and goes in the end."""
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    words = (namespace, "-n", namespace)
    yield words
    helm("uninstall", *words, "--ignore-not-found")


def install(helm: Helm, release: Release, *values: str) -> str:
    """What Helm says; a release called test-x becomes test-x-sfn-rollouts."""
    result = helm("install", *release, str(CHART), "--set", "crds.install=false", *values)
    return result.stdout + result.stderr


PODS: dict[str, Sequence[str]] = {
    "as it comes": (),
    "with all that can be added": (
        *("--set", "extraVolumes[0].name=ca,extraVolumes[0].configMap.name=ca"),
        *("--set", "extraVolumeMounts[0].name=ca,extraVolumeMounts[0].mountPath=/ca"),
        *("--set", "networkPolicy.enabled=true,aws.region=eu-west-1,metrics.dashboard.enabled=true"),
    ),
}


@pytest.mark.parametrize("values", PODS.values(), ids=PODS.keys())
def test_the_pods_are_restricted(values: Sequence[str], helm: Helm, kubectl: Kubectl, release: Release) -> None:
    """Pods are made here as the Deployment's controller and `helm test` would."""
    assert "PodSecurity" not in install(helm, release, *values)
    deployment = json.loads(
        kubectl("get", "deployment", f"{release[0]}-sfn-rollouts", *release[1:], "-o", "json").stdout
    )
    operator = {"metadata": {"name": "operator"}, "spec": deployment["spec"]["template"]["spec"]}
    [tester] = yaml.safe_load_all(helm("get", "hooks", *release).stdout)
    create = ("create", "--dry-run=server", *release[1:], "-f", "-")

    for pod in (operator, tester):
        assert "created" in kubectl(*create, stdin=as_pod(pod)).stdout
        pod["spec"]["containers"][0]["securityContext"] = {}
        assert "violates PodSecurity" in kubectl(*create, stdin=as_pod(pod), check=False).stderr


def as_pod(pod: dict[str, Any]) -> str:
    return yaml.safe_dump({**pod, "apiVersion": "v1", "kind": "Pod"})


PEOPLE = {
    "view": {"get", "list", "watch"},
    "edit": {"create", "update", "patch", "delete"},
}


def test_people_do_with_rollouts_what_their_role_says_but_never_write_the_status(
    helm: Helm, kubectl: Kubectl, release: Release
) -> None:
    """Nothing aggregates roles here, so they are bound directly."""
    install(helm, release)
    for person in PEOPLE:
        role = f"--clusterrole={release[0]}-sfn-rollouts-{person}"
        kubectl("create", "rolebinding", person, role, f"--user={person}", *release[1:])

    def may(person: str, verb: str, *more: str) -> bool:
        asked = kubectl("auth", "can-i", verb, "sfnrollouts", *release[1:], f"--as={person}", *more, check=False)
        return asked.stdout.strip() == "yes"

    for person, verbs in PEOPLE.items():
        wait_until(partial(may, person, min(verbs)), DEADLINE_S, "the binding to be in force")
        assert {verb for verb in set().union(*PEOPLE.values()) if may(person, verb)} == verbs
        assert not may(person, "patch", "--subresource=status")
        assert not may(person, "update", "--subresource=status")


def test_two_releases_get_along(helm: Helm, kubectl: Kubectl, release: Release) -> None:
    """A team each: what is cluster-wide differs by the releases' names."""
    other = f"{release[0]}-b"
    watched = ("--set", f"watchNamespaces={{{release[2]}}}")
    install(helm, release, *watched)
    install(helm, (other, *release[1:]), *watched)

    helm("uninstall", other, *release[1:])

    left = kubectl(
        "get",
        "clusterrole,role,deployment",
        *release[1:],
        "-l",
        f"app.kubernetes.io/instance={release[0]}",
        "-o",
        "name",
    )
    assert len(left.stdout.split()) == 6
    assert f"{other}-sfn-rollouts" not in kubectl("get", "clusterrole,clusterrolebinding", "-o", "name").stdout


NOTES: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    "without a role": (
        (),
        ["its service account names no IAM role", "leaves the CRDs", "Until there is an AWSAccess, whoever"],
        ["CAUTION"],
    ),
    "with a role": (("--set-string", ROLE), [], ["IAM role"]),
    "with credentials from elsewhere": (("--set", "extraEnvFrom[0].secretRef.name=aws"), [], ["IAM role"]),
    "for some namespaces": (
        ("--set", "watchNamespaces={a,b}"),
        ["in a, b.", "kubectl apply -n a -f -", "get sfnrollouts -n a --watch"],
        [" -A ", "whoever may create"],
    ),
    "where an access is required": (("--set", "requireAccess=true"), [], ["whoever may create"]),
    "without the CRDs": (("--set", "crds.install=false"), ["The CRDs are not part"], ["Uninstalling"]),
    "with CRDs that go": (("--set", "crds.keep=false"), ["CAUTION: crds.keep is false"], ["leaves the CRDs"]),
}


@pytest.mark.parametrize(("values", "said", "unsaid"), NOTES.values(), ids=NOTES.keys())
def test_the_notes_say_what_this_install_needs(
    values: Sequence[str], said: Sequence[str], unsaid: Sequence[str], helm: Helm
) -> None:
    """Nothing is installed."""
    shown = helm(
        "install", "sfn-rollouts", str(CHART), "-n", "default", "--dry-run=client", "--take-ownership", *values
    ).stdout
    notes = shown[shown.index("NOTES:") :]

    assert [words for words in said if words not in notes] == []
    assert [words for words in unsaid if words in notes] == []
