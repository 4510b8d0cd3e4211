"""Rollouts as an operator would have left them, where none runs: stored on the real API server."""

from typing import Any

from tests.e2e.cluster import Cluster

SPEC = {
    "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders",
    "alias": "live",
    "version": 42,
    "strategy": {"canary": {"weight": 10, "interval": "10m"}},
}
LONG_AGO = "2026-01-01T10:00:00Z"
LATER = "2026-01-01T10:30:05Z"

IN_FLIGHT = {
    "stableVersion": 41,
    "targetVersion": 42,
    "weight": 10,
    "step": "1/2",
    "stepIndex": 0,
    "startedAt": LONG_AGO,
}
ENDED = {"targetVersion": 42, "weight": 100, "step": "2/2", "startedAt": LONG_AGO, "finishedAt": LATER}


def condition(kind: str, value: str, reason: str, message: str = "", generation: int = 1) -> dict[str, Any]:
    """As `metav1.Condition`."""
    fields = {"type": kind, "status": value, "reason": reason, "message": message}
    return fields | {"lastTransitionTime": LONG_AGO, "observedGeneration": generation}


def status(phase: str, reason: str, message: str = "", generation: int = 1, **fields: Any) -> dict[str, Any]:
    """A status of one generation, with the conditions that kstatus reads."""
    ended = {"Succeeded": "True", "Pending": "Unknown"}
    conditions = [condition("Ready", ended.get(phase, "False"), reason, message, generation)]
    if phase in ("RolledBack", "Failed") or fields.pop("is_stalled", False):
        conditions.append(condition("Stalled", "True", reason, message, generation))
    elif phase != "Succeeded":
        conditions.append(condition("Reconciling", "True", reason, message, generation))
    known = {"observedGeneration": generation, "phase": phase, "message": message, "conditions": conditions}
    return known | {"alarm": "OK"} | fields


STATES: dict[str, dict[str, Any] | None] = {
    "stalled-in-flight": status("Progressing", "AliasDrifted", "somebody else moved it", is_stalled=True, **IN_FLIGHT),
    "rolled-back": status("RolledBack", "AlarmFiring", "errors fired", alarm="ALARM", **(ENDED | {"weight": 0})),
    "going-back": status("RollingBack", "RollbackInProgress", "errors fired", alarm="ALARM", **IN_FLIGHT),
    "alarmed": status("Progressing", "AlarmUnreadable", "not read for three polls", alarm="UNKNOWN", **IN_FLIGHT),
    "paused": status("Paused", "AwaitingApproval", "waits for promote", **IN_FLIGHT),
    "unseen": None,
    "moving": status("Progressing", "ShiftInProgress", "10 % for 10 minutes", **IN_FLIGHT),
    "done": status("Succeeded", "RolloutComplete", "version 42 has all traffic", stableVersion=42, **ENDED),
}
"""Of each kind one, in the order in which they need a person."""


def give(
    cluster: Cluster, namespace: str, name: str, found: dict[str, Any] | None = None, metadata: Any = None, **spec: Any
) -> None:
    """Create a rollout with this status; `metadata` is merged into its own, `spec` into SPEC (None takes away)."""
    fields = {field: value for field, value in (SPEC | spec).items() if value is not None}
    cluster.create(namespace, name, fields)
    if metadata is not None:
        cluster.patch(namespace, name, {"metadata": metadata})
    if found is not None:
        cluster.write_status(namespace, name, found)
