"""What Flux, Argo CD's fallback and `kubectl wait` make of a resource: kstatus's rules, in its order.

Source: kubernetes-sigs/cli-utils, pkg/kstatus/status/generic.go; the first rule that matches wins.
"""

from collections.abc import Mapping
from typing import Any


def kstatus(resource: Mapping[str, Any]) -> str:
    """Return Current, InProgress, Failed or Terminating."""
    metadata, status = resource.get("metadata", {}), resource.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    observed = status.get("observedGeneration")
    if observed is not None and observed != metadata.get("generation"):
        return "InProgress"
    conditions = status.get("conditions", ())
    for condition in conditions:
        if condition["type"] == "Reconciling" and condition["status"] == "True":
            return "InProgress"
        if condition["type"] == "Stalled" and condition["status"] == "True":
            return "Failed"
    for condition in conditions:
        if condition["type"] == "Ready":
            return "Current" if condition["status"] == "True" else "InProgress"
    return "Current"
