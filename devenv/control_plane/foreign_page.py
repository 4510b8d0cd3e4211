"""A server in front of the API server that answers in its place: a maintenance page, a login, a load balancer."""

import http.server
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Page:
    """One answer for whatever is asked. `content_length` is sent instead of the true one."""

    body: bytes
    status: int = 200
    content_type: str | None = "text/html"
    content_length: int | None = None


class ForeignPage:
    """Serves `page`, which may be exchanged, on loopback; over TLS with a `certificate` (its file and its key's)."""

    def __init__(self, page: Page, certificate: tuple[Path, Path] | None = None) -> None:
        self.page = page
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake belongs to the thread of the connection: a client that is cut must not end the server.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="foreign-page").start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(served: ForeignPage) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            page = served.page
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(page.status)
            if page.content_type is not None:
                self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(page.content_length or len(page.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(page.body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - names of http.server

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
