"""Why the operator does not start: exit code and a message that a person can act on, from real processes."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devenv.control_plane import ControlPlane, install_crds, wait_until_established
from tests.cli.conftest import KEYS, ROOT, Start

RUN = ("run", "--health-port=0", "--start-timeout=1s")


@pytest.fixture(scope="module")
def bare(todays_clock: None) -> Iterator[ControlPlane]:
    """A cluster of one's own, in which the CRD can be missing."""
    with ControlPlane() as plane:
        yield plane


def why(start: Start, *arguments: str, code: int, **environment: str) -> str:
    process = start(*arguments, **environment)
    assert process.exit_code() == code, process.log()
    return process.log()


def test_a_flag_that_is_no_value(start: Start) -> None:
    reported = why(start, "run", "--min-poll-interval=5", "--health-port=x", code=2)

    assert "--min-poll-interval or SFN_ROLLOUTS_MIN_POLL_INTERVAL: '5'" in reported
    assert "write a number with a unit, like 30s" in reported
    assert "--health-port or SFN_ROLLOUTS_HEALTH_PORT: 'x'" in reported


def test_a_kubeconfig_that_is_not_there(start: Start) -> None:
    reported = why(start, *RUN, "--kubeconfig=/nowhere/config", code=2)

    assert "/nowhere/config" in reported
    assert "--kubeconfig" in reported


@pytest.mark.parametrize("content", ["no: [yaml", "- a\n- list", "contexts: 5\ncurrent-context: x", ""])
def test_a_kubeconfig_that_is_garbage(start: Start, tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)

    assert "no way to the cluster" in why(start, *RUN, f"--kubeconfig={tmp_path / 'config'}", code=2)


def test_a_context_that_is_not_there(start: Start, operator_kubeconfig: Path) -> None:
    reported = why(start, *RUN, f"--kubeconfig={operator_kubeconfig}", "--context=elsewhere", code=2)

    assert "elsewhere" in reported


def test_no_kubeconfig_at_all(start: Start) -> None:
    assert "give --kubeconfig, or run in a pod" in why(start, *RUN, code=3)


def test_a_server_that_does_not_answer(start: Start, operator_kubeconfig: Path, tmp_path: Path) -> None:
    kubeconfig = yaml.safe_load(operator_kubeconfig.read_text())
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "config").write_text(yaml.safe_dump(kubeconfig))
    began = time.monotonic()

    reported = why(start, *RUN, SFN_ROLLOUTS_KUBECONFIG=str(tmp_path / "config"), code=3)

    assert "cannot start: no cluster at https://127.0.0.1:1" in reported
    assert time.monotonic() - began < 60


def test_no_permission_for_the_crd(start: Start, bare: ControlPlane) -> None:
    reported = why(start, *RUN, f"--kubeconfig={bare.kubeconfig_for('stranger')}", code=6)

    assert "grant the operator the verb get on customresourcedefinitions.apiextensions.k8s.io" in reported


def test_no_crd(start: Start, bare: ControlPlane) -> None:
    reported = why(start, *RUN, f"--kubeconfig={bare.admin_kubeconfig}", code=4)

    assert "stepfunctionrollouts.sfnrollouts.dev is not installed" in reported
    assert "kubectl apply --server-side -f crds/" in reported


def test_a_crd_that_is_too_old(start: Start, bare: ControlPlane) -> None:
    crd = yaml.safe_load((ROOT / "crds" / "stepfunctionrollouts.yaml").read_text())
    del crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]["trip"]
    kubectl = bare.as_admin()
    kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(crd))
    wait_until_established(kubectl, "crd", "stepfunctionrollouts.sfnrollouts.dev")

    reported = why(start, *RUN, f"--kubeconfig={bare.admin_kubeconfig}", code=4)

    assert "is too old, it lacks status.trip" in reported
    assert "kubectl apply --server-side -f crds/" in reported


def test_no_crd_of_accesses(start: Start, bare: ControlPlane) -> None:
    """Without it nobody could say who may move what, and nothing would say so."""
    kubectl = bare.as_admin()
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds" / "stepfunctionrollouts.yaml"))
    wait_until_established(kubectl, "crd", "stepfunctionrollouts.sfnrollouts.dev")

    reported = why(start, *RUN, f"--kubeconfig={bare.admin_kubeconfig}", code=4)

    assert "the CRD awsaccesses.sfnrollouts.dev is not installed" in reported
    assert "kubectl apply --server-side -f crds/" in reported


def test_no_aws_credentials(start: Start, operator_kubeconfig: Path) -> None:
    reported = why(start, *RUN, f"--kubeconfig={operator_kubeconfig}", code=5)

    assert "no AWS credentials" in reported
    assert "IRSA" in reported


def test_an_aws_profile_that_is_not_there(start: Start, operator_kubeconfig: Path) -> None:
    reported = why(start, *RUN, f"--kubeconfig={operator_kubeconfig}", AWS_PROFILE="elsewhere", code=5)

    assert "elsewhere" in reported


CONFIGS = {
    "a helper that fails": ("credential_process = /bin/false", "CredentialRetrievalError provider=custom-process"),
    "a helper that is not installed": ("credential_process = /nowhere/signer", "/nowhere/signer: No such file"),
    "a helper that prints no JSON": ("credential_process = /bin/echo hunter2", "it answered with what is not JSON"),
    "a source profile that is not there": (
        "role_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base",
        'The source_profile \\"base\\" referenced in the profile \\"default\\" does not exist',
    ),
    "no config at all": ("]", "ConfigParseError path="),
}


@pytest.mark.parametrize(("config", "words"), CONFIGS.values(), ids=CONFIGS.keys())
def test_credentials_that_cannot_be_fetched(
    start: Start, operator_kubeconfig: Path, tmp_path: Path, config: str, words: str
) -> None:
    (tmp_path / "config").write_text(f"[default]\n{config}\n")

    reported = why(start, *RUN, f"--kubeconfig={operator_kubeconfig}", code=5, AWS_CONFIG_FILE=str(tmp_path / "config"))

    assert "cannot start: the AWS credentials cannot be fetched (" in reported
    assert words in reported
    assert "Traceback" not in reported
    assert "hunter2" not in reported


def test_too_few_rights(start: Start, bare: ControlPlane) -> None:
    kubectl = bare.as_admin()
    install_crds(kubectl, ROOT / "crds")
    kubectl("create", "clusterrole", "sees-crds", "--verb=get", "--resource=customresourcedefinitions")
    kubectl("create", "clusterrolebinding", "sees-crds", "--clusterrole=sees-crds", "--user=reader")
    kubectl("create", "clusterrole", "reads", "--verb=list,watch", "--resource=stepfunctionrollouts.sfnrollouts.dev")
    kubectl("create", "rolebinding", "reads", "--clusterrole=reads", "--user=reader", "-n=default")

    reported = why(start, *RUN, f"--kubeconfig={bare.kubeconfig_for('reader')}", "--namespace=default", code=6, **KEYS)

    assert "may not get stepfunctionrollouts.sfnrollouts.dev in namespace default" in reported
    assert "patch stepfunctionrollouts/status.sfnrollouts.dev in namespace default" in reported
    assert "list stepfunctionrollouts" not in reported
    assert "deploy/base/rbac.yaml" in reported


def test_a_port_that_is_taken(start: Start, operator_kubeconfig: Path) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]

        reported = why(start, "run", f"--kubeconfig={operator_kubeconfig}", f"--health-port={port}", code=2, **KEYS)

    assert f"port {port} cannot be used" in reported
    assert "--health-port" in reported
