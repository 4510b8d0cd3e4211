"""install.yaml: one file that a real API server takes in one go, and an operator that starts from it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, Kubectl
from devenv.install_manifest import NoImageError, kustomization
from devenv.operator_process import OperatorProcess
from sfn_rollouts.api.kinds import KINDS

ROOT = Path(__file__).parents[2]
DIGEST = "sha256:" + 64 * "0"
IMAGES = {
    "a tag and a digest": f"ghcr.io/acme/sfn-rollouts:1.2.3@{DIGEST}",
    "a tag": "sfn-rollouts:dev",
    "a tag that looks like a number": "ghcr.io/acme/sfn-rollouts:1.10",
    "a digest": f"ghcr.io/acme/sfn-rollouts@{DIGEST}",
    "a registry with a port": "localhost:5000/acme/sfn-rollouts:1.2.3",
}


def rendered(image: str, kubectl: Kubectl) -> str:
    """As the release renders it: by a bare Python, with the kubectl that is on PATH."""
    command = [sys.executable, "-S", "-m", "devenv.install_manifest", image]
    environment = {"PATH": str(kubectl.binary.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def bare(todays_clock: None) -> Iterator[ControlPlane]:
    """A cluster into which nobody has put anything."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture
def aws() -> Iterator[Emulator]:
    with AwsEmulator() as server:
        yield Emulator(server.url)


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_the_image_is_that_of_the_release(kubectl: Kubectl, image: str) -> None:
    manifests = list(yaml.safe_load_all(rendered(image, kubectl)))
    [deployment] = [each for each in manifests if each["kind"] == "Deployment"]
    assert [each["image"] for each in deployment["spec"]["template"]["spec"]["containers"]] == [image]


@pytest.mark.parametrize("image", ["", "sfn-rollouts", "localhost:5000/sfn-rollouts", "a b:1", "x@sha256:12", ":1"])
def test_what_names_no_image_for_good_is_refused(image: str) -> None:
    with pytest.raises(NoImageError, match="with a tag or a digest"):
        kustomization(image)


def test_one_apply_is_all_and_an_operator_starts_from_it(bare: ControlPlane, kubectl: Kubectl, aws: Emulator) -> None:
    admin, install = bare.as_admin(), rendered(IMAGES["a tag and a digest"], kubectl)

    applied = admin("apply", "--server-side", "-f", "-", stdin=install)
    assert applied.stderr == "", "not even a warning"
    assert len(applied.stdout.splitlines()) == len(list(yaml.safe_load_all(install)))

    with OperatorProcess(
        bare, aws, arguments=("--leader-elect", "--leader-elect-namespace", "sfn-rollouts")
    ) as operator:
        operator.wait_ready()


def test_uninstalling_as_the_docs_say_leaves_the_crds(bare: ControlPlane, kubectl: Kubectl) -> None:
    admin = bare.as_admin()
    admin("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=rendered("sfn-rollouts:dev", kubectl))
    [command] = [line.strip() for line in (ROOT / "docs/gitops.md").read_text().splitlines()
                 if line.startswith("    kubectl delete namespace")]  # fmt: skip
    shown = admin(*command.split()[1:], "--dry-run=server").stdout
    assert {line.split()[0] for line in shown.splitlines()} == {
        "namespace", "clusterrole.rbac.authorization.k8s.io", "clusterrolebinding.rbac.authorization.k8s.io",
    }  # fmt: skip


def test_the_crds_are_those_of_crds_and_gitops_does_not_take_them_away(kubectl: Kubectl) -> None:
    manifests = list(yaml.safe_load_all(rendered("sfn-rollouts:dev", kubectl)))
    crds = {each["metadata"]["name"]: each for each in manifests if each["kind"] == "CustomResourceDefinition"}
    sources = [yaml.safe_load(file.read_text()) for file in (ROOT / "crds").iterdir()]
    assert {name: crd["spec"] for name, crd in crds.items()} == {
        each["metadata"]["name"]: each["spec"] for each in sources
    }
    assert crds.keys() == {kind.crd_name for kind in KINDS}
    for crd in crds.values():
        assert crd["metadata"]["annotations"] == {
            "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
        }
