"""Roles and their policies, as moto keeps them: made by CreateRole and its kin, or through the control surface."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.iam.models import iam_backends

from devenv.aws.arns import partition_of
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


def policies_of(region: Region, arn: str) -> list[Policy]:
    """The inline and attached policies of a role. Raises NoSuchEntity."""
    role = _require(region, arn)
    inline = [Policy(f"role_{role.name}_{name}", "role", document) for name, document in role.policies.items()]
    return inline + [_managed(policy) for policy in role.managed_policies.values()]


def boundary_of(region: Region, arn: str) -> Policy | None:
    """Its permissions boundary, if it has one. Raises NoSuchEntity."""
    boundary = _require(region, arn).permissions_boundary_arn
    return _managed(_backend(region).get_policy(boundary)) if boundary else None


def put_role(region: Region, name: str, documents: dict[str, Fields]) -> str:
    """A role with exactly these inline policies, by name; created when it is not there. Its ARN."""
    backend = _backend(region)
    role = next((role for role in backend.get_roles() if role.name == name), None)
    role = role or _translated(backend.create_role, name, json.dumps(_TRUST), "/", None, "", [], "3600")
    for policy in list(role.policies):
        role.delete_policy(policy)
    for policy, document in documents.items():
        _translated(backend.put_role_policy, name, policy, json.dumps(document))
    return str(role.arn)


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


def _require(region: Region, arn: str) -> Any:
    role = next((role for role in _backend(region).get_roles() if role.arn == arn), None)
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
