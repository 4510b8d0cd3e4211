"""Merge patches, RFC 7396: how Argo CD sends what an action changed, and how it and kubectl find what has drifted.

Source of the three-way one: k8s.io/apimachinery, pkg/util/jsonmergepatch.
"""

import json
from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]


def merge_patch(before: Any, after: Any) -> dict[str, Any]:
    """RFC 7396: what makes `after` of `before`."""
    gone = {name: None for name in before if name not in after}
    both = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return gone | {
        name: merge_patch(before[name], value) if _are_objects(before.get(name), value) else value
        for name, value in both.items()
    }


def merge(live: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: the resource after a merge patch."""
    merged = {name: value for name, value in live.items() if name not in patch}
    changed = {
        name: merge(live.get(name) if isinstance(live.get(name), dict) else {}, value)
        if isinstance(value, dict)
        else value
        for name, value in patch.items()
    }
    return merged | {name: value for name, value in changed.items() if value is not None}


def three_way_patch(original: Resource, wanted: Resource, live: Resource) -> dict[str, Any]:
    """What Argo CD's sync would send, and its diff shows.

    Additions and changes are found against live, deletions against what was applied last. Lists are compared whole: a
    custom resource has no merge keys.
    """
    return _with_deletions(_without_deletions(merge_patch(live, wanted)), merge_patch(original, wanted))


def last_applied(live: Mapping[str, Any]) -> Resource:
    """What was applied last, by client-side apply."""
    annotations = live["metadata"].get("annotations") or {}
    return dict(json.loads(annotations.get("kubectl.kubernetes.io/last-applied-configuration", "{}")))


def _are_objects(*values: Any) -> bool:
    return all(isinstance(value, dict) for value in values)


def _without_deletions(patch: dict[str, Any]) -> dict[str, Any]:
    kept = {name: _without_deletions(value) if isinstance(value, dict) else value for name, value in patch.items()}
    return {name: value for name, value in kept.items() if value is not None and (value != {} or patch[name] == {})}


def _with_deletions(patch: dict[str, Any], against_original: dict[str, Any]) -> dict[str, Any]:
    for name, value in against_original.items():
        if value is None:
            patch[name] = None
        elif isinstance(value, dict):
            deeper = _with_deletions(dict(patch.get(name) or {}), value)
            if deeper:
                patch[name] = deeper
    return patch
