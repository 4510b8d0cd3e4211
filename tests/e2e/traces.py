"""What an operator leaves behind, read for what must not be there: defects in its log, refusals in the audit log."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]

CHATTER = 20
"""So often nobody needs to hear the same words about one rollout in one test."""


def defects(lines: Iterable[Line]) -> Sequence[Line]:
    """Tracebacks and errors of our own code, and what it says over and over: two findings that chase each other.

    kopf says ERROR of each lost connection, which is its daily bread.
    """
    ours = [line for line in lines if "unparsed" in line or _is_ours(line)]
    said = Counter((line.get("rollout"), line.get("message")) for line in ours if line.get("level") != "debug")
    chatter = [{"rollout": rollout, "said too often": words} for (rollout, words), n in said.items() if n > CHATTER]
    return [line for line in ours if _is_bad(line)] + chatter


def refused_requests(events: Iterable[Mapping[str, Any]], user: str, namespace: str) -> Sequence[str]:
    """What the API server never let this user do in this namespace, or outside any, though asked for it.

    What it let pass at another time does not count: until an API server that has just started knows its roles, a
    moment later, it refuses everything.
    """
    asked = [event for event in events if _is_asked_by(event, user, namespace)]
    allowed = {right_of(event) for event in asked if not _is_refused(event)}
    return [str(right_of(event)) for event in asked if _is_refused(event) and right_of(event) not in allowed]


def right_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """(verb, API group, resource with subresource) or (verb, path)."""
    about = event.get("objectRef")
    if about is None:
        return event["verb"], event["requestURI"].partition("?")[0]
    resource = "/".join(about[part] for part in ("resource", "subresource") if part in about)
    return event["verb"], about.get("apiGroup", ""), resource


def _is_asked_by(event: Mapping[str, Any], user: str, namespace: str) -> bool:
    is_here = event.get("objectRef", {}).get("namespace", namespace) == namespace
    return is_here and event["user"]["username"] == user and "responseStatus" in event


def _is_refused(event: Mapping[str, Any]) -> bool:
    return event["responseStatus"].get("code") == 403


def _is_ours(line: Line) -> bool:
    return str(line.get("logger", "")).startswith("sfn_rollouts")


def _is_bad(line: Line) -> bool:
    return "unparsed" in line or line.get("level") in ("error", "critical") or "exception" in line
