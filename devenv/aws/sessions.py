"""The temporary credentials that STS gave out, and by which clock they expire.

Documented (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html):
credentials stay valid until they expire, whatever becomes of the trust policy; a change of the role's permissions holds
for them at once. What holds for a role that was deleted is not established; here its sessions keep what it allowed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html : a request that is signed more
than 15 minutes off AWS's clock is refused as SignatureDoesNotMatch. Tests move the emulator's clock and not boto3's, so
what counts is the skew that a test sets, not the date of the signature.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from devenv.aws.callers import RoleSession
from devenv.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devenv.aws.iam_roles import Keys, Role

_TOLERATED = timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass
class Sessions:
    """`skew` is how far AWS's clock is ahead of its callers' where credentials are concerned. `set_up` are the accounts
    whose roles a test has written."""

    clock: Callable[[], datetime]
    skew: timedelta = timedelta(0)
    set_up: set[str] = field(default_factory=set)
    _by_key: dict[str, RoleSession] = field(default_factory=dict)

    def now(self) -> datetime:
        """To the second, as Expiration is written."""
        return (self.clock() + self.skew).replace(microsecond=0)

    def of(self, access_key: str) -> RoleSession | None:
        return self._by_key.get(access_key)

    def issue(self, role: Role, keys: Keys, *, name: str, tags: Mapping[str, str], seconds: int) -> RoleSession:
        session = RoleSession(
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            token=secrets.token_urlsafe(96),
            role_arn=role.arn,
            role_id=role.id,
            name=name,
            tags=dict(tags),
            expires_at=self.now() + timedelta(seconds=seconds),
            policies=role.policies,
            is_governed=role.exists,
        )
        self._by_key[session.access_key] = session
        return session

    def expire(self, account: str, role: str) -> int:
        """The credentials of a role's sessions, by its name, expire now; how many there were."""
        now = self.now()
        ended = [
            session
            for session in self._by_key.values()
            if session.expires_at > now and session.account == account and session.role_arn.rpartition("/")[2] == role
        ]
        self._by_key |= {session.access_key: replace(session, expires_at=now) for session in ended}
        return len(ended)

    def has_expired(self, session: RoleSession) -> bool:
        return session.expires_at <= self.clock() + self.skew

    def require_signed_in_time(self) -> None:
        """Raises SignatureDoesNotMatch where the caller's clock is too far from AWS's."""
        signed_at, now = self.clock(), self.clock() + self.skew
        if abs(self.skew) <= _TOLERATED:
            return
        is_late = self.skew > timedelta(0)
        said, limit, sign = (
            ("expired", now - _TOLERATED, "-") if is_late else ("not yet current", now + _TOLERATED, "+")
        )
        order = "now earlier" if is_late else "still later"
        text = (
            f"Signature {said}: {signed_at.strftime(_STAMP)} is {order} than {limit.strftime(_STAMP)} "
            f"({now.strftime(_STAMP)} {sign} 15 min.)"
        )
        raise AwsError("SignatureDoesNotMatch", text, status=403)
