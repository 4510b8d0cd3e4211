"""Bad days on demand: refusals, delays and lost answers, for chosen operations, a counted number of times.

What `kind` means:
- throttle, internal, unavailable, denied, expired, conflict, deleting, invalid: the call is refused and has no effect
  (invalid: a validation error of the whole call);
- empty: the call has no effect and is answered with a document without fields;
- delay: the call is answered after `delay_s`;
- reset, timeout: the connection is reset, or held unanswered for `delay_s`, BEFORE the call has its effect;
- reset-after, timeout-after: the same AFTER it, so the write happened and only its answer is lost;
- drip, drip-after: likewise, with an answer that begins, comes byte by byte and has no end within `delay_s`.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from devenv.aws.errors import AwsError, access_denied, expired_token, rate_exceeded

if TYPE_CHECKING:
    from devenv.aws.calls import Call

FaultKind = Literal[
    "throttle",
    "internal",
    "unavailable",
    "denied",
    "expired",
    "conflict",
    "deleting",
    "invalid",
    "empty",
    "delay",
    "reset",
    "reset-after",
    "timeout",
    "timeout-after",
    "drip",
    "drip-after",
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)


@dataclass
class Fault:
    """`times` is how many calls it still hits (None: until cleared). `match` narrows it to one alias, alarm, machine,
    function or role.

    `lifted` is set when the fault is cleared, and lets calls go that it holds."""

    operation: str
    kind: FaultKind
    times: int | None = None
    match: str | None = None
    delay_s: float = 60.0
    id: int = 0
    lifted: threading.Event = field(default_factory=threading.Event)

    def hits(self, call: Call) -> bool:
        is_meant = self.operation in ("*", call.operation) and (self.match is None or call.concerns(self.match))
        return is_meant and self.times != 0

    @property
    def loses_answer(self) -> bool:
        return self.kind.startswith(("reset", "timeout", "drip"))

    @property
    def has_effect(self) -> bool:
        return self.kind == "delay" or self.kind.endswith("-after")


class Faults:
    """The faults in force, in the order in which they were added; the first that hits a call decides it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> int:
        """Its id. Raises ValueError for a kind that does not exist."""
        if fault.kind not in KINDS:
            raise ValueError(f"no fault kind {fault.kind!r}; there are {', '.join(KINDS)}")
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return fault.id

    def clear(self, fault_id: int | None = None) -> None:
        with self._lock:
            gone = [fault for fault in self._faults if fault_id in (None, fault.id)]
            self._faults = [fault for fault in self._faults if fault not in gone]
        for fault in gone:
            fault.lifted.set()

    def take(self, call: Call) -> Fault | None:
        """The fault that hits this call, counted."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.hits(call)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            return fault

    def listed(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)


def refusal(fault: Fault, call: Call) -> AwsError | None:
    """The error answer of a fault that refuses. CloudWatch's query codes are those its older clients report."""
    match fault.kind:
        case "throttle":
            return rate_exceeded(call.service)
        case "internal":
            return AwsError("InternalFailure", "The request processing has failed.", status=500)
        case "unavailable":
            return AwsError("ServiceUnavailableException", "Service is unavailable.", status=503)
        case "denied":
            why = f"because no identity-based policy allows the {call.action} action"
            return access_denied(call.service, call.caller.arn, call.action, call.resource(), why)
        case "expired":
            return expired_token(call.service)
        case "conflict":
            return AwsError("ConflictException", f"A concurrent request conflicts with {call.operation}.")
        case "invalid":
            return _invalid(call)
        case "deleting":
            return AwsError("StateMachineDeleting", f"State Machine is being deleted: '{call.resource()}'")
        case _:
            return None


def _invalid(call: Call) -> AwsError:
    """Worded as for a constraint that the service model does not show; the member that breaks it is not named."""
    member = "alarmNames" if "AlarmNames" in call.params else "input"
    text = (
        f"1 validation error detected: Value '[{', '.join(call.identifiers())}]' at '{member}' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must not contain control characters]"
    )
    return AwsError("ValidationException", text, query_code="ValidationError")
