"""The Lease on a real API server: what two candidates see of each other, and where the lease is looked for."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.errors import Conflict
from sfn_rollouts.kube.connection import Connection, connect, namespace_of
from sfn_rollouts.kube.lease import LeaseStore
from sfn_rollouts.kube.permissions import LEASE, LEASE_RIGHTS, missing_rights
from sfn_rollouts.leading.candidate import Candidate, LeaseDurations
from tests.engine.fake_clock import FakeClock

HOME = "sfn-rollouts"


@pytest.fixture
def leases(connection: Connection, kubectl: Kubectl) -> LeaseStore:
    """The shipped lease, with the shipped rights; nobody holds it."""
    kubectl("delete", "lease", LEASE, "-n", HOME, "--ignore-not-found")
    return LeaseStore(connection, HOME, LEASE)


def test_of_two_candidates_one_leads_and_hands_over(leases: LeaseStore, kubectl: Kubectl) -> None:
    first, second = (Candidate(name, leases, SteadyClock(), LeaseDurations()) for name in ("a", "b"))

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


ODD_SPECS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "the last number of transitions": {"leaseTransitions": 2**31 - 1},
    "the longest duration and nobody": {"leaseDurationSeconds": 2**31 - 1, "holderIdentity": ""},
    "the far future": {"renewTime": "9999-12-31T23:59:59.999999Z", "acquireTime": "9999-12-31T23:59:59.999999Z"},
}


@pytest.mark.parametrize("spec", ODD_SPECS.values(), ids=ODD_SPECS)
def test_an_odd_lease_without_a_holder_is_taken(leases: LeaseStore, kubectl: Kubectl, spec: dict[str, Any]) -> None:
    """The API server refuses a whole write over one number that does not fit, so none may be counted up blindly."""
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(stored(spec)))

    assert Candidate("a", leases, SteadyClock(), LeaseDurations()).bid()
    read = leases.read()
    assert read is not None
    assert (read.holder, read.duration_s) == ("a", 15)
    assert 0 <= read.transitions <= 1


def test_an_odd_lease_of_somebody_else_is_taken_when_it_has_not_been_renewed(
    leases: LeaseStore, kubectl: Kubectl
) -> None:
    spec = {"holderIdentity": "ghost", "leaseDurationSeconds": 2**31 - 1, "leaseTransitions": 2**31 - 1,
            "renewTime": "9999-12-31T23:59:59.999999Z"}  # fmt: skip
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(stored(spec)))
    clock = FakeClock()
    candidate = Candidate("a", leases, clock, LeaseDurations())

    assert not candidate.bid()
    clock.advance(LeaseDurations().longest_s)
    assert candidate.bid()
    read = leases.read()
    assert read is not None
    assert (read.holder, read.duration_s, read.transitions) == ("a", 15, 0)


def stored(spec: dict[str, Any]) -> dict[str, Any]:
    """The shipped lease with this spec."""
    metadata = {"name": LEASE, "namespace": HOME}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


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
