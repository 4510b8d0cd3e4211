"""The API server as stories need it: rollouts read, applied, edited, commanded and deleted, Events read; AWSAccesses
and namespaces likewise."""

from pathlib import Path
from typing import Any, Self

from kubernetes.client import ApiException, CoordinationV1Api, CoreV1Api, CustomObjectsApi
from kubernetes.config import new_client_from_config

from sfn_rollouts.api import GROUP, KIND, PLURAL, VERSION
from sfn_rollouts.api.access import ACCESS_KIND, ACCESS_PLURAL

COMMAND = f"{GROUP}/command"
_KIND = {"group": GROUP, "version": VERSION, "plural": PLURAL}
_ACCESS = {"group": GROUP, "version": VERSION, "plural": ACCESS_PLURAL}
OF_WHAT_HAS_NO_NAMESPACE = "default"
"""Where Events about cluster-scoped resources are
(https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/)."""

Resource = dict[str, Any]


class Cluster:
    """As an administrator; raises what the official client raises. Use as a context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = new_client_from_config(config_file=str(kubeconfig))
        self._rollouts = CustomObjectsApi(self._client)
        self._core = CoreV1Api(self._client)
        self._leases = CoordinationV1Api(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()
        self._client.rest_client.pool_manager.clear()

    def create(self, namespace: str, name: str, spec: Resource, annotations: dict[str, str] | None = None) -> Resource:
        """Create a rollout."""
        metadata = {"name": name} | ({"annotations": annotations} if annotations else {})
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": metadata, "spec": spec}
        return self._rollouts.create_namespaced_custom_object(namespace=namespace, body=body, **_KIND)

    def get(self, namespace: str, name: str) -> Resource | None:
        """The rollout as stored, None once it is gone."""
        try:
            return self._rollouts.get_namespaced_custom_object(namespace=namespace, name=name, **_KIND)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def patch(self, namespace: str, name: str, body: Resource) -> Resource:
        """Merge into the rollout, as an editor does."""
        return self._rollouts.patch_namespaced_custom_object(namespace=namespace, name=name, body=body, **_KIND)

    def write_status(self, namespace: str, name: str, status: Resource | None) -> None:
        """Merge into the status, as nobody but the operator should; None leaves nothing of it, as a restore does."""
        self._rollouts.patch_namespaced_custom_object_status(
            namespace=namespace, name=name, body={"status": status}, **_KIND
        )

    def try_status(self, namespace: str, name: str, status: Resource) -> None:
        """Ask whether such a status would be taken; nothing is stored."""
        self._rollouts.patch_namespaced_custom_object_status(
            namespace=namespace, name=name, body={"status": status}, dry_run="All", **_KIND
        )

    def delete(self, namespace: str, name: str) -> None:
        """Ask for its deletion; a finalizer may hold it."""
        self._rollouts.delete_namespaced_custom_object(namespace=namespace, name=name, **_KIND)

    def create_namespace(self, name: str) -> str:
        """A further namespace. Its name."""
        self._core.create_namespace({"metadata": {"name": name}})
        return name

    def label_namespace(self, name: str, **labels: str | None) -> None:
        """Set labels; None takes one away."""
        self._core.patch_namespace(name, {"metadata": {"labels": labels}})

    def create_access(self, name: str, spec: Resource) -> None:
        """Create an AWSAccess."""
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": ACCESS_KIND, "metadata": {"name": name}, "spec": spec}
        self._rollouts.create_cluster_custom_object(body=body, **_ACCESS)

    def access(self, name: str) -> Resource:
        """The AWSAccess as stored."""
        found: Resource = self._rollouts.get_cluster_custom_object(name=name, **_ACCESS)
        return found

    def edit_access(self, name: str, **fields: Any) -> None:
        """Merge into its spec."""
        self._rollouts.patch_cluster_custom_object(name=name, body={"spec": fields}, **_ACCESS)

    def delete_access(self, name: str) -> None:
        """Take it away."""
        self._rollouts.delete_cluster_custom_object(name=name, **_ACCESS)

    def delete_all_accesses(self) -> None:
        """Take away whatever a test has left: while there is one, nothing goes on without."""
        self._rollouts.delete_collection_cluster_custom_object(**_ACCESS)

    def lease(self, namespace: str, name: str) -> tuple[str, int]:
        """(holder, how often it changed hands) of a Lease; no holder while there is none, or nobody has it."""
        try:
            spec = self._leases.read_namespaced_lease(name, namespace).spec
        except ApiException as error:
            if error.status == 404:
                return "", 0
            raise
        return spec.holder_identity or "", spec.lease_transitions or 0

    def delete_lease(self, namespace: str, name: str) -> None:
        """Take it away, if it is there."""
        try:
            self._leases.delete_namespaced_lease(name, namespace)
        except ApiException as error:
            if error.status != 404:
                raise

    def events(self, namespace: str, name: str) -> list[tuple[str, str, str]]:
        """(type, reason, message) of the rollout's Events, oldest first."""
        listed = self._core.list_namespaced_event(namespace, field_selector=f"involvedObject.name={name}").items
        ordered = sorted(listed, key=lambda event: int(event.metadata.resource_version))
        return [(event.type, event.reason, event.message) for event in ordered]
