"""What an answer outside 2xx means, by the reaction that it wants."""

import re

from sfn_rollouts.errors import Conflict, Denied, Gone, PortError, Rejected, Transient
from sfn_rollouts.kube.answers import status_of

_LONGEST = 512
"""What a condition may hold."""

_WRITES = ("create ", "update ", "patch ", "delete ")
_ADMISSION = re.compile(
    r"""admission webhook ".*" denied the request"""
    r"""|Internal error occurred: failed calling webhook """
    r"""|[^"']* "[^"]*" is forbidden: (ValidatingAdmissionPolicy|policy) ['"].* denied request: """
)
"""How admission says no (Kubernetes 1.35: webhook/errors/statuserror.go, policy/validating/dispatcher.go)."""

_AUTHORIZATION = re.compile(r"""[^"']*( "[^"]*")? is forbidden: User ".*" cannot |forbidden: User ".*" cannot """)
"""How authorization does (endpoints/handlers/responsewriters/errors.go); admission plugins say anything else."""


def refusal(
    what: str, code: int, body: bytes, content_type: str | None = None, retry_after: str | None = None
) -> PortError:
    """Turn an answer outside 2xx into an error.

    `what` is "verb resource", `body` a Status object where the API server wrote it and anything where a proxy did:
    that is Transient, whatever the code. It can neither mean that a rollout is gone nor that we lack a right. The API
    server itself sends no Status with 429, some of 5xx, and where it serves no such path.

    A write that admission denies is known by its words: a webhook chooses the code itself. Its 404 must not say that a
    rollout in flight is gone, nor its 403 that the operator lacks a right, nor its 500 that all will soon be well.
    """
    status = status_of(body, content_type)
    if status is None:
        return Transient(f"{what}: HTTP {code}, not in the API server's words", retry_after_s=_seconds(retry_after))
    message = status.get("message")
    why = f"{what}: {message[:_LONGEST] if message else f'HTTP {code}'}"
    if what.startswith(_WRITES) and _is_rejection(code, message or ""):
        return Rejected(why)
    if code in (401, 403):
        return Denied(f"{why}; {_remedy(code, what)}")
    if code == 404:
        return Gone(why)
    if code == 409:
        return Conflict(why)
    if code in (410, 429) or not 400 <= code < 500:  # 410: the next page of a list has expired, a new list will do
        return Transient(why, retry_after_s=_seconds(retry_after))
    return PortError(why)


def _is_rejection(code: int, message: str) -> bool:
    """Whether the content of a write is what the API server does not take, or who looks at it before it is stored."""
    if _ADMISSION.match(message):
        return True
    if code == 403:
        return bool(message) and not _AUTHORIZATION.match(message)
    return 400 <= code < 500 and code not in (401, 404, 409, 410, 429)


def _remedy(code: int, what: str) -> str:
    if code == 401:
        return "give the operator valid credentials"
    verb, resource = what.split(" ", 1)
    return f"grant the operator the verb {verb} on {resource}"


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; anything else there, a date or a digit of another script, is ignored."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdecimal() else None
