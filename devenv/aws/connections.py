"""HTTP connections that can be reset, held without an answer, and hung up on: what servers here need beyond the stock.

Loopback only, one thread per connection, keep-alive, as boto3's pools expect it.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from devenv.aws.wire import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"
_DRIP_S = 0.5
_POLL_S = 0.02


class LoopbackServer(ThreadingHTTPServer):
    """`begin` serves in a thread of its own; `end` closes every connection and waits for the accepting thread."""

    daemon_threads = True
    block_on_close = False  # end() ends the threads; waiting for idle keep-alive connections would hang
    request_queue_size = 128

    def __init__(self, port: int, handler: type[LoopbackHandler], name: str) -> None:
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((LOOPBACK, port), handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_S,), daemon=True, name=name)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        self._hang_up()

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

    def _hang_up(self) -> None:
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its thread has just closed it


class LoopbackHandler(BaseHTTPRequestHandler):
    """Reads a whole request and hands it to `answer`, which ends with `send`, `reset` or `hold`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def answer(self, request: Request) -> None:
        """What the server does with a request."""
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        """Nothing: each server here keeps a list of what it was asked."""

    def send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            if name.lower() not in ("content-length", "connection", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def reset(self) -> None:
        """A close with linger 0 sends RST, once no file object holds the socket any more."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def hold(self, is_over: Callable[[float], bool], seconds: float) -> None:
        """No answer for `seconds`, or until the caller gives up, or `is_over(waits for so many seconds)`; then the
        connection closes."""
        self.close_connection = True
        ends_at = time.monotonic() + seconds
        while not is_over(_POLL_S) and time.monotonic() < ends_at:
            if select.select([self.connection], [], [], 0)[0]:
                return

    def drip(self, is_over: Callable[[float], bool], seconds: float) -> None:
        """An answer that begins and goes on byte by byte: slower than anybody waits for all of it, faster than anybody
        takes the connection for dead."""
        self.close_connection = True
        ends_at = time.monotonic() + seconds
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.flush()
        while not is_over(_DRIP_S) and time.monotonic() < ends_at:
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:  # the caller has given up
                return

    def _serve(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self._refuse_chunks()
            return
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        if len(body) < length:  # the caller was killed while it asked: that is no request without a body
            self.close_connection = True
            return
        self.answer(Request(self.command, self.path, headers, body))

    def _refuse_chunks(self) -> None:
        """Read as no body, they would be taken for the next request of the connection. They are read all the same: a
        close before that would reset the connection, and the refusal might never be seen."""
        self.close_connection = True
        self.send(Response(HTTPStatus.LENGTH_REQUIRED, [], b""))
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.rfile.read()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - named by http.server
