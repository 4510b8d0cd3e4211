"""What an operator leaves behind, read for what must not be there: defects in its log, refusals in the audit log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Line = Mapping[str, Any]


def defects(lines: Iterable[Line]) -> Sequence[Line]:
    """Tracebacks and errors of our own code. kopf says ERROR of each lost connection, which is its daily bread."""
    return [line for line in lines if "unparsed" in line or (_is_ours(line) and _is_bad(line))]


def refused_requests(events: Iterable[Mapping[str, Any]], user: str, namespace: str) -> Sequence[str]:
    """What the API server refused to this user in this namespace, or outside any, for want of a right."""
    return [
        f"{event['verb']} {event['requestURI']}"
        for event in events
        if event["user"]["username"] == user
        and event.get("objectRef", {}).get("namespace", namespace) == namespace
        and event.get("responseStatus", {}).get("code") == 403
    ]


def _is_ours(line: Line) -> bool:
    return str(line.get("logger", "")).startswith("sfn_rollouts")


def _is_bad(line: Line) -> bool:
    return line.get("level") in ("error", "critical") or "exception" in line
