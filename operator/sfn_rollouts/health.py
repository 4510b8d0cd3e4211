"""`/livez`, `/readyz` and `/metrics` on one port. A failing probe answers with the reason."""

import http.server
import socket
import socketserver
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus

Findings = Callable[[], Sequence[str]]
_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class HealthServer:
    """Serves until stopped. `alive` and `ready` return what is wrong, in sentences; `metrics` returns the page."""

    def __init__(self, port: int, alive: Findings, ready: Findings, metrics: Callable[[], bytes]) -> None:
        """Bind the port; 0 takes any that is free.

        Raises:
            OSError: it is taken.
        """
        pages = {
            "/livez": lambda: _verdict(alive()),
            "/readyz": lambda: _verdict(ready()),
            "/metrics": lambda: (HTTPStatus.OK, _METRICS, metrics()),
        }
        self._server = _Server(("", port), _handler(pages))
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    """On every address, IPv6 too where there is any: pods of an IPv6 cluster have no other."""

    daemon_threads = True
    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

    def server_bind(self) -> None:
        if self.address_family is socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # The base class asks DNS for our own name here, which takes half a minute where there is no DNS.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Write nothing when a probe hangs up."""


_Page = Callable[[], tuple[HTTPStatus, str, bytes]]


def _verdict(findings: Sequence[str]) -> tuple[HTTPStatus, str, bytes]:
    if findings:
        return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, "".join(f"{each}\n" for each in findings).encode()
    return HTTPStatus.OK, _TEXT, b"ok\n"


def _handler(pages: dict[str, _Page]) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10  # a client that opens a connection and says nothing must not hold a thread for ever

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, kind, body = page() if page else (HTTPStatus.NOT_FOUND, _TEXT, " ".join(pages).encode() + b"\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Write no line per probe."""

    return Handler
