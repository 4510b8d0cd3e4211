"""One AWS call: budgeted, made, counted, and its failure translated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Budget
from sfn_rollouts.aws.meanings import OPERATOR, Holder
from sfn_rollouts.aws.translation import is_throttle, translated
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

    def __init__(self, budget: Budget, meter: CallMeter, holder: Holder = OPERATOR) -> None:
        self._holder = holder
        self._budget = budget
        self._meter = meter

    def make(self, call: Call, work: Callable[[], Result]) -> Result:
        """Return what `work` returns. It gets its client, calls and reads the answer: all three may fail, in any way.

        Raises:
            PortError: and nothing else.
        """
        self._spend(call)
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - the seam: a bad answer must hold one rollout, not end a worker thread
            failure = self._failure(call, error)
            # A defect needs its traceback; the texts of other errors may hold a session token.
            raise failure from (error if failure.trouble is Trouble.INTERNAL else None)
        self._meter.aws_call(call.api, "OK")
        return result

    def _spend(self, call: Call) -> None:
        try:
            self._budget.spend(call.place, call.api, call.urgency)
        except Transient:
            self._meter.aws_withheld(call.api)
            raise

    def _failure(self, call: Call, error: Exception) -> PortError:
        failure = translated(error, call.api, call.resource, self._holder)
        if is_throttle(error):
            self._meter.aws_throttled(call.api)
            failure.retry_after_s = self._budget.throttled(call.place, call.api, call.urgency)
        self._meter.aws_call(call.api, failure.trouble)
        return failure
