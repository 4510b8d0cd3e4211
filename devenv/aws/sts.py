"""STS: AssumeRole and GetCallerIdentity. What else there is of STS, web identities among it, moto answers.

Documented:
- https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html : the constraints of its members, the duration
  (one hour at most where a session assumes a role, and never longer than the role's MaxSessionDuration), sts:TagSession
  beside sts:AssumeRole where session tags are passed, AssumedRoleUser;
- https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html : the text of a refusal. A role that does not
  exist is refused like one that trusts somebody else, so that nobody learns which roles an account has;
- https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html : it needs no permission, and no policy
  can deny it.

Not established, and chosen here:
- a refusal comes before a complaint about the duration, and after one about a member's form;
- the texts about an ARN of no role, about two tags with one key and about a reserved key;
- PackedPolicySize is the part of 2,048 characters that keys and values of the tags take.

Other than on AWS, so that a test sets up only what it is about:
- in an account whose roles no test has written every role can be assumed by everybody, though it does not exist, as
  moto has it;
- a role without any policy may do everything, and so may the users of an account.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from devenv.aws import iam_roles, iam_trust
from devenv.aws.callers import by_key, tags_context
from devenv.aws.errors import AwsError, access_denied
from devenv.aws.region import Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devenv.aws.iam_conditions import Context
    from devenv.aws.iam_roles import Role
    from devenv.aws.region import Fields, Params

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/.+")
_UNSUPPORTED = (
    "Policy", "PolicyArns", "TransitiveTagKeys", "SourceIdentity", "SerialNumber", "TokenCode", "ProvidedContexts"
)  # fmt: skip
_DEFAULT_SECONDS = 3600
_CHAINED_SECONDS = 3600
_PACKED = 2048


def assume_role(region: Region, params: Params) -> Fields:
    """Raises AccessDenied and ValidationError."""
    for name in _UNSUPPORTED:
        if name in params:
            raise AwsError("PolicyEvaluation", f"The emulator does not implement {name} of AssumeRole.", status=500)
    tags = _tags(params)
    place = account_of(region, params["RoleArn"])
    role = iam_roles.find(place, params["RoleArn"])
    _require_allowed(region, role, params, tags)
    role = role or iam_roles.pretended(params["RoleArn"])
    seconds = params.get("DurationSeconds", _DEFAULT_SECONDS)
    _require_duration(region, role, seconds)
    keys = iam_roles.issue_keys(place)
    session = region.shared.sessions.issue(role, keys, name=params["RoleSessionName"], tags=tags, seconds=seconds)
    packed = sum(len(key) + len(value) for key, value in tags.items())
    return {
        "Credentials": {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "Expiration": session.expires_at,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        **({"PackedPolicySize": packed * 100 // _PACKED} if tags else {}),
    }


def get_caller_identity(region: Region, _: Params) -> Fields:
    return {"UserId": region.caller.user_id, "Account": region.caller.account, "Arn": region.caller.arn}


def account_of(region: Region, role_arn: str) -> Region:
    """Where the IAM of the role's account is. Raises ValidationError."""
    found = _ROLE_ARN.fullmatch(role_arn)
    if found is None:
        raise AwsError("ValidationError", f"{role_arn} is invalid")
    return Region(found["account"], region.name, region.shared)


def _tags(params: Params) -> dict[str, str]:
    """Keys are compared without case, and `aws:` is reserved
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html)."""
    keys = Counter(tag["Key"].lower() for tag in params.get("Tags", []))
    for key, times in keys.items():
        if times > 1:
            raise AwsError("InvalidParameterValue", f"Duplicate tag keys found: {key}. Tag keys are case insensitive.")
        if key.startswith("aws:"):
            raise AwsError("InvalidParameterValue", f"Tag keys beginning with aws: are reserved: {key}")
    return by_key(params.get("Tags", []))


def _require_allowed(region: Region, role: Role | None, params: Params, tags: Mapping[str, str]) -> None:
    caller, arn = region.caller, params["RoleArn"]
    if role is None and arn.split(":")[4] not in region.shared.sessions.set_up:
        return
    own = iam_roles.limits_of(region, caller)
    context = _context(region, params, tags)
    for action in ("sts:AssumeRole", *(("sts:TagSession",) if tags else ())):
        if role is None or not iam_trust.may_assume(caller, own, role.trust, arn, action, context):
            raise access_denied("sts", caller.arn, action, arn)


def _context(region: Region, params: Params, tags: Mapping[str, str]) -> Context:
    """The keys of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html that a
    trust policy asks for."""
    known = {"sts:rolesessionname": [params["RoleSessionName"]], "aws:requestedregion": [region.name]}
    external = {"sts:externalid": [params["ExternalId"]]} if "ExternalId" in params else {}
    keys = {"aws:tagkeys": list(tags)} if tags else {}
    return region.caller.context() | known | external | keys | tags_context("aws:requesttag", tags)


def _require_duration(region: Region, role: Role, seconds: int) -> None:
    if region.caller.role_arn and seconds > _CHAINED_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise AwsError("ValidationError", text)
    if seconds > role.max_seconds:
        raise AwsError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
