"""Roles that an AWSAccess names: STS's AssumeRole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.credentials import ReadOnlyCredentials

from sfn_rollouts.aws.answers import ForeignAnswer, field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.credentials import CredentialsError, RoleError, require_sendable
from sfn_rollouts.aws.timestamps import answered_at
from sfn_rollouts.aws.translation import translated
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.ports import CallMeter, Clock

DURATION_S = 3600
"""The longest that AWS grants to a session that assumes a role, as the operator's own mostly is one ("role chaining"):
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""


@dataclass(frozen=True, slots=True)
class Grant:
    """Credentials, and for how many seconds from the request on they hold."""

    keys: ReadOnlyCredentials
    lasts_s: float


class Roles:
    """Asks STS, as the operator itself. All threads may use it at once."""

    def __init__(self, client: Callable[[], Any], clock: Clock, meter: CallMeter) -> None:
        self._client = client
        self._clock = clock
        self._meter = meter

    def assume(self, caller: Caller) -> Grant:
        """Return the credentials of a new session, which CloudTrail shows by the caller's session name.

        Raises:
            RoleError: the role could not be assumed.
            CredentialsError: the operator's own credentials could not be fetched.
        """
        try:
            client = self._client()
            answer = client.assume_role(**_request(caller))
            with reading():
                grant = self._grant(answer)
        except CredentialsError:
            raise
        except Exception as error:  # noqa: BLE001 - the seam, as in `credentials.fetching`
            failure = RoleError(error, caller.identity)
            self._meter.aws_call(Api.ASSUME_ROLE, translated(failure, Api.ASSUME_ROLE, "").trouble)
            raise failure from None
        self._meter.aws_call(Api.ASSUME_ROLE, "OK")
        return grant

    def _grant(self, answer: dict[str, Any]) -> Grant:
        found = field(answer, "Credentials")
        keys = ReadOnlyCredentials(*(field(found, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))
        require_sendable(keys)
        if not all(keys[:3]):
            raise ForeignAnswer("the answer has an empty key")
        # By AWS's clock alone: one of ours that is wrong must not use credentials that have expired.
        left = field(found, "Expiration") - (answered_at(answer) or self._clock.now())
        return Grant(keys, min(left.total_seconds(), DURATION_S))


def _request(caller: Caller) -> dict[str, Any]:
    identity = caller.identity
    request: dict[str, Any] = {
        "RoleArn": identity.role,
        "RoleSessionName": caller.session_name,
        "DurationSeconds": DURATION_S,
    }
    if identity.external_id:
        request["ExternalId"] = identity.external_id
    if identity.tags:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in identity.tags]
    return request
