"""The emulator as a server in a thread of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from devenv.aws import control, passthrough
from devenv.aws.client import Emulator
from devenv.aws.cloud import Cloud, Outcome
from devenv.aws.connections import LoopbackHandler, LoopbackServer
from devenv.aws.errors import AwsError
from devenv.aws.region import wall_clock
from devenv.aws.wire import Request, Response, is_ours, read_call, write_answer, write_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from devenv.aws.calls import Call
    from devenv.aws.faults import Fault


class AwsEmulator:
    """The emulator in a thread of this process, on a free port unless one is given.

        with AwsEmulator() as aws:
            aws.client.boto3_client("stepfunctions")

    `clock` is what quotas, stale reads and timestamps go by; `seed` makes the choices of aliases repeatable.
    What moto holds (roles, topics, ...) is emptied at the start, and is shared with other emulators of the process."""

    def __init__(self, port: int = 0, *, clock: Callable[[], datetime] = wall_clock, seed: int | None = None) -> None:
        self.cloud = Cloud(clock, seed)
        self._server = _Server(port, self.cloud)

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def client(self) -> Emulator:
        return Emulator(self.url)

    def start(self) -> Self:
        passthrough.forget_all()
        self._server.begin()
        return self

    def stop(self) -> None:
        """Lets held calls go, closes every connection and waits for the accepting thread."""
        self.cloud.faults.clear()
        self._server.end()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(LoopbackServer):
    def __init__(self, port: int, cloud: Cloud) -> None:
        self.cloud = cloud
        super().__init__(port, _Handler, "aws")


class _Handler(LoopbackHandler):
    server: _Server

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date goes by the emulator's clock, as everything does that AWS says of time."""
        now = self.server.cloud.shared.clock().timestamp()
        return super().date_time_string(now if timestamp is None else timestamp)

    def answer(self, request: Request) -> None:
        if request.path.startswith(control.PREFIX):
            self.send(control.serve(self.server.cloud, request))
        else:
            self._answer_aws(request)

    def _answer_aws(self, request: Request) -> None:
        response, lost = respond(self.server.cloud, request)
        if lost is None:
            self.send(response)
        elif lost.kind.startswith("reset"):
            self.reset()
        elif lost.kind.startswith("drip"):
            self.drip(lost.lifted.wait, lost.delay_s)
        else:
            self.hold(lost.lifted.wait, lost.delay_s)


def respond(cloud: Cloud, request: Request) -> tuple[Response, Fault | None]:
    """The response, and the fault that keeps it from arriving."""
    try:
        call = read_call(request, cloud.shared.sessions)
    except AwsError as error:
        return write_error(request, error), None
    elsewhere = None if is_ours(call) else lambda: passthrough.ask_moto(request, call)
    outcome = cloud.answer(call, elsewhere)
    return _written(request, call, outcome), outcome.lost


def _written(request: Request, call: Call, outcome: Outcome) -> Response:
    if outcome.error:
        return write_error(request, outcome.error)
    if isinstance(outcome.answer, Response):
        return outcome.answer
    return write_answer(request, call, outcome.answer or {})
