"""kopf's way in through the connection we have: same server, same identity, tokens renewed by the official client."""

from urllib.parse import urlparse
from urllib.request import proxy_bypass

import kopf

from sfn_rollouts.kube.connection import Connection


def connection_info(connection: Connection) -> kopf.ConnectionInfo:
    """What kopf needs to know; called again whenever the API server answers 401."""
    configuration = connection.configuration
    scheme, _, token = (connection.authorization() or "").partition(" ")
    return kopf.ConnectionInfo(
        server=connection.server,
        ca_path=configuration.ssl_ca_cert or None,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file or None,
        private_key_path=configuration.key_file or None,
        proxy_url=_proxy(configuration.proxy, connection.server),
    )


def _proxy(proxy: str | None, server: str) -> str | None:
    """The proxy from the environment, unless NO_PROXY names the server; the client looks at that itself, kopf not."""
    return None if proxy is None or proxy_bypass(urlparse(server).netloc) else proxy
