"""What is granted, what is asked for, and the difference both ways: Kubernetes roles and the IAM policy alike."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from devenv.aws.journal import CallRecord

_AWS = Path(__file__).parents[2] / "deploy" / "aws"
IAM_POLICY = _AWS / "iam-policy.json"
ASSUME_POLICY = _AWS / "assume-role-policy.json"
"""What the operator's own role has besides, where AWSAccesses name roles."""
POLICYS_ACCOUNT = "123456789012"
"""What stands there for the account in which the policy is used."""
_SERVICES = {"stepfunctions": "states"}
"""IAM's name of a service where it is not the endpoint's."""

Manifest = Mapping[str, Any]


class Right(NamedTuple):
    """One verb on one resource. An empty `name` or `namespace` means any; a subresource follows a slash."""

    verb: str
    group: str
    resource: str
    name: str = ""
    namespace: str = ""

    def covers(self, request: "Right") -> bool:
        """Whether it is enough for what was asked for."""
        return self[:3] == request[:3] and self.name in ("", request.name) and self.namespace in ("", request.namespace)

    def __str__(self) -> str:
        what = "/".join(filter(None, (f"{self.resource}{self.group and '.' + self.group}", self.name)))
        return f"{self.verb} {what}{self.namespace and ' in ' + self.namespace}"


EVERYBODYS = Right("create", "authorization.k8s.io", "selfsubjectaccessreviews")
"""Granted to all who are authenticated (system:basic-user), as is reading of /version, /api and /apis."""


def rights_granted(manifests: Sequence[Manifest], account: tuple[str, str]) -> set[Right]:
    """All that the bindings among the manifests give a service account, by namespace and name."""
    return {right for binding in manifests if _is_for(binding, account) for right in _bound(manifests, binding)}


def rights_requested(events: Iterable[Mapping[str, Any]], user: str) -> set[Right]:
    """What the API server let this user do with resources; paths like /apis are everybody's.

    A refusal is no request: those are looked for after each test.
    """
    return {
        _request(event)
        for event in events
        if event["user"]["username"] == user
        and "resource" in event.get("objectRef", {})
        and event.get("responseStatus", {}).get("code") != 403
    }


def not_granted(requests: Iterable[Right], granted: Iterable[Right]) -> list[str]:
    """Requests that no right covers."""
    rights = {*granted, EVERYBODYS}
    return sorted(str(request) for request in requests if not any(right.covers(request) for right in rights))


def not_used(requests: Iterable[Right], granted: Iterable[Right]) -> list[str]:
    """Rights that cover no request."""
    asked = set(requests)
    return sorted(str(right) for right in granted if not any(right.covers(request) for request in asked))


PEOPLES = ("states:StartExecution", "states:DeleteStateMachineAlias", "states:DeleteStateMachine")
"""Called by the stories themselves, as callers of a state machine and people do; the operator starts but the smoke."""

NEEDS_NO_PERMISSION = ("sts:GetCallerIdentity", ":AssumeRoleWithWebIdentity")
"""No policy can deny the first; the second is asked of the role's trust policy, unsigned, so it names no service."""


class AwsCall(NamedTuple):
    """An action as IAM names it, and the ARN that it was about; empty where the call names none."""

    action: str
    arn: str


def aws_calls(record: "CallRecord") -> set[AwsCall]:
    """What IAM would be asked about this call: one action, or two.

    What a role does in another account is compared with the same policy, written for that account.
    """
    action = f"{_SERVICES.get(record.service, record.service)}:{record.operation}"
    arn = next(_arns(record.params), "").replace(f":{record.account}:", f":{POLICYS_ACCOUNT}:", 1)
    tagging = {AwsCall("sts:TagSession", arn)} if action == "sts:AssumeRole" and "Tags" in record.params else set()
    return {AwsCall(action, arn), *tagging}


def iam_statements(policy: Path = IAM_POLICY) -> list[tuple[str, list[str]]]:
    """(action, resource patterns) of each action that a policy document allows."""
    document = json.loads(policy.read_text())
    return [
        (action, _listed(statement["Resource"]))
        for statement in document["Statement"]
        for action in _listed(statement["Action"])
        if statement["Effect"] == "Allow"
    ]


def shipped_statements() -> list[tuple[str, list[str]]]:
    """(action, resource patterns) of all that the operator's role may be given."""
    return iam_statements() + iam_statements(ASSUME_POLICY)


def not_allowed(calls: Iterable[AwsCall], statements: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Calls that the policy would deny."""
    operators = [call for call in calls if call.action not in (*PEOPLES, *NEEDS_NO_PERMISSION)]
    return sorted({f"{call.action} on {call.arn or '*'}" for call in operators if not _is_allowed(call, statements)})


def not_called(calls: Iterable[AwsCall], statements: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Actions that the policy allows in vain."""
    called = {call.action for call in calls}
    return sorted(action for action, _ in statements if action not in called)


def _is_allowed(call: AwsCall, statements: Sequence[tuple[str, list[str]]]) -> bool:
    return any(
        action == call.action and any(fnmatchcase(call.arn, pattern) for pattern in patterns)
        for action, patterns in statements
    )


def _arns(params: Any) -> Iterator[str]:
    """At any depth: a new alias is named after the versions that it routes to."""
    if isinstance(params, str) and params.startswith("arn:"):
        yield params
    elif isinstance(params, dict | list):
        for value in params.values() if isinstance(params, dict) else params:
            yield from _arns(value)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _is_for(manifest: Manifest, account: tuple[str, str]) -> bool:
    subject = {"kind": "ServiceAccount", "namespace": account[0], "name": account[1]}
    return manifest["kind"] in ("RoleBinding", "ClusterRoleBinding") and subject in manifest["subjects"]


def _bound(manifests: Sequence[Manifest], binding: Manifest) -> Iterator[Right]:
    namespace = binding["metadata"].get("namespace", "")
    reference = binding["roleRef"]
    wanted = (reference["kind"], reference["name"], namespace if reference["kind"] == "Role" else "")
    [role] = [each for each in manifests if _identity(each) == wanted]
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    yield from (Right(verb, group, resource, name, namespace) for verb in rule["verbs"])


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata["name"], metadata.get("namespace", "")


def _request(event: Mapping[str, Any]) -> Right:
    about = event["objectRef"]
    resource = "/".join(about[part] for part in ("resource", "subresource") if part in about)
    return Right(event["verb"], about.get("apiGroup", ""), resource, about.get("name", ""), about.get("namespace", ""))
