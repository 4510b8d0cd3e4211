"""The Lease on a real API server: what two candidates see of each other, and where the lease is looked for."""

from pathlib import Path

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.engine.candidate import Candidate, Terms
from sfn_rollouts.errors import Conflict
from sfn_rollouts.kube.connection import Connection, connect, namespace_of
from sfn_rollouts.kube.lease import LeaseStore
from sfn_rollouts.kube.permissions import LEASE, LEASE_RIGHTS, missing_rights

HOME = "sfn-rollouts"


@pytest.fixture
def leases(connection: Connection, kubectl: Kubectl) -> LeaseStore:
    """The shipped lease, with the shipped rights; nobody holds it."""
    kubectl("delete", "lease", LEASE, "-n", HOME, "--ignore-not-found")
    return LeaseStore(connection, HOME, LEASE)


def test_of_two_candidates_one_leads_and_hands_over(leases: LeaseStore, kubectl: Kubectl) -> None:
    first, second = (Candidate(name, leases, SteadyClock(), Terms()) for name in ("a", "b"))

    assert (first.bid(), second.bid(), first.bid()) == (True, False, True)
    first.release()
    assert second.bid()

    spec = yaml.safe_load(kubectl("get", "lease", LEASE, "-n", HOME, "-o", "yaml").stdout)["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("b", 15, 1)


def test_a_write_over_a_lease_that_has_changed_is_a_conflict(leases: LeaseStore) -> None:
    read = leases.create("a", 15)
    leases.write(read, "a", 15)

    with pytest.raises(Conflict):
        leases.write(read, "b", 15)
    with pytest.raises(Conflict):
        leases.create("b", 15)


def test_there_may_be_none(leases: LeaseStore) -> None:
    assert leases.read() is None


def test_the_shipped_rights_suffice_in_the_operators_own_namespace_and_nowhere_else(connection: Connection) -> None:
    assert missing_rights(connection, [HOME], LEASE_RIGHTS) == []
    assert [right for right, _ in missing_rights(connection, ["default"], LEASE_RIGHTS)] == list(LEASE_RIGHTS)


def test_without_more_the_lease_is_where_the_kubeconfig_is_at_home(control_plane: ControlPlane, tmp_path: Path) -> None:
    kubeconfig = str(control_plane.kubeconfig_for("ann", namespace="shop"))
    context = yaml.safe_load(Path(kubeconfig).read_text())["current-context"]

    assert namespace_of(kubeconfig, None, {}) == "shop"
    assert namespace_of(kubeconfig, context, {}) == "shop"
    assert namespace_of(kubeconfig, "no such context", {}) == "shop"
    assert namespace_of(str(tmp_path / "none"), None, {}) == "default"
    assert namespace_of(kubeconfig, None, {"POD_NAMESPACE": "operators"}) == "operators"


def test_a_kubeconfig_without_a_namespace_means_default(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = yaml.safe_load(control_plane.admin_kubeconfig.read_text())
    for context in config["contexts"]:
        context["context"].pop("namespace", None)
    bare = tmp_path / "kubeconfig"
    bare.write_text(yaml.safe_dump(config))

    assert namespace_of(str(bare), None, {}) == "default"
    connect(str(bare)).close()
