"""Who makes a call: an identity that lasts, or a session of a role. Values only; sessions.py keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from devenv.aws.iam_policies import Policy


@dataclass(frozen=True)
class RoleSession:
    """Temporary credentials. `tags` are the session tags; `policies` those that the role had when it was assumed, which
    hold on when it is deleted; `is_governed`: the role exists (sts.py says what else there is)."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    role_arn: str
    role_id: str
    name: str
    tags: Mapping[str, str]
    expires_at: datetime
    policies: tuple[Policy, ...] = ()
    is_governed: bool = True

    @property
    def account(self) -> str:
        return self.role_arn.split(":")[4]

    @property
    def user_id(self) -> str:
        return f"{self.role_id}:{self.name}"

    @property
    def arn(self) -> str:
        """Without the role's path, as GetCallerIdentity and CloudTrail write it."""
        partition, role = self.role_arn.split(":")[1], self.role_arn.rpartition("/")[2]
        return f"arn:{partition}:sts::{self.account}:assumed-role/{role}/{self.name}"


@dataclass(frozen=True)
class Caller:
    """`role_arn` is that of whoever assumed a role, `session` what STS gave out here for it (not by web identity).
    `is_known` is False for temporary credentials that nobody gave out."""

    account: str
    arn: str
    user_id: str
    role_arn: str | None = None
    session: RoleSession | None = None
    is_known: bool = True

    @property
    def session_name(self) -> str | None:
        return self.arn.rpartition("/")[2] if self.role_arn else None

    @property
    def session_tags(self) -> dict[str, str]:
        return dict(self.session.tags) if self.session else {}

    def is_named_by(self, principal: str) -> bool:
        """By a policy's Principal, itself: the ARN of its role, its session or its user, or everybody."""
        return principal in ("*", self.arn, self.role_arn)

    def is_of_account(self, principal: str) -> bool:
        """Whether a policy's Principal means its whole account, by its number or its root."""
        return principal in (self.account, f"arn:{self.arn.split(':')[1]}:iam::{self.account}:root")

    def context(self) -> dict[str, list[str]]:
        """What condition keys tell about it, by their names in lower case.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html : aws:PrincipalArn is
        the role's ARN for a session of it."""
        known = {
            "aws:principalarn": [self.role_arn or self.arn],
            "aws:principalaccount": [self.account],
            "aws:userid": [self.user_id],
        }
        return known | tags_context("aws:principaltag", self.session_tags)


def of_session(session: RoleSession, *, token: str) -> Caller:
    """Whoever signs with a session's key; the token must be the one that was given out beside it."""
    return Caller(
        session.account, session.arn, session.user_id, session.role_arn, session, is_known=token == session.token
    )


def user_of(account: str) -> Caller:
    """The identity of an account that needs no setting up: a user who may do everything."""
    return Caller(account, f"arn:aws:iam::{account}:user/emulated", "AIDAEMULATEDEMULATED1")


def tags_context(prefix: str, tags: Mapping[str, str]) -> dict[str, list[str]]:
    return {f"{prefix}/{key}".lower(): [value] for key, value in tags.items()}


def by_key(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as STS writes them, [{Key, Value}]."""
    return {tag["Key"]: tag["Value"] for tag in tags}
