"""Stand-ins for the adapters' neighbours: a clock set by hand, a meter that remembers, a server that says anything."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class HandClock:
    """Stands still until it is moved; `tick_s` moves it at every look at the wall time."""

    def __init__(self, tick_s: float = 0.0) -> None:
        self.elapsed_s = 0.0
        self.tick_s = tick_s

    def now(self) -> datetime:
        self.elapsed_s += self.tick_s
        return NOON + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed_s

    def advance(self, seconds: float) -> None:
        self.elapsed_s += seconds


@dataclass
class RecordingMeter:
    """Keeps what was counted of AWS calls, in order."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    throttled: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)

    def aws_call(self, api: str, result: str) -> None:
        self.calls.append((str(api), str(result)))

    def aws_throttled(self, api: str) -> None:
        self.throttled.append(str(api))

    def aws_withheld(self, api: str) -> None:
        self.withheld.append(str(api))


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, word for word. `is_cut`: the connection ends in the middle of the body. `length`: as given."""

    status: int = 200
    body: str = "{}"
    headers: tuple[tuple[str, str], ...] = (("x-amzn-RequestId", "0a1b2c3d"),)
    is_cut: bool = False
    length: str | None = None

    @classmethod
    def error(cls, code: str, message: str = "what AWS says", status: int = 400) -> Answer:
        return cls(status, json.dumps({"__type": f"com.amazonaws.states#{code}", "message": message}))


class CannedServer:
    """Returns the answers it was given, the last one for ever, and keeps (path, headers, body) of each request."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[tuple[str, dict[str, str], str]] = []
        self._answers = deque(answers or [Answer()])
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def say(self, *answers: Answer) -> None:
        self._answers = deque(answers)

    def next_answer(self) -> Answer:
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        canned = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                canned.requests.append((self.path, {name.lower(): text for name, text in self.headers.items()}, body))
                answer = canned.next_answer()
                self.send_response_only(answer.status)  # no headers but those that are given
                for name, value in answer.headers:
                    self.send_header(name, value)
                body = answer.body.encode(errors="surrogateescape")
                self.send_header("Content-Length", answer.length or str(len(body) + 10 * answer.is_cut))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = answer.length is not None

            do_GET = do_POST  # noqa: N815 - named by http.server

            def log_message(self, *args: object) -> None: ...

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
