"""Asking a server on loopback whether it is there."""

import http.client
import ssl

_TIMEOUT_S = 5.0


def answers_ok(port: int, path: str, tls: ssl.SSLContext | None = None) -> bool:
    """True when GET 127.0.0.1:`port``path` gives 200. No answer of any kind is False, not an error.

    http.client, not urllib: a proxy named in the environment must not be asked for loopback.
    """
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT_S, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
