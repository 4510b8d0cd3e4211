"""Roles, their policies and their keys, as moto keeps them: made by CreateRole and its kin, or through the control
surface."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from devenv.aws.arns import partition_of
from devenv.aws.callers import Caller
from devenv.aws.errors import AwsError
from devenv.aws.iam_policies import Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from devenv.aws.region import Fields, Region

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}

_UNSAID = "3600"
"""The MaxSessionDuration of a role that says none, in seconds."""


@dataclass(frozen=True)
class Role:
    """`exists` is False for one that STS only takes for a role (sts.py)."""

    arn: str
    id: str
    trust: Policy
    policies: tuple[Policy, ...]
    max_seconds: int
    exists: bool = True


@dataclass(frozen=True)
class Keys:
    access_key: str
    secret_key: str = field(repr=False)


def find(region: Region, arn: str) -> Role | None:
    role = _find(region, arn)
    return _read(role) if role is not None else None


def named(region: Region, name: str) -> Role:
    """Raises NoSuchEntity."""
    return _read(_translated(_backend(region).get_role, name))


def pretended(arn: str) -> Role:
    """A role of that name without anything, which may be assumed for as long as any."""
    trust = Policy("", "trust", json.dumps(_TRUST))
    return Role(arn, "AROAEMULATEDEMULATED1", trust, (), max_seconds=43_200, exists=False)


def limits_of(region: Region, caller: Caller) -> tuple[Policy, ...] | None:
    """The policies that limit a caller, as they are now; None where nothing does: no role, or one without policies.
    Permissions boundaries are for simulations alone."""
    role = find(region, caller.role_arn) if caller.role_arn else None
    last = caller.session.policies if caller.session else ()
    return (role.policies if role else last) or None


def issue_keys(region: Region) -> Keys:
    """New temporary keys, which moto's services take for the account too."""
    made = _backend(region).create_temp_access_key()
    return Keys(made.access_key_id, made.secret_access_key)


def keeper_of(access_key: str, account: str, region_name: str) -> Caller | None:
    """Whom moto gave a key to: a user of IAM, or who assumed a role by a web identity."""
    partition = partition_of(region_name)
    kept = iam_backends[account][partition].access_keys.get(access_key)
    if kept is None:
        return None
    user_id, arn, _ = sts_backends[account][partition].get_caller_identity(access_key, region_name)
    return Caller(account, arn, user_id, kept.role_arn)


def policies_of(region: Region, arn: str) -> list[Policy]:
    """The inline and attached policies of a role. Raises NoSuchEntity."""
    return _policies(_require(region, arn))


def _policies(role: Any) -> list[Policy]:
    inline = [Policy(f"role_{role.name}_{name}", "role", document) for name, document in role.policies.items()]
    return inline + [_managed(policy) for policy in role.managed_policies.values()]


def boundary_of(region: Region, arn: str) -> Policy | None:
    """Its permissions boundary, if it has one. Raises NoSuchEntity."""
    boundary = _require(region, arn).permissions_boundary_arn
    return _managed(_backend(region).get_policy(boundary)) if boundary else None


def put_role(
    region: Region, name: str, documents: dict[str, Fields], trust: Fields | None = None, max_seconds: int | None = None
) -> str:
    """A role with exactly these inline policies, by name; created when it is not there, trusting Step Functions. Trust
    and the longest session stay as they are where nothing is said of them. Its ARN."""
    backend = _backend(region)
    role = next((role for role in backend.get_roles() if role.name == name), None)
    role = role or _translated(backend.create_role, name, json.dumps(_TRUST), "/", None, "", [], _UNSAID)
    if trust is not None:
        set_trust(region, name, trust)
    if max_seconds is not None:
        role.max_session_duration = str(max_seconds)
    for policy in list(role.policies):
        role.delete_policy(policy)
    for policy, document in documents.items():
        _translated(backend.put_role_policy, name, policy, json.dumps(document))
    return str(role.arn)


def set_trust(region: Region, name: str, trust: Fields) -> None:
    """Sessions that there are go on. Raises NoSuchEntity, and MalformedPolicyDocument."""
    _translated(_backend(region).update_assume_role_policy, name, json.dumps(trust))


def delete_role(region: Region, name: str) -> None:
    put_role(region, name, {})
    _translated(_backend(region).delete_role, name)


def say(region: Region, name: str, effect: str, action: str, resource: str) -> None:
    """Adds an inline policy that allows or denies an action (Allow, Deny), and takes back what it said of it before."""
    backend = _backend(region)
    about = hashlib.sha256(f"{action} {resource}".lower().encode()).hexdigest()[:12]
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    _translated(backend.put_role_policy, name, f"said-{about}", document)


def _find(region: Region, arn: str) -> Any:
    return next((role for role in _backend(region).get_roles() if role.arn == arn), None)


def _read(role: Any) -> Role:
    trust = Policy(f"trust_{role.name}", "trust", role.assume_role_policy_document)
    return Role(role.arn, role.id, trust, tuple(_policies(role)), int(role.max_session_duration or _UNSAID))


def _require(region: Region, arn: str) -> Any:
    role = _find(region, arn)
    if role is None:
        name = arn.rpartition("/")[2]
        raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", status=404)
    return role


def _managed(policy: Any) -> Policy:
    document = next(version.document for version in policy.versions if version.is_default)
    source = "aws-managed" if ":iam::aws:" in policy.arn else "user-managed"
    return Policy(policy.name, source, document)


def _backend(region: Region) -> Any:
    return iam_backends[region.account][partition_of(region.name)]


def _translated(call: Callable[..., Any], *arguments: object) -> Any:
    try:
        return call(*arguments)
    except ServiceException as error:
        raise AwsError(error.code, error.message) from None
