"""Who owns a resource in a GitOps sense: whatever is changed by hand there, they put back.

Labels and annotations as the tools write them: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
and https://fluxcd.io/flux/components/kustomize/kustomizations/ (the same for helm.toolkit.fluxcd.io).
"""

from dataclasses import dataclass

from sfn_rollouts.api.dns_names import LONGEST_LABEL, is_subdomain
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.printable import one_line, word


@dataclass(frozen=True, slots=True)
class Owner:
    """`who` like "the Flux Kustomization flux-system/apps"; `sync_command` is how to make it look at Git now.

    Whoever may annotate a rollout writes these names, and somebody else pastes the command: where one is not such a
    name as Kubernetes takes, there is no command.
    """

    who: str
    sync_command: str | None


def owner_of(rollout: Rollout) -> Owner | None:
    """Return the owner that the labels and annotations name, None where a person may change it."""
    return _flux(rollout, "kustomize", "Kustomization") or _flux(rollout, "helm", "HelmRelease") or _argo_cd(rollout)


def _flux(rollout: Rollout, controller: str, kind: str) -> Owner | None:
    name = rollout.labels.get(f"{controller}.toolkit.fluxcd.io/name")
    namespace = rollout.labels.get(f"{controller}.toolkit.fluxcd.io/namespace")
    if not name or not namespace:
        return None
    command = f"flux reconcile {kind.lower()} {word(name)} -n {word(namespace)} --with-source"
    return Owner(f"the Flux {kind} {namespace}/{name}", command if _are_names(name, namespace) else None)


def _argo_cd(rollout: Rollout) -> Owner | None:
    name = _tracked_by(rollout) or rollout.labels.get("argocd.argoproj.io/instance")
    if name:
        return Owner(f"the Argo CD application {_printed(name)}", _sync(name))
    # Argo CD's default label is also what charts set: whichever it is, it writes the spec again.
    name = rollout.labels.get("app.kubernetes.io/instance")
    return Owner(f"the Argo CD application (or Helm release) {_printed(name)}", _sync(name)) if name else None


def _sync(application: str) -> str | None:
    """An application outside of Argo CD's own namespace tracks as NAMESPACE_NAME, and is called NAMESPACE/NAME."""
    parts = application.split("_", 1)
    return f"argocd app sync {word('/'.join(parts))}" if _are_names(*parts) else None


def _are_names(*names: str) -> bool:
    return all(map(is_subdomain, names))


def _printed(name: str) -> str:
    return one_line(name, longest=LONGEST_LABEL)


def _tracked_by(rollout: Rollout) -> str:
    """Read APPLICATION:GROUP/KIND:NAMESPACE/NAME; one that was copied from another resource owns nothing here."""
    application, _, about = rollout.annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")
    return application if about.endswith(f":{rollout.namespace}/{rollout.name}") else ""
