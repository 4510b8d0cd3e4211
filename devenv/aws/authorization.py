"""What AWS asks before a service sees a call: are the credentials valid, and may the caller do this?

Only sessions of roles are limited, and of these only roles that have policies (sts.py). What a role's policies say is
decided by iam_policies.py, live: a change holds at once for sessions that there are.

Documented, by service:
- Step Functions authorises by the state machine's ARN, whichever version or alias is meant, which the key
  states:StateMachineQualifier tells (https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html).
  It has no policies of resources, so a session of one account is denied whatever belongs to another one
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html). A role that
  does not exist (sts.py) does not find it instead.
- CloudWatch's calls name alarms and metrics without an account, so those of another account are not there.
  GetMetricData knows no resource but `*`; DescribeAlarms is asked about all alarms of the region, here even where it
  names some
  (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html).
- Lambda denies a function of another account (functions have policies of their own, which are not emulated), IAM a role
  of another account; both say so in their own modules.

Not established: the order of these checks. Here expired and unknown credentials are refused before quotas are spent,
and a missing permission after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devenv.aws import iam_roles
from devenv.aws.callers import tags_context
from devenv.aws.errors import access_denied, expired_token, unknown_token
from devenv.aws.iam_policies import ALLOWED, EXPLICIT_DENY, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devenv.aws.calls import Call
    from devenv.aws.region import Region

_NEEDS_NO_PERMISSION = ("GetCallerIdentity", "AssumeRole")
"""AssumeRole is decided together with the role's trust policy (iam_trust.py)."""
_ABOUT_ALL_METRICS = ("GetMetricData", "GetMetricStatistics", "ListMetrics")
_BY_MACHINE = ":stateMachine:"


def require_valid(region: Region, call: Call) -> None:
    """Raises for credentials that expired or that nobody gave out, and for a clock too far from STS's."""
    sessions, caller = region.shared.sessions, call.caller
    if call.service == "sts":
        sessions.require_signed_in_time()
    if not caller.is_known:
        raise unknown_token(call.service)
    if caller.session and sessions.has_expired(caller.session):
        raise expired_token(call.service)


def require_allowed(region: Region, call: Call) -> None:
    """Raises AccessDenied, in the words and with the code of the service."""
    session = call.caller.session
    if session is None or not session.is_governed or call.operation in _NEEDS_NO_PERMISSION:
        return
    resource, qualifier = _resource(region, call)
    is_foreign = call.service == "stepfunctions" and resource.split(":")[4:5] not in ([session.account], [])
    policies = iam_roles.limits_of(region, call.caller)
    context = _context(region, call, resource, qualifier)
    decision = ALLOWED if policies is None else judge(policies, call.action, resource, context, is_whole=True).decision
    if decision == EXPLICIT_DENY:
        why = "with an explicit deny in an identity-based policy"
    elif decision != ALLOWED:
        why = f"because no identity-based policy allows the {call.action} action"
    elif is_foreign:
        why = f"because no resource-based policy allows the {call.action} action"
    else:
        return
    raise access_denied(call.service, call.caller.arn, call.action, resource, why)


def _resource(region: Region, call: Call) -> tuple[str, str | None]:
    """The ARN that policies are asked about, and the version or alias of a state machine that is meant."""
    if call.service == "cloudwatch":
        return _alarm(region, call), None
    if call.service == "lambda":
        return _function(region, call), None
    arn = next(_arns(call.params), "*")
    if _BY_MACHINE not in arn:
        return arn, None
    parts = arn.split(":", 7)
    created = call.params.get("name") if call.operation == "CreateStateMachineAlias" else None
    return ":".join(parts[:7]), created or next(iter(parts[7:]), None)


def _alarm(region: Region, call: Call) -> str:
    if call.operation in _ABOUT_ALL_METRICS:
        return "*"
    return region.arn("cloudwatch", f"alarm:{call.params.get('AlarmName', '*')}")


def _function(region: Region, call: Call) -> str:
    """A name, or an ARN already; with its qualifier."""
    name, qualifier = str(call.params.get("FunctionName", "*")), call.params.get("Qualifier")
    arn = name if name.startswith("arn:") else region.arn("lambda", f"function:{name}")
    return f"{arn}:{qualifier}" if qualifier else arn


def _arns(params: Any) -> Iterator[str]:
    """At any depth: a new alias is named after the versions that it routes to."""
    if isinstance(params, str) and params.startswith("arn:"):
        yield params
    elif isinstance(params, dict | list):
        for value in params.values() if isinstance(params, dict) else params:
            yield from _arns(value)


def _context(region: Region, call: Call, resource: str, qualifier: str | None) -> dict[str, list[str]]:
    known = {"aws:requestedregion": [call.region]}
    qualified = {"states:statemachinequalifier": [qualifier]} if qualifier else {}
    tags = tags_context("aws:resourcetag", region.tags.get(resource, {}))
    return call.caller.context() | known | qualified | tags
