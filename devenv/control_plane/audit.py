"""What the API server writes down about its users: who asked for what, so that RBAC can be held to what is used.

Administrators, the server itself and probes are left out: tests act as administrators, and would drown the rest.
"""

import json
from pathlib import Path
from typing import Any

import yaml

# Metadata is the cheapest level that has user, verb and resource. ResponseStarted stays: a watch, which may
# last for minutes, is then in the log when it begins rather than when it ends.
POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "userGroups": ["system:masters"]},
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
        {"level": "Metadata"},
    ],
}


def write_policy(path: Path) -> Path:
    path.write_text(yaml.safe_dump(POLICY, sort_keys=False))
    return path


def read_events(log: Path) -> list[dict[str, Any]]:
    """The audit.k8s.io/v1 Events in the order they were written; a line that is still being written is left out."""
    if not log.exists():
        return []
    whole, _, _ = log.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]
