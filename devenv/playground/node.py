"""The stand-in for the Deployment controller and the kubelet: our Deployments become processes on this machine.

It knows what an operator's Deployment needs and no more: no image is pulled, no volume mounted, no limit enforced.
"""

import os
import secrets
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kubernetes.client import ApiException, AppsV1Api, CoreV1Api
from kubernetes.config import new_client_from_config

from devenv.control_plane import ControlPlane
from devenv.control_plane.ports import free_ports
from devenv.control_plane.probe import answers_ok
from devenv.control_plane.server_process import Lifeline, NotReadyError, ServerProcess
from devenv.playground.workload import LABEL, Manifest, Workload

_LOOK_EVERY_S = 0.5
_GRACE_S = 15.0


@dataclass
class RunningPod:
    """A Pod and the process that is its container."""

    name: str
    process: ServerProcess


@dataclass
class Running:
    """A workload with its pods."""

    workload: Workload
    replica_set_uid: str
    pods: list[RunningPod] = field(default_factory=list)


class Node:
    """Brings up what is deployed until it is stopped; a context manager. `environment` is what pods find on AWS.

    Logs of all pods are in `logs`, a file for each.
    """

    def __init__(self, control_plane: ControlPlane, environment: Mapping[str, str]) -> None:
        self.logs = control_plane.folder / "pods"
        self.logs.mkdir(exist_ok=True)
        self._control_plane = control_plane
        self._environment = dict(environment)
        self._client = new_client_from_config(config_file=str(control_plane.admin_kubeconfig))  # type: ignore[no-untyped-call]
        self._apps: Any = AppsV1Api(self._client)  # Any: its types want models where it takes plain dicts as well
        self._core: Any = CoreV1Api(self._client)
        self._running: dict[tuple[str, str], Running] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node")

    def __enter__(self) -> Self:
        scratch = self._control_plane.folder / "node"
        scratch.mkdir()
        self._lifeline = Lifeline(scratch)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()
        for running in self._running.values():
            self._end_processes(running)
        self._lifeline.end()
        self._client.close()

    def _work(self) -> None:
        while not self._is_over.wait(_LOOK_EVERY_S):
            try:
                self.reconcile()
            except (ApiException, OSError, NotReadyError, ValueError) as error:
                print(f"node: {error}", file=sys.stderr, flush=True)

    def reconcile(self) -> None:
        """One look at what is deployed: what is new is brought up first, then what is no longer wanted ends."""
        wanted = {workload.key: workload for workload in self._workloads()}
        for key, workload in wanted.items():
            self._bring_up(key, workload)
        for key in [key for key in self._running if key not in wanted]:
            self._take_down(self._running.pop(key))
        for workload in wanted.values():
            self._report(workload)

    def _workloads(self) -> list[Workload]:
        listed = self._apps.list_deployment_for_all_namespaces(label_selector=LABEL)
        return [Workload(self._as_dict(each)) for each in listed.items]

    def _bring_up(self, key: tuple[str, str], workload: Workload) -> None:
        if key not in self._running:
            made = self._apps.create_namespaced_replica_set(workload.namespace, workload.replica_set())
            self._running[key] = Running(workload, made.metadata.uid)
        running = self._running[key]
        running.workload = workload
        while len(running.pods) < workload.replicas:
            running.pods.append(self._make_pod(running))
        while len(running.pods) > workload.replicas:
            self._end_pod(running, running.pods.pop())
        for pod in running.pods:
            if not pod.process.is_running:  # new, or it has ended by itself
                pod.process.start()
                self._core.patch_namespaced_pod_status(pod.name, workload.namespace, {"status": _RUNNING})

    def _make_pod(self, running: Running) -> RunningPod:
        body = running.workload.pod(secrets.token_hex(3)[:5], running.replica_set_uid)
        name = body["metadata"]["name"]
        self._core.create_namespaced_pod(running.workload.namespace, body)
        return RunningPod(name, self._process(running.workload, name))

    def _process(self, workload: Workload, name: str) -> ServerProcess:
        (port,) = free_ports(1)
        account, namespace = workload.service_account, workload.namespace
        kubeconfig = self._control_plane.kubeconfig_for(
            f"system:serviceaccount:{namespace}:{account}",
            groups=("system:serviceaccounts", f"system:serviceaccounts:{namespace}"),
            namespace=namespace,
        )
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **self._environment,
            "KUBECONFIG": str(kubeconfig),
            **workload.environment(),
        }
        return ServerProcess(
            name,
            workload.command(port),
            environment,
            Path(self.logs / f"{name}.log"),
            is_ready=lambda: answers_ok(port, "/readyz"),
            lifeline=self._lifeline,
        )

    def _take_down(self, running: Running) -> None:
        for pod in running.pods:
            self._end_pod(running, pod)
        workload = running.workload
        _unless_gone(lambda: self._apps.delete_namespaced_replica_set(workload.replica_set_name, workload.namespace))

    def _end_pod(self, running: Running, pod: RunningPod) -> None:
        pod.process.stop(_GRACE_S)
        namespace = running.workload.namespace
        _unless_gone(lambda: self._core.delete_namespaced_pod(pod.name, namespace, grace_period_seconds=0))

    def _end_processes(self, running: Running) -> None:
        for pod in running.pods:
            pod.process.stop(_GRACE_S)

    def _report(self, workload: Workload) -> None:
        """Status of ReplicaSet and Deployment, when it is another than before."""
        count = len(self._running[workload.key].pods)
        generation = workload.deployment["metadata"]["generation"]
        ready = {"replicas": count, "readyReplicas": count, "availableReplicas": count}
        if workload.deployment.get("status", {}).get("observedGeneration") == generation:
            return
        self._apps.patch_namespaced_replica_set_status(
            workload.replica_set_name, workload.namespace, {"status": {**ready, "observedGeneration": 1}}
        )
        self._apps.patch_namespaced_deployment_status(
            workload.deployment["metadata"]["name"],
            workload.namespace,
            {"status": {**ready, "updatedReplicas": count, "observedGeneration": generation}},
        )

    def _as_dict(self, deployment: Any) -> Manifest:
        return dict(self._client.sanitize_for_serialization(deployment))


_RUNNING = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True"}],
    "containerStatuses": [
        {
            "name": "operator",
            "image": "",
            "imageID": "",
            "ready": True,
            "restartCount": 0,
            "started": True,
            "state": {"running": {}},
        }
    ],
}


def _unless_gone(delete: Any) -> None:
    try:
        delete()
    except ApiException as error:
        if error.status != 404:
            raise
