"""What a Deployment asks for, as the node reads it: pure, from the API server's objects."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
LABEL = "app.kubernetes.io/name=sfn-rollouts"
_ENTRY_POINT = (sys.executable, "-m", "sfn_rollouts")  # as in the Dockerfile, with the interpreter that is here


@dataclass(frozen=True)
class Workload:
    """One Deployment in one of its shapes: a change of the pod template is another workload of the same Deployment."""

    deployment: Manifest

    @property
    def namespace(self) -> str:
        """Where it is."""
        return str(self.deployment["metadata"]["namespace"])

    @property
    def replicas(self) -> int:
        """How many pods are wanted."""
        return int(self.deployment["spec"].get("replicas", 1))

    @property
    def template(self) -> Manifest:
        """The pod template."""
        return dict(self.deployment["spec"]["template"])

    @property
    def hash(self) -> str:
        """Ten characters that identify a pod template."""
        return hashlib.sha256(json.dumps(self.template, sort_keys=True).encode()).hexdigest()[:10]

    @property
    def replica_set_name(self) -> str:
        """As the Deployment controller would call it."""
        return f"{self.deployment['metadata']['name']}-{self.hash}"

    @property
    def key(self) -> tuple[str, str]:
        """Identifies a workload among all Deployments; a Deployment that is created again is another one."""
        return str(self.deployment["metadata"]["uid"]), self.hash

    def replica_set(self) -> Manifest:
        """The ReplicaSet: Helm's --wait looks for one with the Deployment's template."""
        return {
            "metadata": {**self._metadata(self.replica_set_name), "ownerReferences": [self._owner()]},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": self._labels()},
                "template": {**self.template, "metadata": self._metadata(None)},
            },
        }

    def pod(self, suffix: str, replica_set_uid: str) -> Manifest:
        """One Pod on the node `playground`."""
        owner = _owner("ReplicaSet", self.replica_set_name, replica_set_uid)
        return {
            "metadata": {**self._metadata(f"{self.replica_set_name}-{suffix}"), "ownerReferences": [owner]},
            "spec": {**self.template["spec"], "nodeName": "playground"},
        }

    def command(self, health_port: int) -> list[str]:
        """The container's command line. All pods are on one host here, so each gets a health port of its own."""
        container = self.template["spec"]["containers"][0]
        return [*_ENTRY_POINT, *container.get("args", ()), "--health-port", str(health_port)]

    def environment(self) -> dict[str, str]:
        """The container's variables: literal ones, and the pod's namespace."""
        listed = self.template["spec"]["containers"][0].get("env", ())
        return {each["name"]: each["value"] if "value" in each else self._field(each) for each in listed}

    @property
    def service_account(self) -> str:
        """Who the pod is."""
        return str(self.template["spec"].get("serviceAccountName", "default"))

    def _field(self, variable: Mapping[str, Any]) -> str:
        path = variable["valueFrom"]["fieldRef"]["fieldPath"]
        if path != "metadata.namespace":
            raise ValueError(f"env {variable['name']}: this node knows metadata.namespace, not {path}")
        return self.namespace

    def _labels(self) -> dict[str, str]:
        return {**self.template["metadata"].get("labels", {}), "pod-template-hash": self.hash}

    def _metadata(self, name: str | None) -> Manifest:
        annotations = self.template["metadata"].get("annotations", {})
        return {**({"name": name} if name else {}), "labels": self._labels(), "annotations": annotations}

    def _owner(self) -> Manifest:
        metadata = self.deployment["metadata"]
        return _owner("Deployment", metadata["name"], metadata["uid"])


def _owner(kind: str, name: str, uid: str) -> Manifest:
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}
