"""The emulated AWS: every account and region, and the rules that hold for each call on its way in."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devenv.aws import answers, authorization, constraints
from devenv.aws.errors import AwsError, unknown_operation
from devenv.aws.faults import Fault, Faults, refusal
from devenv.aws.journal import CallRecord, Journal
from devenv.aws.operations import OPERATIONS
from devenv.aws.quotas import Quotas
from devenv.aws.region import Fields, Region, Shared, wall_clock
from devenv.aws.traffic import arrive

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from devenv.aws.calls import Call


@dataclass(frozen=True)
class Outcome:
    """What the caller gets: an answer or an error, unless `lost` says which fault keeps it from arriving."""

    answer: Any = None
    error: AwsError | None = None
    lost: Fault | None = None

    @property
    def name(self) -> str:
        if self.lost:
            return self.lost.kind
        return self.error.code if self.error else "ok"


class Cloud:
    """Thread-safe: one lock around every operation, which is microseconds of work."""

    def __init__(self, clock: Callable[[], datetime] = wall_clock, seed: int | None = None) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self.faults = Faults()
        self.reset(seed)

    def reset(self, seed: int | None = None) -> None:
        """Empties everything, and switches faults, quotas and stale reads off."""
        with self.lock:
            self.faults.clear()
            self.shared = Shared(clock=self._clock)
            self.shared.dice.seed(seed)
            self.regions: dict[tuple[str, str], Region] = {}
            self.quotas = Quotas()
            self.journal = Journal()

    def region(self, account: str, name: str) -> Region:
        """With whatever has arrived in it by now."""
        with self.lock:
            region = self.regions.setdefault((account, name), Region(account, name, self.shared))
            arrive(region)
            return region

    def answer(self, call: Call, elsewhere: Callable[[], Any] | None = None) -> Outcome:
        """Passes a call through faults and quotas to its operation, or to `elsewhere` (moto); writes the journal."""
        fault = self.faults.take(call)
        outcome = self._faulted(call, fault, elsewhere) if fault else self._attempted(call, elsewhere)
        self.journal.add(self._record(call, outcome))
        return outcome

    def perform(self, call: Call) -> Fields:
        """The operation alone: no fault, no quota, no journal. Raises AwsError."""
        operation = OPERATIONS[call.service].get(call.operation)
        if operation is None:
            raise unknown_operation(call.action)
        constraints.check(call.service, call.operation, call.params)
        with self.lock:
            answer = operation(self.region(call.account, call.region).seen_by(call.caller), call.params)
        answers.check(call.service, call.operation, answer)
        return answer

    def _let_in(self, call: Call) -> None:
        with self.lock:
            region = self.region(call.account, call.region)
            authorization.require_valid(region, call)
            self.quotas.take(call, self._clock())
            authorization.require_allowed(region, call)

    def _record(self, call: Call, outcome: Outcome) -> CallRecord:
        caller = call.caller
        return CallRecord(
            self._clock(),
            call.service,
            call.operation,
            call.account,
            call.region,
            call.params,
            outcome.name,
            caller.arn,
            caller.role_arn,
            caller.session_name,
            caller.session_tags,
        )

    def _faulted(self, call: Call, fault: Fault, elsewhere: Callable[[], Any] | None) -> Outcome:
        if error := refusal(fault, call):
            return Outcome(error=error)
        if fault.kind == "empty":
            return Outcome(answer={})
        if fault.kind == "delay":
            fault.lifted.wait(fault.delay_s)
        outcome = self._attempted(call, elsewhere) if fault.has_effect else Outcome()
        return Outcome(outcome.answer, outcome.error, fault) if fault.loses_answer else outcome

    def _attempted(self, call: Call, elsewhere: Callable[[], Any] | None) -> Outcome:
        try:
            self._let_in(call)
            return Outcome(elsewhere() if elsewhere else self.perform(call))
        except AwsError as error:
            return Outcome(error=error)
        except Exception as error:  # noqa: BLE001 - such as a parameter of a wrong type: an answer, not a lost connection
            return Outcome(error=AwsError("InternalFailure", f"The emulator broke: {error!r}", status=500))
