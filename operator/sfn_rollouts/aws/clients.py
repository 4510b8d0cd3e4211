"""boto3 clients of each region, made when first used and shared by all callers: none keeps credentials (0035)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sfn_rollouts.aws.again import try_again
from sfn_rollouts.aws.credentials import fetching
from sfn_rollouts.aws.roles import Roles
from sfn_rollouts.aws.session import credential_source, known_regions, open_core, open_session, settings
from sfn_rollouts.aws.sessions import Callers, RoleSessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    import boto3
    from botocore.config import Config
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient

    from sfn_rollouts.aws.credentials import Fetched
    from sfn_rollouts.core.values.identity import Caller
    from sfn_rollouts.ports import CallMeter, Clock

_STS_REGION = "us-east-1"
RUN_TIMEOUT_S = 310.0
"""AWS ends a synchronous execution after five minutes, and its answer comes no sooner than its end."""
_STS_TIMEOUT_S = 3.0
"""Nothing begins before STS has answered, or has failed."""


class Clients:
    """Reads are tried twice. Writes once: a second try inside boto3 might leave after the leader's lease ran out.
    Alarms once too: a rollback waits for them, and the alarm board tries again within a second.
    """

    def __init__(
        self,
        workers: int,
        answer_timeout_s: float,
        *,
        caller: Callable[[], Caller],
        clock: Clock,
        meter: CallMeter,
        random: Random,
    ) -> None:
        # Clients may be shared by threads, sessions may not; one lock also makes their creation three times as fast.
        self._lock = threading.Lock()
        self._own_lock = threading.Lock()  # taken last; a role is assumed without the other one
        self._own_core = open_core()
        self._assuming: Any = None
        self.callers = Callers(
            caller, self._own, RoleSessions(Roles(self._assumer, clock, meter).assume, clock, random)
        )
        self._session = self._open_session()
        self._once = settings(1, workers, answer_timeout_s)
        self._running = settings(1, workers, RUN_TIMEOUT_S)
        self._asking = settings(1, workers, min(answer_timeout_s, _STS_TIMEOUT_S))
        self._kept: dict[tuple[str, str], Any] = {}  # by what it is for and region
        self.regions = known_regions(self._session)

    def credential_source(self) -> str:
        """Return where the credentials come from. CredentialsError: there are none."""
        return credential_source(self._own())

    def reader(self, region: str) -> SFNClient:
        """Return the client that reads Step Functions. CredentialsError: it cannot be made."""
        client: SFNClient = self._client("reader", "stepfunctions", region, self._once, again=True)
        return client

    def writer(self, region: str) -> SFNClient:
        """Return the client that changes something, like aliases. CredentialsError: it cannot be made."""
        client: SFNClient = self._client("writer", "stepfunctions", region, self._once)
        return client

    def runner(self, region: str) -> SFNClient:
        """Return the client that waits for executions to end. CredentialsError: it cannot be made."""
        client: SFNClient = self._client("runner", "stepfunctions", region, self._running)
        return client

    def watcher(self, region: str) -> CloudWatchClient:
        """Return the client that reads alarms and metrics. CredentialsError: it cannot be made."""
        client: CloudWatchClient = self._client("watcher", "cloudwatch", region, self._once)
        return client

    def functions(self, region: str) -> LambdaClient:
        """Return the client that reads Lambda functions. CredentialsError: it cannot be made."""
        client: LambdaClient = self._client("functions", "lambda", region, self._once, again=True)
        return client

    def roles(self, region: str) -> IAMClient:
        """Return the client that asks IAM, in the partition of this region. CredentialsError: it cannot be made."""
        client: IAMClient = self._client("roles", "iam", region, self._once, again=True)
        return client

    def caller_identity(self) -> Mapping[str, Any]:
        """Ask STS whose credentials those of the current caller are."""
        return dict(self._client("identity", "sts", self._sts_region, self._asking).get_caller_identity())

    def leave(self, region: str) -> None:
        """Close what is kept for a region."""
        with self._lock:
            left = [key for key in self._kept if key[1] == region]
            clients = [self._kept.pop(key) for key in left]
        for client in clients:
            client.close()

    def count(self) -> int:
        """Return how many clients are kept."""
        with self._lock:
            return len(self._kept)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients = [*self._kept.values(), *([self._assuming] if self._assuming is not None else [])]
        for client in clients:
            client.close()

    @property
    def _sts_region(self) -> str:
        """Where no region is set STS is asked in us-east-1, as botocore does for its global endpoint."""
        return self._session.region_name or _STS_REGION

    def _open_session(self) -> boto3.Session:
        """A session that signs for the callers; it reads botocore's data once, together with that of the operator."""
        core = open_core()
        with fetching():
            core.register_component("data_loader", self._own_core.get_component("data_loader"))
        core.register_component("credential_provider", self.callers)
        return open_session(core=core)

    def _own(self) -> Fetched:
        """The operator's own credentials. CredentialsError: there are none."""
        with self._own_lock, fetching():
            found: Any = self._own_core.get_credentials()
            return found  # type: ignore[no-any-return] # `Chain` has made it

    def _assumer(self) -> Any:
        """The client that assumes roles, with the operator's own credentials."""
        region = self._sts_region
        with self._own_lock, fetching():
            if self._assuming is None:
                self._assuming = self._own_core.create_client("sts", region_name=region, config=self._asking)
            return self._assuming

    def _client(self, use: str, service: Any, region: str, config: Config, *, again: bool = False) -> Any:
        with self._lock, fetching():
            if (use, region) not in self._kept:
                client = self._session.client(service, region_name=region, config=config)
                if again:
                    try_again(client)
                self._kept[use, region] = client
            return self._kept[use, region]
