"""Who owns a resource in a GitOps sense: whatever is changed by hand there, they put back.

Labels and annotations as the tools write them: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
and https://fluxcd.io/flux/components/kustomize/kustomizations/ (the same for helm.toolkit.fluxcd.io).
"""

from dataclasses import dataclass

from sfn_rollouts.plugin.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Owner:
    """`who` like "the Flux Kustomization flux-system/apps"; `hasten` is how to make it look at Git now."""

    who: str
    hasten: str


def owner_of(rollout: Rollout) -> Owner | None:
    """Give the owner that the labels and annotations name, None where a person may change it."""
    return _flux(rollout, "kustomize", "Kustomization") or _flux(rollout, "helm", "HelmRelease") or _argo_cd(rollout)


def _flux(rollout: Rollout, controller: str, kind: str) -> Owner | None:
    name = rollout.labels.get(f"{controller}.toolkit.fluxcd.io/name")
    namespace = rollout.labels.get(f"{controller}.toolkit.fluxcd.io/namespace")
    if not name or not namespace:
        return None
    return Owner(
        f"the Flux {kind} {namespace}/{name}", f"flux reconcile {kind.lower()} {name} -n {namespace} --with-source"
    )


def _argo_cd(rollout: Rollout) -> Owner | None:
    name = _tracked_by(rollout) or rollout.labels.get("argocd.argoproj.io/instance")
    if name:
        return Owner(f"the Argo CD application {name}", f"argocd app sync {name}")
    # Argo CD's default label is also what charts set: whichever it is, it writes the spec again.
    name = rollout.labels.get("app.kubernetes.io/instance")
    return Owner(f"the Argo CD application (or Helm release) {name}", f"argocd app sync {name}") if name else None


def _tracked_by(rollout: Rollout) -> str:
    """Read APPLICATION:GROUP/KIND:NAMESPACE/NAME; one that was copied from another resource owns nothing here."""
    application, _, about = rollout.annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")
    return application if about.endswith(f":{rollout.namespace}/{rollout.name}") else ""
