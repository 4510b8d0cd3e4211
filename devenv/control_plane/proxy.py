"""A TCP forwarder on loopback whose connections can be cut: the way to lose a watch while the server stays up.

It moves bytes and knows no protocol: TLS still ends at the server behind it.
"""

import contextlib
import socket
import threading

_CHUNK_BYTES = 1 << 16
_ACCEPT_POLL_S = 0.05


class CuttableProxy:
    """Forwards 127.0.0.1:`port` to 127.0.0.1:`target_port`. Use as a context manager, or call `close()`."""

    def __init__(self, target_port: int) -> None:
        self._target_port = self._own_target_port = target_port
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._accepting: threading.Thread | None = None
        self._is_refusing = threading.Event()
        self.port = 0
        self.accept()

    @property
    def url(self) -> str:
        """The forwarder's address, for a server that speaks HTTPS."""
        return f"https://127.0.0.1:{self.port}"

    def cut(self) -> int:
        """Close every open connection, both ends; new ones are still taken. Returns how many clients that hit."""
        with self._lock:
            ends = list(self._connections)
            self._connections.clear()
        for end in ends:
            _close(end)
        return len(ends) // 2

    def refuse(self) -> None:
        """From now on new connections get ECONNREFUSED; open ones stay. `cut()` too for a whole outage."""
        if self._accepting is not None:
            self._is_refusing.set()
            self._accepting.join()
            self._accepting = None

    def accept(self) -> None:
        """Accept connections (again), on the same port."""
        if self._accepting is None:
            listener = socket.create_server(("127.0.0.1", self.port))
            self.port = listener.getsockname()[1]
            self._is_refusing.clear()
            self._accepting = threading.Thread(target=self._serve, args=(listener,), daemon=True, name="proxy-accept")
            self._accepting.start()

    def divert(self, port: int | None = None) -> None:
        """Lead new connections to another port of loopback, or back; `cut()` too, so that nobody keeps the old way."""
        self._target_port = self._own_target_port if port is None else port

    def close(self) -> None:
        self.refuse()
        self.cut()

    def __enter__(self) -> "CuttableProxy":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _serve(self, listener: socket.socket) -> None:
        # A timeout, since closing a socket does not wake the thread that waits in its accept().
        listener.settimeout(_ACCEPT_POLL_S)
        with listener:
            while not self._is_refusing.is_set():
                with contextlib.suppress(TimeoutError):
                    self._connect(listener.accept()[0])

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            client.close()  # nobody is behind us: the client sees a connection that ends at once
            return
        client.settimeout(None)
        with self._lock:
            self._connections |= {client, server}
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True, name="proxy-pump").start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                sink.sendall(chunk)
        with self._lock:
            self._connections -= {source, sink}
        _close(source)
        _close(sink)


def _close(end: socket.socket) -> None:
    # shutdown first: close() alone leaves the connection open while another thread is inside recv().
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
