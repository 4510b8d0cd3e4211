"""The HTTP server: loopback only, one thread per connection, keep-alive, as boto3's pools expect it."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from devenv.aws import control, passthrough
from devenv.aws.client import Emulator
from devenv.aws.cloud import Cloud, Outcome
from devenv.aws.errors import AwsError
from devenv.aws.region import wall_clock
from devenv.aws.wire import Request, Response, is_ours, read_call, write_answer, write_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from devenv.aws.calls import Call
    from devenv.aws.faults import Fault

LOOPBACK = "127.0.0.1"
_POLL_S = 0.02


class AwsEmulator:
    """The emulator in a thread of this process, on a free port unless one is given.

        with AwsEmulator() as aws:
            aws.client.boto3_client("stepfunctions")

    `clock` is what quotas, stale reads and timestamps go by; `seed` makes the choices of aliases repeatable.
    What moto holds (roles, topics, ...) is emptied at the start, and is shared with other emulators of the process."""

    def __init__(self, port: int = 0, *, clock: Callable[[], datetime] = wall_clock, seed: int | None = None) -> None:
        self.cloud = Cloud(clock, seed)
        self._server = _Server((LOOPBACK, port), self.cloud)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True, name="aws")

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def client(self) -> Emulator:
        return Emulator(self.url)

    def start(self) -> Self:
        passthrough.forget_all()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Lets held calls go, closes every connection and waits for the accepting thread."""
        self.cloud.faults.clear()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.hang_up()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # hang_up() ends the threads; waiting for idle keep-alive connections would hang
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], cloud: Cloud) -> None:
        self.cloud = cloud
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def hang_up(self) -> None:
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its thread has just closed it


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        """The journal is the log."""

    def _serve(self) -> None:
        if "Transfer-Encoding" in self.headers:
            # Read as no body, its chunks would be taken for the next request of the connection.
            self.close_connection = True
            self._send(Response(HTTPStatus.LENGTH_REQUIRED, [], b""))
            return
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        if request.path.startswith(control.PREFIX):
            self._send(control.serve(self.server.cloud, request))
        else:
            self._serve_aws(request)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - named by http.server

    def _serve_aws(self, request: Request) -> None:
        response, lost = respond(self.server.cloud, request)
        if lost is None:
            self._send(response)
        elif lost.kind.startswith("reset"):
            self._reset()
        else:
            self._hold(lost)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _reset(self) -> None:
        """A close with linger 0 sends RST, once no file object holds the socket any more."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def _hold(self, fault: Fault) -> None:
        """No answer until the caller gives up, the fault is cleared or its time is over; then the connection closes."""
        self.close_connection = True
        ends_at = time.monotonic() + fault.delay_s
        while not fault.lifted.wait(_POLL_S) and time.monotonic() < ends_at:
            if select.select([self.connection], [], [], 0)[0]:
                return


def respond(cloud: Cloud, request: Request) -> tuple[Response, Fault | None]:
    """The response, and the fault that keeps it from arriving."""
    try:
        call = read_call(request)
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
