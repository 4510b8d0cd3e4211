"""boto3 clients of each place, made when first used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sfn_rollouts.aws.credentials import fetching
from sfn_rollouts.aws.session import credential_source, open_session, settings

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_stepfunctions import SFNClient

    from sfn_rollouts.core.arn import Place


class Clients:
    """Reads are tried twice. Writes once: a second try inside boto3 might leave after the leader's lease ran out."""

    def __init__(self, workers: int, answer_timeout_s: float) -> None:
        # Clients may be shared by threads, sessions may not; one lock also makes their creation three times as fast.
        self._lock = threading.Lock()
        self._session = open_session()
        self._reading = settings(2, workers, answer_timeout_s)
        self._writing = settings(1, workers, answer_timeout_s)
        self._readers: dict[Place, SFNClient] = {}
        self._writers: dict[Place, SFNClient] = {}
        self._watchers: dict[Place, CloudWatchClient] = {}

    def credential_source(self) -> str:
        """Tell where the credentials come from. CredentialsError: there are none."""
        with self._lock:
            return credential_source(self._session)

    def reader(self, place: Place) -> SFNClient:
        """Give the client that reads Step Functions. CredentialsError: it cannot be made."""
        with self._lock, fetching():
            if place not in self._readers:
                self._readers[place] = self._session.client(
                    "stepfunctions", region_name=place.region, config=self._reading
                )
            return self._readers[place]

    def writer(self, place: Place) -> SFNClient:
        """Give the client that writes aliases. CredentialsError: it cannot be made."""
        with self._lock, fetching():
            if place not in self._writers:
                self._writers[place] = self._session.client(
                    "stepfunctions", region_name=place.region, config=self._writing
                )
            return self._writers[place]

    def watcher(self, place: Place) -> CloudWatchClient:
        """Give the client that reads alarms. CredentialsError: it cannot be made."""
        with self._lock, fetching():
            if place not in self._watchers:
                self._watchers[place] = self._session.client(
                    "cloudwatch", region_name=place.region, config=self._reading
                )
            return self._watchers[place]

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in [*self._readers.values(), *self._writers.values(), *self._watchers.values()]:
                client.close()
