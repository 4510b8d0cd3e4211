"""SimulatePrincipalPolicy: what a role's policies, and its permissions boundary, say to actions on resources.

API reference: every action is evaluated on every resource; with ResourceArns the decisions and missing context values
are those of ResourceSpecificResults, and EvalResourceName beside them is a template, no resource. Policies of resources
are not simulated for roles. Context keys are known by ContextEntries alone.

Not established, and chosen here:
- with several resources the decision of the action as a whole is the strictest;
- a page counts decisions, so an action with many resources may go on on the next page, as a further result;
- a role of another account is denied; names of actions are checked for their form only.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devenv.aws import iam_roles
from devenv.aws.errors import AwsError, access_denied
from devenv.aws.iam_policies import ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY, Policy, Verdict, judge
from devenv.aws.pagination import page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devenv.aws.region import Fields, Params, Region

_ANY = "*"
_STRICTEST_FIRST = (EXPLICIT_DENY, IMPLICIT_DENY, ALLOWED)
_UNSUPPORTED = ("ResourcePolicy", "PermissionsBoundaryPolicyInputList", "PolicyExclusionList", "CallerArn")
_TEMPLATES = {
    "lambda": "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}",
    "states": "arn:${Partition}:states:${Region}:${Account}:stateMachine:${StateMachineName}",
}
"""Of the resource types that tests ask about; `*` elsewhere, as AWS says where an action has no format."""


@dataclass(frozen=True)
class _Decision:
    action: str
    resource: str
    verdict: Verdict
    is_within_boundary: bool | None

    @property
    def decision(self) -> str:
        """A boundary allows nothing; it only takes away."""
        return self.verdict.decision if self.is_within_boundary in (None, True) else self._without_boundary()

    def _without_boundary(self) -> str:
        return EXPLICIT_DENY if self.verdict.decision == EXPLICIT_DENY else IMPLICIT_DENY


def simulate(region: Region, params: Params) -> Fields:
    _require_supported(params)
    _require_role_of(region, params["PolicySourceArn"])
    policies = iam_roles.policies_of(region, params["PolicySourceArn"]) + _handed_over(params)
    boundary = iam_roles.boundary_of(region, params["PolicySourceArn"])
    context = {entry["ContextKeyName"].lower(): entry["ContextKeyValues"] for entry in params.get("ContextEntries", [])}
    pairs, marker = page(
        list(itertools.product(params["ActionNames"], params.get("ResourceArns") or [_ANY])),
        scope=f"SimulatePrincipalPolicy {_digest(params)}",
        size=params.get("MaxItems") or 100,
        token=params.get("Marker"),
        now=region.now(),
        refusal=AwsError("InvalidInput", "Invalid Marker."),
    )
    decisions = [_decide(policies, boundary, action, resource, context) for action, resource in pairs]
    is_specific = params.get("ResourceArns", [_ANY]) != [_ANY]
    results = [_result(action, list(group), is_specific=is_specific) for action, group in _by_action(decisions)]
    return {"EvaluationResults": results, "IsTruncated": marker is not None, **({"Marker": marker} if marker else {})}


def _decide(
    policies: Sequence[Policy], boundary: Policy | None, action: str, resource: str, context: dict[str, list[str]]
) -> _Decision:
    verdict = judge(policies, action, resource, context)
    if boundary is None:
        return _Decision(action, resource, verdict, None)
    within = judge([boundary], action, resource, context)
    missing = dict.fromkeys((*verdict.missing, *within.missing))
    decision = EXPLICIT_DENY if within.decision == EXPLICIT_DENY else verdict.decision
    both = Verdict(decision, verdict.deciding, tuple(missing))
    return _Decision(action, resource, both, within.decision == ALLOWED)


def _by_action(decisions: Iterable[_Decision]) -> Iterable[tuple[str, Iterable[_Decision]]]:
    return itertools.groupby(decisions, key=lambda item: item.action)


def _result(action: str, decisions: list[_Decision], *, is_specific: bool) -> Fields:
    strictest = min((item.decision for item in decisions), key=_STRICTEST_FIRST.index)
    deciding = [policy for item in decisions if item.decision == strictest for policy in item.verdict.deciding]
    result: Fields = {
        "EvalActionName": action,
        "EvalResourceName": _TEMPLATES.get(action.partition(":")[0].lower(), _ANY) if is_specific else _ANY,
        "EvalDecision": strictest,
        "MatchedStatements": _matched(dict.fromkeys(deciding)),
        "MissingContextValues": [] if is_specific else list(decisions[0].verdict.missing),
    }
    if is_specific:
        result["ResourceSpecificResults"] = [_specific(item) for item in decisions]
    return result | _boundary_detail(decisions)


def _specific(item: _Decision) -> Fields:
    result: Fields = {
        "EvalResourceName": item.resource,
        "EvalResourceDecision": item.decision,
        "MatchedStatements": _matched(item.verdict.deciding),
        "MissingContextValues": list(item.verdict.missing),
    }
    return result | _boundary_detail([item])


def _boundary_detail(decisions: list[_Decision]) -> Fields:
    """Of a role that has a boundary."""
    found = [item.is_within_boundary for item in decisions]
    if None in found:
        return {}
    return {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": all(found)}}


def _matched(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    return [{"SourcePolicyId": policy.id, "SourcePolicyType": policy.source_type} for policy in policies]


def _handed_over(params: Params) -> list[Policy]:
    documents = params.get("PolicyInputList", [])
    return [Policy(f"PolicyInputList.{number}", "none", text) for number, text in enumerate(documents, start=1)]


def _digest(params: Params) -> str:
    """Identifies a question, so that a marker of one is refused by another."""
    asked = {name: value for name, value in params.items() if name not in ("Marker", "MaxItems")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _require_supported(params: Params) -> None:
    for name in _UNSUPPORTED:
        if name in params:
            raise AwsError("PolicyEvaluation", f"The emulator does not simulate {name}.", status=500)
    for action in params["ActionNames"]:
        if ":" not in action:
            raise AwsError("InvalidInput", f"Invalid Entity Action: {action}")


def _require_role_of(region: Region, arn: str) -> None:
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise AwsError("InvalidInput", f"Invalid Entity Arn: {arn} is no role, and the emulator simulates roles only.")
    if parts[4] != region.account:
        raise access_denied("iam", region.caller.arn, "iam:SimulatePrincipalPolicy", arn)
