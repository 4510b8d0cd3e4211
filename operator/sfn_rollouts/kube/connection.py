"""One connection to one API server: where it is, who we are there, and one call at a time.

The official client brings what is hard: kubeconfig, exec plugins, in-cluster tokens, TLS. Its generated methods are
left out: they differ between its releases, and a call here is a path and a dict anyway.
"""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)
from kubernetes.config.incluster_config import SERVICE_HOST_ENV_NAME, SERVICE_TOKEN_FILENAME

from sfn_rollouts import __version__
from sfn_rollouts.engine.time_limit import TimeLimit
from sfn_rollouts.errors import NoAnswer, Transient
from sfn_rollouts.kube.answers import Answer, understood
from sfn_rollouts.kube.refusals import refusal

FIELD_MANAGER = "sfn-rollouts"
_METHODS = {"get": "GET", "list": "GET", "create": "POST", "patch": "PATCH"}
_CONTENT_TYPES = {"POST": "application/json", "PATCH": "application/merge-patch+json"}
_NAMESPACE_FILE = Path(SERVICE_TOKEN_FILENAME).with_name("namespace")
_CONNECT_TIMEOUT_S = 3.0
_READ_TIMEOUT_S = 10.0
_CALL_LIMIT_S = _CONNECT_TIMEOUT_S + _READ_TIMEOUT_S
"""For a call as a whole: an answer that drips, or a plugin for credentials that hangs, must not hold its caller for
good; least of all the election, whose operator is to end when its term is over."""
# What the client raises over a kubeconfig depends on how wrong it is; a list where a mapping belongs is a TypeError.
_UNUSABLE = (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError)


class NoCluster(Exception):  # noqa: N818 - says what was found
    """Neither a kubeconfig nor a service account, or one that cannot be read; the text says which and what to do."""


class Connection:
    """Calls to the API server, safe from any thread. None is repeated: the caller alone knows whether it may be."""

    def __init__(self, configuration: Configuration) -> None:
        # A retry below us would resend a write whose answer was lost, and would turn 10 s of patience into minutes.
        configuration.retries = False
        configuration.connection_pool_maxsize = 16
        self.configuration = configuration
        self._pool: urllib3.PoolManager = ApiClient(configuration).rest_client.pool_manager
        self._credentials = threading.Lock()
        self._limit = TimeLimit(_CALL_LIMIT_S)

    @property
    def server(self) -> str:
        """URL of the API server."""
        return str(self.configuration.host)

    def call(
        self,
        verb: str,
        resource: str,
        path: str,
        due: Answer,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Do `verb` (as RBAC names it) on `resource` (for messages) at `path`; return the answer decoded. It is `due`.

        Raises:
            Conflict, Gone, Denied, Transient, PortError: see `refusals`; Transient too for an answer that is not `due`.
        """
        what = f"{verb} {resource}"
        return self._limit.call(
            f"{what} at {self.server}", lambda: self._call(what, _METHODS[verb], path, due, query, body)
        )

    def _call(
        self,
        what: str,
        method: str,
        path: str,
        due: Answer,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        headers = self._headers(what, method)
        try:
            answer = self._pool.request(
                method,
                self.server.rstrip("/") + path + ("?" + urlencode(query) if query else ""),
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S),
                retries=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(f"{what}: no answer from {self.server}: {error}") from error
        content_type = answer.headers.get("Content-Type")
        if not 200 <= answer.status < 300:
            raise refusal(what, answer.status, answer.data, content_type, answer.headers.get("Retry-After"))
        return understood(what, due, answer.data, content_type)

    @property
    def lost_threads(self) -> int:
        """How many threads are held by calls that have no end."""
        return self._limit.lost

    def close(self) -> None:
        """Close the pooled sockets."""
        self._pool.clear()

    def authorization(self) -> str | None:
        """Return the Authorization header's value, renewed where it has run out; None for client certificates alone."""
        # Renewal by an exec plugin or a rotated token writes into the configuration: two threads would run it twice.
        with self._credentials:
            token = self.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
            if token:
                return str(token)
            return self.configuration.get_basic_auth_token() if self.configuration.username else None

    def _headers(self, what: str, method: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"sfn-rollouts/{__version__}"}
        if content_type := _CONTENT_TYPES.get(method):
            headers["Content-Type"] = content_type
        try:
            authorization = self.authorization()
        except _UNUSABLE as error:  # a token file between two of its lives, an exec plugin that did not end well
            quoted = " ".join(str(error).split())
            raise Transient(f"{what}: the credentials for {self.server} cannot be renewed: {quoted}") from error
        if authorization:
            headers["Authorization"] = authorization
        return headers


def connect(
    kubeconfig: str | None = None, context: str | None = None, environ: Mapping[str, str] | None = None
) -> Connection:
    """Use the kubeconfig named, else the pod's service account, else $KUBECONFIG or ~/.kube/config. Makes no call yet.

    Raises:
        NoCluster: there is none, or it cannot be read.
    """
    configuration = Configuration()
    try:
        if kubeconfig is None and context is None and _is_in_cluster(environ or {}):
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            load_kube_config(  # type: ignore[no-untyped-call]
                config_file=kubeconfig, context=context, client_configuration=configuration, persist_config=False
            )
    except _UNUSABLE as error:
        quoted = " ".join(str(error).split())
        raise NoCluster(f"no way to the cluster: {f'{kubeconfig}: ' if kubeconfig else ''}{quoted}") from error
    return Connection(configuration)


def namespace_of(kubeconfig: str | None, context: str | None, environ: Mapping[str, str]) -> str:
    """Return the namespace that this identity runs in: the pod's, else the kubeconfig's, else `default`."""
    if pod_namespace := environ.get("POD_NAMESPACE"):
        return pod_namespace
    if kubeconfig is None and context is None and _is_in_cluster(environ):
        return _NAMESPACE_FILE.read_text(encoding="utf8").strip()
    try:
        contexts, active = list_kube_config_contexts(config_file=kubeconfig)  # type: ignore[no-untyped-call]
    except _UNUSABLE:
        return "default"
    chosen = next((each for each in contexts if each["name"] == context), active)
    return str((chosen.get("context") or {}).get("namespace") or "default")


def _is_in_cluster(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(SERVICE_HOST_ENV_NAME)) and Path(SERVICE_TOKEN_FILENAME).is_file()


def path_of(*segments: str) -> str:
    """Join the segments to a path, each quoted."""
    return "/" + "/".join(quote(segment, safe="") for segment in segments)
