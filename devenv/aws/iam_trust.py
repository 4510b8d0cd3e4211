"""Whether a caller may assume a role: what the role's trust policy says, and what the caller's own policies say. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html : an explicit
Deny on either side decides; the trust policy must allow; the caller's own policies must as well across accounts, and
within one where the trust policy names the account and not the caller.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html : a principal is an account
(number or root), a role, a session, a user or `*`; an asterisk within an ARN means nothing. Principals of other kinds
(Service, Federated, CanonicalUser) do not mean a caller here.

On AWS a role's ARN in a trust policy turns into the role's id when it is saved, so that a role that is made again under
its old name is not trusted any more. That is not emulated.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devenv.aws.errors import AwsError
from devenv.aws.iam_conditions import listed
from devenv.aws.iam_policies import ALLOWED, EXPLICIT_DENY, Policy, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devenv.aws.callers import Caller
    from devenv.aws.iam_conditions import Context


def may_assume(
    caller: Caller, own: Sequence[Policy] | None, trust: Policy, role_arn: str, action: str, context: Context
) -> bool:
    """`own` are the caller's policies, None where nothing limits it; `action` is sts:AssumeRole or sts:TagSession."""
    direct = _for_principals(trust, caller.is_named_by)
    whole = _for_principals(trust, lambda each: caller.is_named_by(each) or caller.is_of_account(each))
    if judge([whole], action, role_arn, context, is_whole=True).decision != ALLOWED:
        return False
    itself = ALLOWED if own is None else judge(own, action, role_arn, context, is_whole=True).decision
    if itself == EXPLICIT_DENY:
        return False
    is_named = judge([direct], action, role_arn, context, is_whole=True).decision == ALLOWED
    return itself == ALLOWED or (is_named and caller.account == role_arn.split(":")[4])


def _for_principals(trust: Policy, means: Callable[[str], bool]) -> Policy:
    """The part of a trust policy whose principals mean the caller."""
    meant = [statement for statement in trust.statements() if any(map(means, _principals(statement)))]
    return Policy(trust.id, trust.source_type, json.dumps({"Statement": meant}))


def _principals(statement: dict[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        raise AwsError("PolicyEvaluation", "The emulator does not evaluate NotPrincipal.", status=500)
    principal = statement.get("Principal", {})
    return [principal] if isinstance(principal, str) else listed(principal.get("AWS", []))
