"""GitOps tools as they write to the API server: each applies, finds drift, and leaves its name in managedFields."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import yaml
from kubernetes.client import ApiException, CustomObjectsApi
from kubernetes.config import new_client_from_config

from devenv.control_plane import ControlPlane
from sfn_rollouts.api import COMMAND_ANNOTATION, GROUP, PLURAL, VERSION
from tests.gitops import argo, flux
from tests.gitops.merge_patches import last_applied, merge, merge_patch, three_way_patch

Resource = dict[str, Any]
_MERGE, _JSON = "application/merge-patch+json", "application/json-patch+json"
_KIND = {"group": GROUP, "version": VERSION, "plural": PLURAL}
_OPT_OUT = ("kustomize.toolkit.fluxcd.io/ssa", "Merge")


class Tools:
    """In one namespace, as an administrator; use as a context manager. `kubectl` is the real one."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self._kubectl = control_plane.as_admin()
        self._namespace = namespace
        self._client = new_client_from_config(config_file=str(control_plane.admin_kubeconfig))
        self._rollouts = CustomObjectsApi(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()
        self._client.rest_client.pool_manager.clear()

    # -- applying --

    def kubectl_apply(self, *manifests: Resource) -> None:
        """`kubectl apply -f`: three-way, on the client."""
        self._kubectl("apply", "--namespace", self._namespace, "-f", "-", stdin=yaml.safe_dump_all(manifests))

    def flux_apply(self, *manifests: Resource) -> None:
        """A reconciliation by kustomize-controller: clean up, then apply on the server where anything differs."""
        found = {manifest["metadata"]["name"]: self.find(manifest["metadata"]["name"]) for manifest in manifests}
        cleaned = {name for name, live in found.items() if live is not None and self._flux_clean_up(live)}
        if cleaned or None in found.values() or self.flux_drift(*manifests):
            self._apply_on_server(manifests, flux.OWNER)

    def argo_sync(self, *manifests: Resource) -> None:
        """A sync by Argo CD: `kubectl apply` under its own name."""
        arguments = ("--namespace", self._namespace, "--field-manager=argocd-controller")
        self._kubectl("apply", *arguments, "-f", "-", stdin=yaml.safe_dump_all(manifests))

    def argo_sync_on_server(self, *manifests: Resource) -> None:
        """A sync with ServerSideApply=true."""
        self._apply_on_server(manifests, "argocd-controller")

    def _apply_on_server(self, manifests: Sequence[Resource], manager: str, *more: str) -> list[Resource]:
        arguments = ("--namespace", self._namespace, "--server-side", "--force-conflicts", f"--field-manager={manager}")
        text = yaml.safe_dump_all(manifests)
        reported = json.loads(self._kubectl("apply", *arguments, *more, "-o", "json", "-f", "-", stdin=text).stdout)
        return list(reported["items"]) if reported["kind"] == "List" else [reported]

    def _flux_clean_up(self, live: Resource) -> bool:
        annotations = live["metadata"].get("annotations", {})
        fields = flux.fields_taken_over(live["metadata"]["managedFields"])
        if fields is None or _OPT_OUT in annotations.items():
            return False
        self._patch(live, [{"op": "replace", "path": "/metadata/managedFields", "value": fields}], _JSON, flux.OWNER)
        return True

    # -- drift --

    def flux_drift(self, *manifests: Resource) -> set[str]:
        """Those for which a dry run of the apply differs from live, as Flux compares them."""
        wanted = self._apply_on_server(manifests, flux.OWNER, "--dry-run=server")
        names = {each["metadata"]["name"]: _compared(each) for each in wanted}
        return {name for name, compared in names.items() if compared != _compared(self.get(name))}

    def argo_diff(self, manifest: Resource) -> Resource:
        """What Argo CD shows as out of sync; empty when it is Synced."""
        live = self.get(manifest["metadata"]["name"])
        patch = three_way_patch(_as_in_git(last_applied(live)), manifest, live)
        return merge_patch(live, merge(live, patch))

    # -- what people do beside Git --

    def annotate(self, name: str, command: str, manager: str | None = None) -> None:
        """`kubectl annotate` with a command, under kubectl's own name unless set otherwise."""
        named = (f"--field-manager={manager}",) if manager else ()
        arguments = ("--namespace", self._namespace, "--overwrite", *named, PLURAL, name)
        self._kubectl("annotate", *arguments, f"{COMMAND_ANNOTATION}={command}")

    def edit(self, name: str, spec: Mapping[str, Any]) -> None:
        """`kubectl patch` of the spec."""
        patch = json.dumps({"spec": spec})
        self._kubectl("patch", "--namespace", self._namespace, PLURAL, name, "--type=merge", "--patch", patch)

    def click(self, name: str, action: str, seen: Resource | None = None) -> Resource:
        """An action in Argo CD's user interface: a merge patch of what the script changed. The patch.

        What it changes in the status Argo CD would send to that subresource first; ours changes nothing there.
        """
        live = seen or self.get(name)
        patch = merge_patch(live, argo.act(action, live))
        assert set(patch) == {"metadata"}
        self._patch(live, patch, _MERGE, "argocd-server")
        return patch

    # -- reading --

    def get(self, name: str) -> Resource:
        """The resource as stored, managedFields included."""
        found = self.find(name)
        assert found is not None, f"no rollout {name}"
        return found

    def find(self, name: str) -> Resource | None:
        """The same; None where there is none."""
        try:
            found = self._rollouts.get_namespaced_custom_object(namespace=self._namespace, name=name, **_KIND)
        except ApiException as error:
            if error.status == 404:
                return None
            raise
        return dict(found)

    def _patch(self, live: Resource, body: Any, content_type: str, manager: str) -> None:
        name = live["metadata"]["name"]
        sent = {"body": body, "field_manager": manager, "_content_type": content_type}
        self._rollouts.patch_namespaced_custom_object(namespace=self._namespace, name=name, **_KIND, **sent)


def _as_in_git(applied: Resource) -> Resource:
    """Without the namespace and the empty annotations that kubectl adds: Argo CD takes them away before it compares."""
    metadata = {name: value for name, value in applied.get("metadata", {}).items() if name != "namespace" and value}
    return applied | {"metadata": metadata}


def _compared(resource: Resource) -> Resource:
    """Labels, annotations, and all but metadata and status."""
    metadata = resource["metadata"]
    kept = {name: value for name, value in resource.items() if name not in ("metadata", "status")}
    return kept | {name: metadata.get(name) or {} for name in ("labels", "annotations")}
