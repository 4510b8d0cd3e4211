"""One AWS call: budgeted, made, counted, and its failure translated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Budget
from sfn_rollouts.aws.credentials import RoleError
from sfn_rollouts.aws.meanings import OPERATOR, Holder, of_role
from sfn_rollouts.aws.sessions import Callers
from sfn_rollouts.aws.translation import are_keys_refused, is_throttle, translated
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.errors import PortError, Transient
from sfn_rollouts.ports import CallMeter, Urgency

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Call:
    """What is called, where, about what (for people), and how urgently."""

    api: Api
    place: Place
    resource: str
    urgency: Urgency


class Calls:
    """The one way by which adapters reach AWS."""

    def __init__(self, budget: Budget, meter: CallMeter, callers: Callers, holder: Holder = OPERATOR) -> None:
        self._holder = holder
        self._callers = callers
        self._budget = budget
        self._meter = meter

    def make(self, call: Call, work: Callable[[], Result]) -> Result:
        """Return what `work` returns. It gets its client, calls and reads the answer: all three may fail, in any way.

        Raises:
            PortError: and nothing else.
        """
        # Before a token is spent: it is the account's, and others have roles there too.
        self._try(call, self._callers.prepare)
        self._spend(call)
        result = self._try(call, work)
        self._meter.aws_call(call.api, "OK")
        return result

    def _try(self, call: Call, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the seam: a bad answer must hold one rollout, not end a worker thread
            failure = self._failure(call, error)
            # A defect needs its traceback; the texts of other errors may hold a session token.
            raise failure from (error if failure.trouble is Trouble.INTERNAL else None)

    def _spend(self, call: Call) -> None:
        try:
            self._budget.spend(call.place, call.api, call.urgency)
        except Transient:
            self._meter.aws_withheld(call.api)
            raise

    @property
    def _holder_now(self) -> Holder:
        role = self._callers.role
        return of_role(role) if role else self._holder

    def _failure(self, call: Call, error: Exception) -> PortError:
        failure = translated(error, call.api, call.resource, self._holder_now)
        if isinstance(error, RoleError):
            return failure  # counted as a call of AssumeRole; this one was not made
        if are_keys_refused(error):
            self._callers.forget()
        elif failure.trouble is Trouble.DENIED:
            self._callers.doubt()
        if is_throttle(error):
            self._meter.aws_throttled(call.api)
            failure.retry_after_s = self._budget.throttled(call.place, call.api, call.urgency)
        self._meter.aws_call(call.api, failure.trouble)
        return failure
