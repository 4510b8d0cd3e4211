"""Whatever stands between a user and the cluster is named, with its remedy; where that is a command, it works."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.control_plane import ControlPlane, Kubectl
from sfn_rollouts.plugin.problems import ForbiddenError, UnreachableError, problem_from
from sfn_rollouts.printable import one_line
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import PLUGIN_FOLDER, Plugin
from tests.plugin.rollouts import STATES, give

VERBS_ON_ONE = (
    ("status", "x"),
    ("access", "x"),
    ("history", "x"),
    ("promote", "x"),
    ("set-version", "x", "43"),
    ("undo", "x"),
)


@pytest.mark.parametrize("verb", [("list",), *VERBS_ON_ONE], ids=lambda verb: verb[0])
def test_no_cluster(plugin: Plugin, verb: tuple[str, ...]) -> None:
    complaint = plugin.error(*verb, "--server", "https://127.0.0.1:1")
    assert complaint == (
        "error: no cluster answers: The connection to the server 127.0.0.1:1 was refused\n"
        "kubectl cluster-info must work; is it the right --context?\n"
    )


def test_no_kubeconfig(plugin: Plugin, tmp_path: Path) -> None:
    nothing = {"KUBECONFIG": os.devnull, "HOME": str(tmp_path)}
    assert plugin.error("list", environment=nothing) == (
        "error: no cluster is configured\n"
        "Set KUBECONFIG or --kubeconfig; kubectl config get-contexts shows what is there.\n"
    )


def test_a_context_that_is_not_there(plugin: Plugin) -> None:
    assert plugin.error("list", "--context", "nope") == (
        'error: the kubeconfig does not fit: context "nope" does not exist\n'
        "kubectl config get-contexts shows what is there.\n"
    )


def test_no_kubectl(plugin: Plugin) -> None:
    """Called by its own name, as a script may."""
    result = plugin.run([str(PLUGIN_FOLDER / "kubectl-sfnrollout"), "list"], {"PATH": "/nonexistent"})
    assert (result.returncode, result.stderr.splitlines()[0]) == (1, "error: kubectl was not found on PATH")


@pytest.fixture(scope="module")
def bare_cluster(todays_clock: None) -> Iterator[ControlPlane]:
    """One without the CRD."""
    with ControlPlane() as running:
        yield running


def test_no_crd(bare_cluster: ControlPlane, plugin: Plugin) -> None:
    expected = (
        "error: this cluster knows no StepFunctionRollouts: the CRD is not installed\n"
        "Is it the right --context? Else install sfn-rollouts: its chart, or kubectl apply --server-side -f crds/\n"
    )
    for verb in (("list",), *VERBS_ON_ONE):
        assert plugin.error(*verb, kubeconfig=bare_cluster.admin_kubeconfig) == expected
    reported = plugin.ok("version", kubeconfig=bare_cluster.admin_kubeconfig)
    assert reported.count("crd         unknown  (not installed") == 1
    assert reported.count("access crd  unknown  (not installed") == 1


def test_an_unknown_name_with_the_nearest_one(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "order-processor")
    assert plugin.error("status", "order-procesor") == (
        "error: there is no rollout order-procesor\nDid you mean order-processor?\n"
    )


def test_an_unknown_name_that_is_in_another_namespace(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    elsewhere = cluster.create_namespace(f"{namespace}-b")
    give(cluster, elsewhere, f"billing-{namespace}")
    assert plugin.error("pause", f"billing-{namespace}") == (
        f"error: there is no rollout billing-{namespace} in this namespace\n"
        f"Did you mean billing-{namespace} --namespace {elsewhere}?\n"
    )


@pytest.mark.parametrize(
    ("verb", "needed", "expected"),
    [
        pytest.param(("list",), (), "may not list stepfunctionrollouts in all namespaces", id="list"),
        pytest.param(("status", "x"), (), "may not get stepfunctionrollouts in namespace {}", id="get"),
        pytest.param(("abort", "x"), ("get",), "may not patch stepfunctionrollouts in namespace {}", id="patch"),
        pytest.param(
            ("set-version", "x", "43"), ("get",), "may not patch stepfunctionrollouts in namespace {}", id="spec"
        ),
    ],
)
def test_no_permission_with_what_an_administrator_does(
    control_plane: ControlPlane,
    plugin: Plugin,
    cluster: Cluster,
    kubectl: Kubectl,
    namespace: str,
    verb: tuple[str, ...],
    needed: tuple[str, ...],
    expected: str,
) -> None:
    """Its own commands, run by an administrator, are enough to come one right further."""
    give(cluster, namespace, "x", STATES["done"])
    user = f"{verb[0]}-{namespace}"
    kubeconfig = control_plane.kubeconfig_for(user, namespace=namespace)
    for right in needed:
        kubectl(
            "create",
            "role",
            user,
            f"--verb={right}",
            "--resource=stepfunctionrollouts.sfnrollouts.dev",
            "-n",
            namespace,
        )
        kubectl("create", "rolebinding", user, f"--role={user}", f"--user={user}", "-n", namespace)

    complaint = plugin.error(*verb, kubeconfig=kubeconfig)
    assert complaint.startswith(f"error: user {user} {expected.format(namespace)}\n")

    for line in complaint.splitlines():
        if line.startswith("  kubectl "):
            kubectl(*shlex.split(line)[1:], check="binding" in line)  # the role may be there already
    after = (
        plugin(*verb, "--timeout", "1s", kubeconfig=kubeconfig)
        if verb[0] == "abort"
        else plugin(*verb, kubeconfig=kubeconfig)
    )
    assert expected.format(namespace) not in after.stderr


@pytest.mark.parametrize(
    "user", ["$(touch PWN)", "x; touch PWN #", "a'b", "Ann Lee", "-A", "a\nb", "\x1b[2J", "`id`", "ü"]
)
def test_a_user_is_one_word_of_the_commands_for_an_administrator(user: str) -> None:
    """An identity provider names users; somebody else pastes the command."""
    problem = problem_from(
        f'Error from server (Forbidden): stepfunctionrollouts.sfnrollouts.dev is forbidden: User "{user}" cannot list '
        'resource "stepfunctionrollouts" in API group "sfnrollouts.dev" in the namespace "a"\n'
    )
    reported = problem.format_message().splitlines()
    assert all(line.isprintable() for line in reported)
    role, binding = (shlex.split(line) for line in reported[-2:])
    assert role[:4] == ["kubectl", "create", "clusterrole", "list-stepfunctionrollouts"]
    assert binding[:3] == ["kubectl", "create", "rolebinding"]
    assert re.fullmatch("[a-z0-9]([-a-z0-9.]*[a-z0-9])?", binding[3])
    assert binding[4:] == ["--clusterrole=list-stepfunctionrollouts", f"--user={one_line(user)}", "--namespace=a"]


def test_what_kubectl_says_on_further_lines_passes_for_nothing_else() -> None:
    problem = problem_from('The StepFunctionRollout "x" is invalid: \n::error::pwned\nerror: \x1b[2J##[error]\n')
    assert problem.format_message().splitlines() == [
        'The StepFunctionRollout "x" is invalid: ',
        "  : :error::pwned",
        "  error:  [2J# #[error]",
    ]


def test_an_admission_policy_speaks_for_itself() -> None:
    problem = problem_from(
        'Error from server (Forbidden): stepfunctionrollouts.sfnrollouts.dev "x" is forbidden: '
        "ValidatingAdmissionPolicy 'commands' with binding 'commands' denied request: you may not promote\n"
    )
    assert isinstance(problem, ForbiddenError)
    assert problem.message.endswith("denied request: you may not promote")


@pytest.mark.parametrize(
    "stderr",
    [
        "error: unexpected EOF\n",
        "Unable to connect to the server: net/http: TLS handshake timeout\n",
        "Error from server (ServiceUnavailable): the server is currently unable to handle the request\n",
        "error: stream error: stream ID 1; INTERNAL_ERROR; received from peer\n",
        "error: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer\n",
        'E1121 15:33:33.864945   20955 memcache.go:265] "Unhandled Error"\nUnable to connect to the server: EOF\n',
    ],
)
def test_lost_connections_are_known_as_such(stderr: str) -> None:
    problem = problem_from(stderr)
    assert isinstance(problem, UnreachableError)
    assert "memcache" not in problem.message


def test_a_verb_that_is_not_there_with_the_nearest_one(plugin: Plugin) -> None:
    assert plugin.error("promot", "x") == (
        "error: there is no verb 'promot'; did you mean promote?\nSee kubectl sfnrollout --help\n"
    )


def test_wrong_flags_end_with_1_as_with_kubectl(plugin: Plugin) -> None:
    """2 is what `status` promises to pipelines: a typing error must not look like a timeout."""
    assert "No such option" in plugin.error("status", "x", "--wach")
    assert "is not a duration: write a number with a unit, like 30s, 10m or 1h30m" in plugin.error(
        "status", "x", "--watch", "--timeout", "30"
    )


def test_what_a_credential_plugin_says_reaches_the_person_at_once(
    plugin: Plugin, tmp_path: Path, kubectl: Kubectl
) -> None:
    """A login that waits for a person must show them its code."""
    script = tmp_path / "bin" / "login"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho 'open https://device.example and enter ABC' >&2\nexit 3\n")
    script.chmod(0o755)
    kubeconfig = tmp_path / "kubeconfig.yaml"
    kubeconfig.write_text(kubectl.kubeconfig.read_text())
    exec_flags = (f"--exec-command={script}", "--exec-api-version=client.authentication.k8s.io/v1")
    kubectl("config", "set-credentials", "person", *exec_flags, "--exec-interactive-mode=Never", kubeconfig=kubeconfig)
    complaint = plugin.error("list", "--user", "person", kubeconfig=kubeconfig)
    assert "open https://device.example and enter ABC\n" in complaint
    assert complaint.splitlines()[1:] == [
        f"error: logging in to the cluster failed: exec: executable {script} failed with exit code 3",
        "The kubeconfig names the program that logs in; its own message is above.",
    ]
