"""A bad network between boto3 and the emulator: answers come late, connections are reset, answers are lost.

The emulator's own faults (`devenv.aws.faults`) are AWS's bad days; here AWS is well, and knows nothing of what its
caller has missed. What AWS was asked is in its journal, what became of the answer is in `LossyProxy.met`.
"""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from devenv.aws.connections import LoopbackHandler, LoopbackServer
from devenv.aws.wire import Response

if TYPE_CHECKING:
    from devenv.aws.wire import Request

_FORWARD_TIMEOUT_S = 60.0
_LONGEST_HOLD_S = 60.0


class Loss(StrEnum):
    """What becomes of a call on its way."""

    DELAY = "delay"  # it arrives, and its answer too, late
    RESET_BEFORE = "reset before"  # it never arrives: the connection is reset
    RESET_AFTER = "reset after"  # it arrives and takes effect; instead of its answer comes a reset
    LOST_ANSWER = "lost answer"  # it arrives and takes effect; no answer comes


Fate = Callable[[str, int], Loss | None]
"""What becomes of the nth call (from 1) of an operation; None: nothing bad."""


def by_chance(seed: int, share: float) -> Fate:
    """So large a share of all calls meets a loss. The nth call of an operation meets the same one at each run."""

    def fate(operation: str, number: int) -> Loss | None:
        random = Random(f"{seed}/{operation}/{number}")  # noqa: S311 - no secret
        return random.choice(list(Loss)) if random.random() < share else None

    return fate


def scripted(losses: Mapping[tuple[str, int], Loss]) -> Fate:
    """Just these calls, named as (operation, number)."""
    return lambda operation, number: losses.get((operation, number))


class LossyProxy:
    """Forwards what boto3 sends to `target_url`, an `http://127.0.0.1:PORT`. Use as a context manager.

    `met` counts (operation, loss). `heal()`: from now on nothing bad happens, and what is held is let go.
    """

    def __init__(self, target_url: str, fate: Fate, delay_s: float = 1.5) -> None:
        self.met: Counter[tuple[str, Loss]] = Counter()
        self._server = _Server(urlsplit(target_url).netloc, self._next, delay_s)
        self._fate = fate
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return self._server.url

    def heal(self) -> None:
        self._server.is_healed.set()

    def __enter__(self) -> Self:
        self._server.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self._server.end()

    def _next(self, operation: str) -> Loss | None:
        if self._server.is_healed.is_set():
            return None
        with self._lock:
            self._calls[operation] += 1
            loss = self._fate(operation, self._calls[operation])
            if loss is not None:
                self.met[operation, loss] += 1
            return loss


class _Server(LoopbackServer):
    def __init__(self, target: str, next_loss: Callable[[str], Loss | None], delay_s: float) -> None:
        self.target = target
        self.next_loss = next_loss
        self.delay_s = delay_s
        self.is_healed = threading.Event()
        super().__init__(0, _Handler, "lossy-proxy")


class _Handler(LoopbackHandler):
    server: _Server

    def answer(self, request: Request) -> None:
        match self.server.next_loss(_operation(request)):
            case Loss.RESET_BEFORE:
                self.reset()
            case Loss.RESET_AFTER:
                self._forward(request)
                self.reset()
            case Loss.LOST_ANSWER:
                self._forward(request)
                self.hold(self.server.is_healed.wait, _LONGEST_HOLD_S)
            case Loss.DELAY:
                self.server.is_healed.wait(self.server.delay_s)
                self.send(self._forward(request))
            case None:
                self.send(self._forward(request))

    def _forward(self, request: Request) -> Response:
        connection = http.client.HTTPConnection(self.server.target, timeout=_FORWARD_TIMEOUT_S)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            answer = connection.getresponse()
            return Response(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()


def _operation(request: Request) -> str:
    """As boto3 names it for both services, which speak JSON; of others their path."""
    return request.headers.get("x-amz-target", request.path).rpartition(".")[2]
