"""The store against a real API server, with the rights that the shipped manifests give."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from devenv.control_plane import ControlPlane, Kubectl
from sfn_rollouts.api import FINALIZER
from sfn_rollouts.errors import Conflict, Denied, Gone, Rejected, Transient
from sfn_rollouts.kube.connection import Connection, connect
from sfn_rollouts.kube.store import KubeStore
from sfn_rollouts.ports import Key, Report
from tests.api.accesses import access
from tests.kube.conftest import Apply

IN_FLIGHT = {
    "observedGeneration": 1,
    "phase": "Progressing",
    "step": "1/2",
    "intent": {"weight": 10, "stepIndex": 0, "at": "2026-01-01T00:00:00Z"},
    "alias": {"routing": [{"version": 1, "weight": 100}], "updateDate": "2026-01-01T00:00:00Z"},
    "alarms": [{"name": "failures", "state": "OK"}],
}
FINISHED = {
    "observedGeneration": 1,
    "phase": "Succeeded",
    "alias": {"routing": [{"version": 2, "weight": 100}]},
    "alarms": [],
}


def report(store: KubeStore, key: Key, status: object = None, finalizer: bool | None = None) -> Report:
    """A report upon the resource as it is now."""
    metadata = store.get(key)["metadata"]
    return Report(key, metadata["uid"], metadata["resourceVersion"], status, finalizer)  # type: ignore[arg-type]


def test_a_status_is_replaced_in_every_field(store: KubeStore, apply: Apply) -> None:
    key = apply()
    store.report(report(store, key, IN_FLIGHT))

    stored = store.report(report(store, key, FINISHED))

    assert stored is not None
    assert stored["status"] == FINISHED == store.get(key)["status"]


def test_a_status_upon_an_older_version_is_a_conflict(store: KubeStore, apply: Apply) -> None:
    key = apply()
    outdated = report(store, key, FINISHED)
    store.report(report(store, key, IN_FLIGHT))

    with pytest.raises(Conflict):
        store.report(outdated)
    assert store.get(key)["status"] == IN_FLIGHT


def test_finalizer_and_status_come_with_one_report(store: KubeStore, apply: Apply) -> None:
    key = apply(finalizers=["example.com/other"])

    stored = store.report(report(store, key, IN_FLIGHT, finalizer=True))

    assert stored is not None
    assert stored["metadata"]["finalizers"] == ["example.com/other", FINALIZER]
    assert stored["status"]["phase"] == "Progressing"
    again = store.report(report(store, key, finalizer=True))
    assert again is not None
    assert again["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"], "nothing was written"


def test_only_our_finalizer_is_taken_away(store: KubeStore, apply: Apply) -> None:
    key = apply(finalizers=["example.com/other", FINALIZER])

    stored = store.report(report(store, key, finalizer=False))

    assert stored is not None
    assert stored["metadata"]["finalizers"] == ["example.com/other"]


def test_a_finalizer_upon_an_older_version_is_a_conflict(store: KubeStore, apply: Apply) -> None:
    key = apply()
    outdated = report(store, key, finalizer=True)
    store.report(report(store, key, IN_FLIGHT))

    with pytest.raises(Conflict):
        store.report(outdated)


@pytest.mark.parametrize("status", [None, FINISHED])
def test_a_deleted_resource_goes_with_its_finalizer(
    store: KubeStore, apply: Apply, kubectl: Kubectl, status: object
) -> None:
    key = apply(finalizers=[FINALIZER])
    kubectl("delete", "sfnr", key.name, "-n", key.namespace, "--wait=false")

    assert store.report(report(store, key, status, finalizer=False)) is None
    with pytest.raises(Gone):
        store.get(key)


def test_a_report_upon_what_is_gone_is_none(store: KubeStore, apply: Apply, kubectl: Kubectl) -> None:
    key = apply()
    late = report(store, key, FINISHED)
    kubectl("delete", "sfnr", key.name, "-n", key.namespace)

    assert store.report(late) is None


def test_a_report_upon_a_namesake_is_a_conflict(store: KubeStore, apply: Apply, kubectl: Kubectl) -> None:
    key = apply()
    late = report(store, key, FINISHED, finalizer=True)
    kubectl("delete", "sfnr", key.name, "-n", key.namespace)
    apply()

    with pytest.raises(Conflict):
        store.report(late)


def test_a_status_that_the_schema_refuses_is_rejected(store: KubeStore, apply: Apply) -> None:
    key = apply()

    with pytest.raises(Rejected, match=r"status\.weight") as refused:
        store.report(report(store, key, {"observedGeneration": 1, "weight": 101}))
    assert type(refused.value) is Rejected


def test_the_list_is_read_to_its_last_page(connection: Connection, kubectl: Kubectl, apply: Apply) -> None:
    keys = [apply(f"orders-{number}") for number in range(3)]

    listed = KubeStore(connection, [keys[0].namespace], page=2).list()

    assert sorted(each["metadata"]["name"] for each in listed) == [key.name for key in keys]
    assert all(each["kind"] == "StepFunctionRollout" for each in listed)


def test_all_namespaces_are_listed_by_default(connection: Connection, apply: Apply) -> None:
    key = apply()

    listed = KubeStore(connection).list()

    assert str(key) in {f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in listed}


def test_writes_bear_our_name(store: KubeStore, apply: Apply, kubectl: Kubectl) -> None:
    key = apply()
    store.report(report(store, key, IN_FLIGHT, finalizer=True))

    shown = kubectl("get", "sfnr", key.name, "-n", key.namespace, "-o", "json", "--show-managed-fields").stdout
    managers = {entry["manager"] for entry in json.loads(shown)["metadata"]["managedFields"]}

    assert managers == {"kubectl-client-side-apply", "sfn-rollouts"}


def test_a_stranger_reads_what_to_grant(control_plane: ControlPlane, crds_installed: None) -> None:
    with (
        closing(connect(str(control_plane.kubeconfig_for("stranger")))) as stranger,
        pytest.raises(Denied, match="grant the operator the verb list on stepfunctionrollouts"),
    ):
        KubeStore(stranger).list()


def test_an_api_server_that_is_away_is_a_passing_trouble(
    store: KubeStore, apply: Apply, control_plane: ControlPlane
) -> None:
    key = apply()
    control_plane.proxy.refuse()
    control_plane.proxy.cut()
    try:
        with pytest.raises(Transient, match="no answer from"):
            store.get(key)
    finally:
        control_plane.proxy.accept()
    assert store.get(key)["metadata"]["name"] == key.name


@pytest.fixture
def granted(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """Name of an AWSAccess of the test's own."""
    kubectl("apply", "-f", "-", stdin=json.dumps(access(namespace)))
    yield namespace
    kubectl("delete", "awsaccess", namespace, "--ignore-not-found")


def found(store: KubeStore, name: str) -> dict[str, Any]:
    [one] = [each for each in store.list_accesses() if each["metadata"]["name"] == name]
    return dict(one)


IN_USE = {
    "observedGeneration": 1,
    "account": "222222222222",
    "rollouts": 12,
    "lastVerifiedAt": "2026-01-01T00:00:00Z",
    "conditions": [],
}


def test_accesses_and_namespaces_are_those_of_the_whole_cluster(
    connection: Connection, kubectl: Kubectl, granted: str
) -> None:
    """Whatever the scope, and in pages."""
    kubectl("label", "namespace", granted, "team=payments")
    store = KubeStore(connection, ["default"], page=1)

    assert found(store, granted)["spec"]["namespaces"] == {"names": ["payments"]}
    labels = {each["metadata"]["name"]: each["metadata"].get("labels", {}) for each in store.list_namespaces()}
    assert labels[granted]["team"] == "payments"
    assert {"default", "kube-system"} <= labels.keys()


def test_the_status_of_an_access_is_replaced_in_every_field(store: KubeStore, granted: str) -> None:
    metadata = found(store, granted)["metadata"]
    first = store.report_access(granted, metadata["uid"], metadata["resourceVersion"], IN_USE)
    assert first is not None
    assert first["status"] == IN_USE

    refused = {"observedGeneration": 1, "rollouts": 0, "conditions": []}
    store.report_access(granted, metadata["uid"], first["metadata"]["resourceVersion"], refused)

    assert found(store, granted)["status"] == refused


def test_the_status_of_an_access_upon_an_older_version_is_a_conflict(store: KubeStore, granted: str) -> None:
    metadata = found(store, granted)["metadata"]
    store.report_access(granted, metadata["uid"], metadata["resourceVersion"], IN_USE)

    with pytest.raises(Conflict):
        store.report_access(granted, metadata["uid"], metadata["resourceVersion"], {**IN_USE, "rollouts": 13})
    assert found(store, granted)["status"] == IN_USE


def test_the_status_of_an_access_is_not_written_into_its_successor(
    store: KubeStore, kubectl: Kubectl, granted: str
) -> None:
    metadata = found(store, granted)["metadata"]
    kubectl("delete", "awsaccess", granted)
    assert store.report_access(granted, metadata["uid"], metadata["resourceVersion"], IN_USE) is None, "it is gone"
    kubectl("apply", "-f", "-", stdin=json.dumps(access(granted)))

    with pytest.raises(Conflict):
        store.report_access(granted, metadata["uid"], metadata["resourceVersion"], IN_USE)
    assert found(store, granted)["status"] == {"observedGeneration": -1}
