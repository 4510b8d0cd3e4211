"""What a refusal of the API server means, by the reaction that it wants."""

import json
from typing import Any

from sfn_rollouts.errors import Conflict, Denied, Gone, PortError, Transient


def refusal(what: str, code: int, body: bytes, retry_after: str | None = None) -> PortError:
    """Turn an answer outside 2xx into an error.

    `what` is "verb resource", `body` a Status object where the API server wrote it and anything where a proxy did.
    """
    why = f"{what}: {_reason(body) or f'HTTP {code}'}"
    if code in (401, 403):
        return Denied(f"{why}; {_cure(code, what)}")
    if code == 404:
        return Gone(why)
    if code == 409:
        return Conflict(why)
    if code in (410, 429) or code >= 500:  # 410: the next page of a list has expired, a new list will do
        return Transient(why, retry_after_s=_seconds(retry_after))
    return PortError(why)


def _cure(code: int, what: str) -> str:
    if code == 401:
        return "give the operator valid credentials"
    verb, resource = what.split(" ", 1)
    return f"grant the operator the verb {verb} on {resource}"


def _reason(body: bytes) -> str:
    """Status.message, cut to what a condition may hold; empty where the body is none."""
    try:
        status: Any = json.loads(body)
    except ValueError:
        return ""
    message = status.get("message") if isinstance(status, dict) else None
    return str(message)[:512] if message else ""


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; a date there, which no API server sends, is passed over."""
    return float(retry_after) if retry_after and retry_after.isdigit() else None
