"""moto's server as a WSGI application, for every service and operation that the emulator does not answer itself.

moto's state belongs to the process: emulators running side by side in one process share it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from devenv.aws.errors import AwsError, unknown_operation
from devenv.aws.wire import Request, Response

if TYPE_CHECKING:
    from devenv.aws.calls import Call

_moto = DomainDispatcherApplication(create_backend_app)


def ask_moto(request: Request, call: Call) -> Response:
    """Raises AwsError where moto has no implementation or breaks, which its own server would answer with a bare 500."""
    try:
        body, status, headers = run_wsgi_app(_moto, _environ(request), buffered=True)
    except NotImplementedError:
        raise unknown_operation(call.action) from None
    except Exception as error:  # whatever breaks inside moto is an answer for the caller, not a crash
        raise AwsError("InternalFailure", f"moto: {error!r}", status=500) from error
    return Response(int(status.split()[0]), list(headers), b"".join(body))


def forget_all() -> None:
    """Empties moto: accounts, roles, credentials and everything else."""
    BackendDict.reset()


def _environ(request: Request) -> dict[str, Any]:
    url = urlsplit(request.target)
    host, _, port = request.headers.get("host", "localhost:80").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return environ | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
