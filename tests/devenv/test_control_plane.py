"""The control plane itself, on real binaries: its users, its bad days, and that it leaves nothing behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devenv.control_plane import ControlPlane, Kubectl, KubectlFailedError, install_crds, is_established
from devenv.waiting import wait_until

ROOT = Path(__file__).parents[2]


def config_map(namespace: str, name: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}})


@pytest.fixture
def reader(control_plane: ControlPlane, kubectl: Kubectl, namespace: str) -> Path:
    """The kubeconfig of a service account that may read config maps in the test's namespace, and nothing else."""
    kubectl("create", "role", "reader", "--verb=get,list,watch", "--resource=configmaps", "-n", namespace)
    account = f"--serviceaccount={namespace}:reader"
    kubectl("create", "rolebinding", "reader", "--role=reader", account, "-n", namespace)
    return control_plane.kubeconfig_for(f"system:serviceaccount:{namespace}:reader", namespace=namespace)


# -- custom resources -------------------------------------------------------------------------------------------------

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.devenv.example}
spec:
  group: devenv.example
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""


def test_installed_crds_are_served(kubectl: Kubectl, namespace: str, tmp_path: Path) -> None:
    (tmp_path / "widgets.yaml").write_text(WIDGETS)
    install_crds(kubectl, tmp_path)
    widget = f"{{apiVersion: devenv.example/v1, kind: Widget, metadata: {{name: one, namespace: {namespace}}}}}"
    assert kubectl("create", "-f", "-", stdin=widget).stdout == "widget.devenv.example/one created\n"


@pytest.mark.parametrize(
    ("crd", "is_served"),
    [
        ({}, False),
        ({"status": None}, False),
        ({"status": {"conditions": None}}, False),
        ({"status": {"conditions": [{"type": "Established", "status": "False"}]}}, False),
        ({"status": {"conditions": [{"type": "NamesAccepted", "status": "True"}]}}, False),
        ({"status": {"conditions": [{"type": "Established", "status": "True"}]}}, True),
    ],
)
def test_a_crd_is_served_once_the_api_server_says_so(crd: dict[str, Any], is_served: bool) -> None:
    """At first it says nothing at all, which `kubectl wait` takes for an error."""
    assert is_established(crd) is is_served


def test_a_folder_without_crds_is_an_error(kubectl: Kubectl, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no CustomResourceDefinition"):
        install_crds(kubectl, tmp_path)


# -- users ------------------------------------------------------------------------------------------------------------


def test_server_and_kubectl_are_of_the_same_version(kubectl: Kubectl) -> None:
    version = json.loads(kubectl("version", "-o", "json").stdout)
    assert version["serverVersion"]["gitVersion"] == version["clientVersion"]["gitVersion"]


def test_a_user_may_do_what_rbac_grants_and_no_more(kubectl: Kubectl, namespace: str, reader: Path) -> None:
    kubectl("create", "-f", "-", stdin=config_map(namespace, "seen"))
    assert kubectl("get", "configmaps", "-o", "name", kubeconfig=reader).stdout == "configmap/seen\n"
    with pytest.raises(KubectlFailedError, match=f'system:serviceaccount:{namespace}:reader" cannot create resource'):
        kubectl("create", "-f", "-", stdin=config_map(namespace, "refused"), kubeconfig=reader)


def test_users_with_names_alike_get_files_of_their_own(control_plane: ControlPlane) -> None:
    paths = {control_plane.kubeconfig_for(user) for user in ("a:b", "a-b", "a/b", "a:b")}
    assert len({path.read_text() for path in paths}) == 4


def test_a_group_of_the_certificate_counts(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    member = control_plane.kubeconfig_for("somebody", groups=["one", "system:masters"])
    assert kubectl("auth", "can-i", "delete", "nodes", kubeconfig=member).stdout == "yes\n"
    nobody = control_plane.kubeconfig_for("somebody", groups=["one"])
    assert kubectl("auth", "can-i", "delete", "nodes", kubeconfig=nobody, check=False).stdout == "no\n"


def test_the_audit_log_shows_what_a_user_did_and_keeps_administrators_out(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str, reader: Path
) -> None:
    kubectl("get", "configmaps", kubeconfig=reader)
    kubectl("delete", "configmap", "any", kubeconfig=reader, check=False)
    user = f"system:serviceaccount:{namespace}:reader"

    def verbs() -> set[tuple[str, int]]:
        events = [event for event in control_plane.audit_events() if event["user"]["username"] == user]
        return {(event["verb"], event["responseStatus"]["code"]) for event in events if "objectRef" in event}

    wait_until(lambda: verbs() == {("list", 200), ("delete", 403)}, 10, "both requests in the audit log")
    users = {event["user"]["username"] for event in control_plane.audit_events()}
    assert "devenv-admin" not in users


# -- bad days ---------------------------------------------------------------------------------------------------------


def test_a_stopped_api_server_comes_back_with_its_data(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str
) -> None:
    kubectl("create", "-f", "-", stdin=config_map(namespace, "kept"))
    control_plane.stop_api_server()
    try:
        assert control_plane.failure is None
        with pytest.raises(KubectlFailedError, match="refused"):
            kubectl("get", "configmaps", "-n", namespace)
    finally:
        control_plane.start_api_server()
    assert "configmap/kept" in kubectl("get", "configmaps", "-n", namespace, "-o", "name").stdout


def test_after_a_loss_of_power_both_servers_come_back_with_their_data(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str
) -> None:
    kubectl("create", "-f", "-", stdin=config_map(namespace, "kept"))
    control_plane.lose_power()
    try:
        with pytest.raises(KubectlFailedError, match="refused"):
            kubectl("get", "configmaps", "-n", namespace)
    finally:
        control_plane.restore_power()
    assert "configmap/kept" in kubectl("get", "configmaps", "-n", namespace, "-o", "name").stdout


def test_a_paused_api_server_answers_nobody_until_it_is_resumed(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    control_plane.pause_api_server()
    try:
        with pytest.raises(KubectlFailedError, match=r"(?i)timed? ?out"):
            kubectl("get", "--raw", "/api", "--request-timeout=1s")
    finally:
        control_plane.resume_api_server()
    assert kubectl("get", "--raw", "/readyz").stdout == "ok"


def test_without_etcd_nothing_can_be_written_until_it_is_back(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str
) -> None:
    control_plane.stop_etcd()
    try:
        with pytest.raises(KubectlFailedError):
            kubectl("create", "-f", "-", "--request-timeout=2s", stdin=config_map(namespace, "lost"))
    finally:
        control_plane.start_etcd()
    kubectl("create", "-f", "-", stdin=config_map(namespace, "kept"))


@pytest.fixture
def watch(control_plane: ControlPlane, kubectl: Kubectl, namespace: str) -> Iterator[subprocess.Popen[str]]:
    """A raw watch on config maps through the proxy, open when the test begins: one request, which nobody repeats."""
    kubectl("create", "-f", "-", stdin=config_map(namespace, "first"))
    proxied = control_plane.kubeconfig_for("watcher", groups=["system:masters"], via_proxy=True)
    path = f"/api/v1/namespaces/{namespace}/configmaps?watch=true"
    command = kubectl.command("get", "--raw", path, kubeconfig=proxied)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert '"first"' in process.stdout.readline()
        yield process
        process.kill()


def test_cutting_the_watches_ends_them_and_leaves_the_server_up(
    control_plane: ControlPlane, kubectl: Kubectl, watch: subprocess.Popen[str]
) -> None:
    assert watch.poll() is None
    assert control_plane.cut_watches() == 1
    assert watch.wait(timeout=10) is not None
    proxied = control_plane.kubeconfig_for("watcher", groups=["system:masters"], via_proxy=True)
    assert "1.35" in kubectl("get", "--raw", "/version", kubeconfig=proxied).stdout


def test_a_network_of_its_own_is_cut_without_anybody_elses(control_plane: ControlPlane, kubectl: Kubectl) -> None:
    with control_plane.new_network() as network:
        alone = control_plane.kubeconfig_for("traveller", groups=["system:masters"], network=network)
        assert kubectl("get", "--raw", "/readyz", kubeconfig=alone).stdout == "ok"
        network.refuse()
        with pytest.raises(KubectlFailedError, match="refused"):
            kubectl("get", "--raw", "/readyz", kubeconfig=alone)
        assert kubectl("get", "--raw", "/readyz").stdout == "ok"


def test_a_refusing_proxy_takes_nobody_new_and_keeps_who_is_there(
    control_plane: ControlPlane, kubectl: Kubectl, watch: subprocess.Popen[str]
) -> None:
    proxied = control_plane.kubeconfig_for("watcher", groups=["system:masters"], via_proxy=True)
    control_plane.proxy.refuse()
    try:
        with pytest.raises(KubectlFailedError, match="refused"):
            kubectl("get", "--raw", "/readyz", kubeconfig=proxied)
        assert watch.poll() is None
    finally:
        control_plane.proxy.accept()
    assert "1.35" in kubectl("get", "--raw", "/version", kubeconfig=proxied).stdout


# -- leaving nothing behind -------------------------------------------------------------------------------------------


@pytest.fixture
def command() -> Iterator[subprocess.Popen[str]]:
    """`python -m devenv.control_plane` as a person starts it."""
    line = [sys.executable, "-m", "devenv.control_plane"]
    with subprocess.Popen(line, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("ending", "exit_code"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
def test_however_the_command_ends_no_process_and_no_file_is_left(
    command: subprocess.Popen[str], ending: signal.Signals, exit_code: int
) -> None:
    assert command.stdout is not None
    first_line = command.stdout.readline()
    assert first_line.startswith("export KUBECONFIG=")
    kubeconfig = Path(first_line.removeprefix("export KUBECONFIG=").strip())
    folder = kubeconfig.parents[1]
    assert len(processes_of(folder)) == 3  # etcd, kube-apiserver and their watchdog
    command.send_signal(ending)
    assert command.wait(timeout=30) == exit_code
    wait_until(lambda: not processes_of(folder), 10, "its processes to end")
    wait_until(lambda: not folder.exists(), 10, f"{folder} to be removed")


def processes_of(folder: Path) -> list[int]:
    """The pids of processes that have the folder in their command line."""
    listing = subprocess.run(
        ["ps", "-axww", "-o", "pid=", "-o", "command="], capture_output=True, text=True, check=True
    ).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if str(folder) in line]
