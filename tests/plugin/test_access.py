"""`access`: which AWSAccess a rollout uses and why not, by what a person's own rights let them see."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.control_plane.kubectl import wait_until_established
from sfn_rollouts.api import PLURAL
from sfn_rollouts.api.kinds import ACCESS, API_VERSION, ROLLOUT
from tests.conftest import CRDS
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import Plugin
from tests.plugin.rollouts import IN_FLIGHT, STATES, condition, give, status
from tests.plugin.test_start import HEAVY, imported_by

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
ROLE = "arn:aws:iam::123456789012:role/sfn-rollouts"

Write = Callable[..., str]


@pytest.fixture
def write(kubectl: Kubectl, crds_installed: None, namespace: str) -> Iterator[Write]:
    """Writes an AWSAccess for this test's namespace, and gives its name; none outlives the test."""
    written: list[str] = []

    def write_one(name: str, found: dict[str, Any] | None = None, **spec: Any) -> str:
        full_name = f"{name}-{namespace}"
        fields = {"namespaces": {"names": [namespace]}, "stateMachines": [ARN], "roleArn": ROLE, **spec}
        body = {"apiVersion": API_VERSION, "kind": ACCESS.name, "metadata": {"name": full_name}, "spec": fields}
        written.append(full_name)
        kubectl("create", "-f", "-", stdin=json.dumps(body))
        if found is not None:
            patch = ("--subresource=status", "--type=merge", "--patch", json.dumps({"status": found}))
            kubectl("patch", ACCESS.plural, full_name, *patch)
        return full_name

    yield write_one
    for name in written:
        kubectl("delete", ACCESS.plural, name, "--ignore-not-found")


@pytest.fixture
def person(control_plane: ControlPlane, kubectl: Kubectl, namespace: str) -> Callable[..., Path]:
    """Somebody who may read the rollouts of this namespace and what else is given; their kubeconfig."""

    def somebody(*further: str) -> Path:
        user = f"user-{secrets.token_hex(4)}"
        kubectl("create", "clusterrole", user, "--verb=get,list", "--resource=stepfunctionrollouts.sfnrollouts.dev")
        kubectl("create", "rolebinding", user, f"--clusterrole={user}", f"--user={user}", "-n", namespace)
        for resource in further:
            role = f"{user}-{resource.partition('.')[0]}"
            kubectl("create", "clusterrole", role, "--verb=get,list", f"--resource={resource}")
            kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", f"--user={user}")
        return control_plane.kubeconfig_for(user, namespace=namespace)

    return somebody


def page(plugin: Plugin, name: str, kubeconfig: Path | None = None) -> tuple[int, str]:
    """Exit code and page, so wide that nothing is folded."""
    result = plugin("access", name, kubeconfig=kubeconfig, environment={"COLUMNS": "400"})
    assert result.stderr == ""
    return result.returncode, result.stdout


READY = {
    "conditions": [condition("Ready", "False", "AccessDenied", "the role cannot be assumed")],
    "account": "123456789012",
}


def test_granted_it_shows_by_which_access_and_ends_well(
    plugin: Plugin, cluster: Cluster, namespace: str, write: Write
) -> None:
    give(cluster, namespace, "orders", STATES["moving"])
    name = write("production", READY, aliases=["live"])
    code, text = page(plugin, "orders")
    assert code == 0
    assert text.splitlines() == [
        f"orders in {namespace}   ✔ granted",
        f"{ARN}:live",
        "",
        f"AWSAccess {name} lets it move its alias",
        f"Access  {name} (role sfn-rollouts in account 123456789012)",
        "Ready   False ShiftInProgress: 10 % for 10 minutes",
        "",
        f"✔ AWSAccess {name}   account 123456789012   Ready False: AccessDenied",
        f"├── ✔ namespace      {namespace} is named",
        f"├── ✔ state machine  {ARN} names it",
        "├── ✔ alias          live is named",
        "└── ‖ Ready          the role cannot be assumed",
    ]


def test_not_granted_it_says_why_and_what_to_write(
    plugin: Plugin, cluster: Cluster, namespace: str, write: Write, kubectl: Kubectl, tmp_path: Path
) -> None:
    give(cluster, namespace, "orders", status("Failed", "AccessNotGranted", "no AWSAccess lets it"))
    name = write("preview", aliases=["preview"])
    code, text = page(plugin, "orders")
    assert code == 1
    above, _, manifest = text.partition(
        "\nWhat would grant it, for whoever writes AWSAccesses, with the name of a role for ROLE:\n"
    )
    assert above.startswith(f"orders in {namespace}   ✖ not granted\n")
    assert f"✖ AWSAccess {name}   not verified yet\n" in above
    assert "└── ✖ alias          live is not preview\n" in above
    file = tmp_path / "access.yaml"
    file.write_text(manifest)
    assert plugin.ok("lint", str(file)) == "0 rollouts and 1 access checked: 0 errors, 0 warnings\n"
    written = yaml.safe_load(manifest)
    assert written["spec"]["roleArn"] == "arn:aws:iam::123456789012:role/ROLE"
    assert json.loads(plugin("access", "orders", "-o", "json").stdout)["manifest"] == written
    kubectl("create", "-f", str(file))
    try:
        assert f"AWSAccess {namespace}-orders lets it move its alias\n" in page(plugin, "orders")[1]
    finally:
        kubectl("delete", ACCESS.plural, f"{namespace}-orders")


def test_two_that_match_are_both_named(plugin: Plugin, cluster: Cluster, namespace: str, write: Write) -> None:
    give(cluster, namespace, "orders", status("Failed", "AccessAmbiguous", "several match"))
    names = write("a"), write("b")
    code, text = page(plugin, "orders")
    assert code == 1
    assert f"{', '.join(names)} match, and exactly one must: narrow all but one\n" in text
    assert "apiVersion" not in text


def test_revoked_in_flight_it_shows_the_way_back(
    plugin: Plugin, cluster: Cluster, namespace: str, write: Write
) -> None:
    used = {"name": "gone", "roleArn": ROLE, "externalId": "x-1"}
    give(cluster, namespace, "orders", status("Progressing", "AccessNotGranted", access=used, **IN_FLIGHT))
    write("preview", aliases=["preview"])
    code, text = page(plugin, "orders")
    assert code == 1
    assert "✖ revoked in flight\n" in text
    assert "no further step; it can go back by AWSAccess gone\n" in text
    assert "Access  gone (role sfn-rollouts in account 123456789012)\n" in text
    assert f"  roleArn: {ROLE}\n  externalId: x-1\n" in text


def test_without_any_access_the_operator_acts_as_itself(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "orders", STATES["done"])
    code, text = page(plugin, "orders")
    assert code == 0
    assert f"orders in {namespace}   ‖ the operator's own identity\n" in text
    assert "Once there is one, each rollout of the cluster needs exactly one.\n" in text


def test_who_may_not_list_accesses_sees_what_the_rollout_says_and_no_more(
    plugin: Plugin, cluster: Cluster, namespace: str, write: Write, person: Callable[..., Path]
) -> None:
    other = write("secret", aliases=["preview"])
    used = {"name": "production", "roleArn": ROLE}
    give(cluster, namespace, "moving", status("Progressing", "ShiftInProgress", access=used, **IN_FLIGHT))
    give(cluster, namespace, "refused", status("Failed", "AccessNotGranted", "no AWSAccess lets it"))
    kubeconfig = person()
    code, granted = page(plugin, "moving", kubeconfig)
    assert code == 0
    assert "AWSAccess production lets it move its alias, as its own status says\n" in granted
    assert "AWSAccesses are not shown, and what follows is from the status alone: user user-" in granted
    code, refused = page(plugin, "refused", kubeconfig)
    assert code == 1
    assert "Ready   False AccessNotGranted: no AWSAccess lets it\n" in refused
    assert f"  name: {namespace}-refused\n" in refused
    assert other not in granted + refused
    shown = json.loads(plugin("access", "refused", "-o", "json", kubeconfig=kubeconfig).stdout)
    assert (shown["verdict"], shown["isByStatus"], shown["awsAccesses"]) == ("NotGranted", True, None)
    table = plugin("access", kubeconfig=kubeconfig)
    assert (table.returncode, [row.split()[5] for row in table.stdout.splitlines()[1:]]) == (
        0,
        ["Granted", "NotGranted"],
    )
    assert table.stderr.startswith("AWSAccesses are not shown")


def test_labels_are_read_where_a_selector_asks_for_them(
    plugin: Plugin, cluster: Cluster, namespace: str, write: Write, kubectl: Kubectl, person: Callable[..., Path]
) -> None:
    kubectl("label", "namespace", namespace, f"team={namespace}")
    give(cluster, namespace, "orders", status("Progressing", "ShiftInProgress", access={"name": "x"}, **IN_FLIGHT))
    write("by-label", namespaces={"selector": {"matchLabels": {"team": namespace}}})
    seeing, blind = person("awsaccesses.sfnrollouts.dev", "namespaces"), person("awsaccesses.sfnrollouts.dev")
    assert f"✔ namespace      {namespace} has the labels: team={namespace}\n" in page(plugin, "orders", seeing)[1]
    code, text = page(plugin, "orders", blind)
    assert code == 0
    assert "AWSAccess x lets it move its alias, as its own status says\n" in text
    assert "‖ namespace " in text
    assert "What a selector of labels says cannot be determined: user user-" in text


def test_the_table_has_each_rollout_and_the_nearest_miss(
    plugin: Plugin, cluster: Cluster, namespace: str, write: Write, kubectl: Kubectl
) -> None:
    elsewhere = cluster.create_namespace(f"{namespace}-b")
    kubectl("label", "namespace", namespace, elsewhere, f"team={namespace}")
    name = write("production", aliases=["live"], namespaces={"selector": {"matchLabels": {"team": namespace}}})
    give(cluster, namespace, "orders", STATES["moving"])
    give(cluster, namespace, "preview", alias="preview")
    give(cluster, elsewhere, "orders")
    heading, *rows = (line.split(maxsplit=6) for line in plugin.ok("access").splitlines())
    assert heading == ["NAMESPACE", "NAME", "ACCESS", "ACCOUNT", "ROLE", "STATE", "REASON"]
    assert rows == [
        [namespace, "orders", name, "123456789012", "sfn-rollouts", "Granted", "-"],
        [namespace, "preview", "-", "-", "-", "NotGranted", f"{name}: preview is not live"],
    ]
    everywhere = [line.split(maxsplit=6) for line in plugin.ok("access", "-A").splitlines()]
    assert [elsewhere, "orders", name, "123456789012", "sfn-rollouts", "Granted", "-"] in everywhere
    listed = json.loads(plugin.ok("access", "-o", "json"))
    assert [each["verdict"] for each in listed] == ["Granted", "NotGranted"]
    assert yaml.safe_load(plugin.ok("access", "-o", "yaml")) == listed


def test_where_there_is_nothing_it_says_so(plugin: Plugin) -> None:
    result = plugin("access")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "No rollouts.\n")


def test_one_name_and_all_namespaces_exclude_each_other(plugin: Plugin) -> None:
    assert plugin.error("access", "x", "-A").startswith("error: --all-namespaces is for the table, without NAME\n")


@pytest.fixture
def older_cluster(todays_clock: None) -> Iterator[ControlPlane]:
    """One with the CRD of rollouts alone, as an older release leaves it."""
    with ControlPlane() as running:
        kubectl = running.as_admin()
        kubectl("create", "namespace", "shop")
        kubectl("create", "-f", str(CRDS / f"{PLURAL}.yaml"))
        wait_until_established(kubectl, "crd", ROLLOUT.crd_name)
        yield running


def test_a_cluster_that_knows_no_awsaccess_has_none(older_cluster: ControlPlane, plugin: Plugin) -> None:
    kubeconfig = older_cluster.kubeconfig_for("admin", groups=("system:masters",), namespace="shop")
    with Cluster(kubeconfig) as cluster:
        give(cluster, "shop", "orders", STATES["done"])
    code, text = page(plugin, "orders", kubeconfig)
    assert code == 0
    assert text.startswith("orders in shop   ‖ the operator's own identity\n")
    assert "This cluster has no AWSAccess: their CRD is not installed.\n" in text


def test_its_help_imports_nothing_heavy(plugin: Plugin) -> None:
    assert imported_by(plugin, "access", "--help") & set(HEAVY) == set()
