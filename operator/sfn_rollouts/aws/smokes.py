"""Executions that the operator starts itself: `ports.SmokeRunner` over Step Functions.

StartExecution on a Standard state machine: the name and input of a running execution are that execution, those of an
ended one ExecutionAlreadyExists, for 90 days (Step Functions API reference). So a start whose answer was lost is found.
StartSyncExecution on an Express one is not idempotent, and its answer is all that AWS ever tells of the execution.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.timestamps import answered_at, to_milliseconds
from sfn_rollouts.core.values.smoke import RUNNING, Run
from sfn_rollouts.errors import Gone, Transient
from sfn_rollouts.ports import Clock, Urgency

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import Place, StateMachineArn

MOST_REMEMBERED = 4096
"""Express executions that were sent; one is sent for each attempt of a rollout."""


class StepFunctionsSmokes:
    """Starts, runs and reads executions. All threads may use it."""

    def __init__(self, clients: Clients, calls: Calls, clock: Clock) -> None:
        self._clients = clients
        self._calls = calls
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: OrderedDict[tuple[StateMachineArn, str], None] = OrderedDict()

    def start(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        """Start an execution of a version, or find the one of that name. Denied: among others, of its input."""
        arn, read_at = machine.version(version), self._clock.now()

        def work() -> Run | None:
            client = self._clients.writer(machine.region)
            try:
                answer = client.start_execution(stateMachineArn=arn, name=name, input=given)
            except client.exceptions.ExecutionAlreadyExists:
                return None
            with reading():
                started_at = to_milliseconds(field(answer, "startDate"))
                started = str(field(answer, "executionArn"))
            return Run(started, RUNNING, started_at, answered_at(answer) or read_at, read_at)

        started = self._calls.make(_call(Api.START_EXECUTION, machine.place, arn), work)
        return started if started is not None else self.read(machine, name)

    def read(self, machine: StateMachineArn, name: str) -> Run:
        """Read how an execution goes. Transient: AWS does not know of it yet, as its answers are "best effort"."""
        arn, read_at = machine.execution(name), self._clock.now()

        def work() -> Run | None:
            client = self._clients.reader(machine.region)
            try:
                answer = client.describe_execution(executionArn=arn)
            except client.exceptions.ExecutionDoesNotExist:
                return None
            return _run(answer, read_at)

        found = self._calls.make(_call(Api.DESCRIBE_EXECUTION, machine.place, arn), work)
        if found is None:
            raise Transient(f"AWS does not show execution {name} yet. It is tried again by itself")
        return found

    def run(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        """Run an execution of a version until it ends, once for a name. Gone: its answer was lost."""
        attempt = machine, name  # whoever asks: it must not run twice where the role was changed meanwhile
        if attempt in self._sent:
            raise Gone(
                "the answer of the Express execution was lost, and AWS tells nothing more of it. "
                "Send retry to run another one"
            )
        arn = machine.version(version)

        def work() -> Run:
            client = self._clients.runner(machine.region)
            self._note(attempt)
            try:
                answer = client.start_sync_execution(stateMachineArn=arn, name=name, input=given)
            except ClientError as error:
                if error.response["ResponseMetadata"].get("HTTPStatusCode", 0) < 500:
                    self._forget(attempt)  # AWS has refused it, so it does not run
                raise
            return _run(answer, self._clock.now())

        return self._calls.make(_call(Api.START_SYNC_EXECUTION, machine.place, arn), work)

    def _note(self, attempt: tuple[StateMachineArn, str]) -> None:
        with self._lock:
            self._sent[attempt] = None
            if len(self._sent) > MOST_REMEMBERED:
                self._sent.popitem(last=False)

    def _forget(self, attempt: tuple[StateMachineArn, str]) -> None:
        with self._lock:
            self._sent.pop(attempt, None)


def _run(answer: Mapping[str, Any], read_at: datetime) -> Run:
    with reading():
        stopped = answer.get("stopDate")
        return Run(
            arn=str(field(answer, "executionArn")),
            status=str(field(answer, "status")),
            started_at=to_milliseconds(field(answer, "startDate")),
            answered_at=answered_at(answer) or read_at,
            read_at=read_at,
            stopped_at=to_milliseconds(stopped) if stopped is not None else None,
            output=str(answer.get("output", "")),
            error=str(answer.get("error", "")),
            cause=str(answer.get("cause", "")),
        )


def _call(api: Api, place: Place, resource: str) -> Call:
    return Call(api, place, resource, Urgency.BACKGROUND)
