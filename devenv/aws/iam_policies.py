"""What policy documents say to one action on one resource: allowed, implicitDeny or explicitDeny. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html : a Deny that applies decides,
else an Allow that applies, else nobody allows it.

Which missing context keys AWS reports is not established; here those of each statement whose action and resource fit,
because such a statement might speak if the key were known. A `${key}` in a resource counts like a condition's key; a
pattern whose variable nobody handed over fits no resource.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devenv.aws import iam_conditions
from devenv.aws.iam_conditions import VARIABLE, is_like, keys_of, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devenv.aws.iam_conditions import Context

ALLOWED, IMPLICIT_DENY, EXPLICIT_DENY = "allowed", "implicitDeny", "explicitDeny"
_LITERALS = ("*", "?", "$")
"""`${*}` stands for an asterisk itself; here it counts as the wildcard."""


@dataclass(frozen=True)
class Policy:
    """`source_type` is role (an inline policy), user-managed, aws-managed, or none (handed over in the request)."""

    id: str
    source_type: str
    document: str

    def statements(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = listed(json.loads(self.document).get("Statement", []))
        return found


@dataclass(frozen=True)
class Verdict:
    """`deciding` are the policies whose statements decided it, `missing` the context keys that nobody handed over."""

    decision: str
    deciding: tuple[Policy, ...] = ()
    missing: tuple[str, ...] = ()


def judge(
    policies: Iterable[Policy], action: str, resource: str, context: Context, *, is_whole: bool = False
) -> Verdict:
    """`context` has the values of condition keys, by their names in lower case; `is_whole` says that a request has no
    others, as one that is made, other than one that is simulated."""
    said: dict[str, list[Policy]] = {"Allow": [], "Deny": []}
    missing: dict[str, None] = {}
    for policy in policies:
        for statement in _about(policy, action, resource, context):
            missing |= dict.fromkeys(_unknown_keys(statement, context))
            if _applies(statement, resource, context, is_whole=is_whole):
                said[statement["Effect"]].append(policy)
    if said["Deny"]:
        return Verdict(EXPLICIT_DENY, tuple(said["Deny"]), tuple(missing))
    return Verdict(ALLOWED if said["Allow"] else IMPLICIT_DENY, tuple(said["Allow"]), tuple(missing))


def _about(policy: Policy, action: str, resource: str, context: Context) -> Iterator[dict[str, Any]]:
    """The statements whose action fits, and whose resource fits or would if its variables were known."""
    for statement in policy.statements():
        actions = [pattern.lower() for pattern in _patterns(statement, "Action")]
        if _fits(statement, "Action", action.lower(), actions) and _might_fit(statement, resource, context):
            yield statement


def _applies(statement: dict[str, Any], resource: str, context: Context, *, is_whole: bool) -> bool:
    is_meant = _fits(statement, "Resource", resource, _known_resources(statement, context))
    return is_meant and iam_conditions.holds(statement.get("Condition", {}), context, is_whole=is_whole)


def _might_fit(statement: dict[str, Any], resource: str, context: Context) -> bool:
    at_most = [_filled(pattern, context) for pattern in _patterns(statement, "Resource")]
    return any(_fits(statement, "Resource", resource, each) for each in (at_most, _known_resources(statement, context)))


def _known_resources(statement: dict[str, Any], context: Context) -> list[str]:
    patterns = _patterns(statement, "Resource")
    return [_filled(pattern, context) for pattern in patterns if not _unknown_variables(pattern, context)]


def _fits(statement: dict[str, Any], element: str, text: str, patterns: Iterable[str]) -> bool:
    """NotAction and NotResource fit what none of their patterns means."""
    return any(is_like(text, pattern) for pattern in patterns) == (element in statement)


def _patterns(statement: dict[str, Any], element: str) -> list[str]:
    return listed(statement[element] if element in statement else statement.get(f"Not{element}", []))


def _unknown_keys(statement: dict[str, Any], context: Context) -> Iterator[str]:
    yield from (key for key in keys_of(statement.get("Condition", {})) if key.lower() not in context)
    for pattern in _patterns(statement, "Resource"):
        yield from _unknown_variables(pattern, context)


def _unknown_variables(pattern: str, context: Context) -> list[str]:
    names = VARIABLE.findall(pattern)
    return [name for name in names if name not in _LITERALS and name.lower() not in context]


def _filled(pattern: str, context: Context) -> str:
    """With the values of its variables; one that nobody handed over may be anything."""
    return VARIABLE.sub(lambda found: _value(found[1], context), pattern)


def _value(name: str, context: Context) -> str:
    return name if name in _LITERALS else next(iter(context.get(name.lower(), ())), "*")
