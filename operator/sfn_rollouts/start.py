"""What must hold before the operator runs, in the order in which a person would fix it, each with its exit code."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import TypeVar

from sfn_rollouts.aws.connection import Aws
from sfn_rollouts.config import Settings
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.kube.answers import SERVER_VERSION
from sfn_rollouts.kube.connection import Connection, NoCluster, connect
from sfn_rollouts.kube.crd import crd_problem
from sfn_rollouts.kube.permissions import LEASE_RIGHTS, Right, missing_rights
from sfn_rollouts.logs import get_logger
from sfn_rollouts.ports import Clock

Answer = TypeVar("Answer")
_RETRY_S = 1.0
_log = get_logger(__name__)


class Exit(IntEnum):
    """Exit codes of `sfn-rollouts run`; the runbook lists them."""

    STOPPED = 0
    CRASHED = 1
    BAD_CONFIGURATION = 2
    NO_CLUSTER = 3
    NO_CRD = 4
    NO_AWS_CREDENTIALS = 5
    NO_PERMISSION = 6
    LEASE_LOST = 7


class StartFailure(Exception):  # noqa: N818 - it is what happened
    """The operator cannot start; the text says what is missing and what to do."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Patience:
    """How long the start may wait for the cluster: a pod often starts before the network does."""

    def __init__(self, clock: Clock, timeout_s: float, stopping: threading.Event) -> None:
        self._clock = clock
        self._until_s = clock.monotonic() + timeout_s
        self._stopping = stopping

    def insist(self, call: Callable[[], Answer]) -> Answer:
        """Call until there is an answer or patience ends; then the last Transient comes out."""
        while True:
            try:
                return call()
            except Transient as error:
                if self._clock.monotonic() > self._until_s or self._stopping.wait(_RETRY_S):
                    raise
                _log.warning("waiting for the API server", why=error.why)


def reach_cluster(settings: Settings, patience: Patience, environ: Mapping[str, str]) -> Connection:
    """Return a connection to an API server that answers and has our CRDs."""
    connection = _connect(settings, environ)
    with _explained(connection):
        patience.insist(lambda: _version(connection))
        problem = patience.insist(lambda: crd_problem(connection))
    if problem:
        raise StartFailure(Exit.NO_CRD, problem)
    return connection


def check_rights(connection: Connection, settings: Settings, patience: Patience, lease_namespace: str) -> None:
    """Refuse to start without a vital right; log others that are missing."""
    with _explained(connection):
        missing = patience.insist(lambda: missing_rights(connection, settings.namespaces))
        if settings.leader_elect:
            missing += patience.insist(lambda: missing_rights(connection, [lease_namespace], LEASE_RIGHTS))
    if vital := [_named(right, namespace) for right, namespace in missing if right.is_vital]:
        raise StartFailure(
            Exit.NO_PERMISSION,
            f"the operator's identity may not {'; '.join(vital)}: grant it as deploy/base/rbac.yaml does",
        )
    for right, namespace in missing:
        _log.warning("a permission is missing; the operator runs without", right=_named(right, namespace))


def first_list(connection: Connection, sweep: Callable[[], int], patience: Patience) -> None:
    """List all resources for the engine once."""
    with _explained(connection):
        count = patience.insist(sweep)
    _log.info("resources listed", resources=count)


def check_aws(connect_aws: Callable[[], Aws]) -> Aws:
    """Connect to AWS and look whether there are credentials; no call is made yet."""
    try:
        cloud = connect_aws()
        _log.info("AWS credentials found", source=cloud.credential_source())
    except PortError as error:
        raise StartFailure(Exit.NO_AWS_CREDENTIALS, error.why) from error
    return cloud


def _connect(settings: Settings, environ: Mapping[str, str]) -> Connection:
    try:
        return connect(settings.kubeconfig, settings.context, environ)
    except NoCluster as error:
        if settings.kubeconfig or settings.context:
            raise StartFailure(Exit.BAD_CONFIGURATION, f"{error}; check --kubeconfig or --context") from error
        raise StartFailure(Exit.NO_CLUSTER, f"{error}; give --kubeconfig, or run in a pod") from error


def _version(connection: Connection) -> None:
    try:
        connection.call("get", "version", "/version", SERVER_VERSION)
    except Denied:
        return  # it answers, which is all that is asked here; who may do what is looked at later


@contextmanager
def _explained(connection: Connection) -> Iterator[None]:
    try:
        yield
    except Denied as error:
        raise StartFailure(Exit.NO_PERMISSION, error.why) from error
    except PortError as error:
        raise StartFailure(Exit.NO_CLUSTER, f"no cluster at {connection.server}: {error.why}") from error


def _named(right: Right, namespace: str) -> str:
    if not right.is_namespaced:
        return str(right)
    return f"{right} in {f'namespace {namespace}' if namespace else 'all namespaces'}"
