"""As whom AWS is called: the operator's own identity, or a role that an AWSAccess names."""

import re
from dataclasses import dataclass

_LONGEST_SESSION_NAME = 64
_NOT_IN_A_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What a session is opened with. `role` is an ARN; empty: the operator's own identity, which assumes nothing.

    `tags`: session tags as (key, value), for conditions on aws:PrincipalTag.
    """

    role: str = ""
    external_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.role or "the operator's own identity"


OWN = Identity()


@dataclass(frozen=True, slots=True, order=True)
class Caller:
    """Who makes a call: an identity, and the name that its session has in CloudTrail."""

    identity: Identity = OWN
    session_name: str = "sfn-rollouts"

    @classmethod
    def of_rollout(cls, identity: Identity, namespace: str, name: str) -> "Caller":
        """Return who calls for a rollout: CloudTrail shows `namespace.name`, cut to what AWS takes (64 characters)."""
        return cls(identity, _NOT_IN_A_SESSION_NAME.sub("-", f"{namespace}.{name}")[:_LONGEST_SESSION_NAME])
