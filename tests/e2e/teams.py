"""Several teams under one operator: a namespace and an AWS account for each, and a role there that it assumes.

    orders.grant()
    orders.story.apply(version=2)
    orders.story.wait_for_phase("Succeeded")
    assert orders.signatures() == {(orders.role, f"{orders.story.namespace}.rollout")}

The operator's own identity is a role that may assume those roles and nothing else; each of them may do exactly what
deploy/aws/iam-policy.json allows, in its own account. What a story needs beyond that AWS refuses.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from devenv.aws.client import Emulator, trusting
from devenv.aws.journal import CallRecord
from devenv.waiting import wait_until
from tests.e2e.cluster import OF_WHAT_HAS_NO_NAMESPACE
from tests.e2e.rights import IAM_POLICY, POLICYS_ACCOUNT
from tests.e2e.story import DEADLINE_S, Status, Story, condition_of

ROLE = "sfn-rollouts"
"""Name of the role in each team's account."""
OPERATORS_ROLE = "operator"
MAY_ASSUME = ("sts:AssumeRole",)
MAY_TAG = ("sts:AssumeRole", "sts:TagSession")
NAMESPACE_TAG, ROLLOUT_TAG = "sfnrollouts.dev/namespace", "sfnrollouts.dev/rollout"
_ABOUT_ITSELF = ("GetCallerIdentity", "AssumeRole")


@dataclass(frozen=True)
class Team:
    """`story` is that of its namespace, state machine and alias; `role` the ARN of its role, `external_id` what that
    one asks for."""

    story: Story
    role: str
    external_id: str | None = None

    # -- what the platform team does

    def grant(self, name: str | None = None, **fields: Any) -> str:
        """Create an AWSAccess, named as the namespace, for its machines. `fields` replace what is in the spec; None
        takes a field away. Its name."""
        spec = {
            "namespaces": {"names": [self.story.namespace]},
            "stateMachines": [f"{self.story.machine}*"],
            "roleArn": self.role,
            "externalId": self.external_id,
        } | fields
        name = name or self.story.namespace
        self.story.cluster.create_access(name, {key: value for key, value in spec.items() if value is not None})
        return name

    def narrow(self, **fields: Any) -> None:
        """Edit the AWSAccess."""
        self.story.cluster.edit_access(self.story.namespace, **fields)

    def revoke(self) -> None:
        """Take the AWSAccess away."""
        self.story.cluster.delete_access(self.story.namespace)

    def trust_again(self) -> None:
        """The role is as it was at first, also after it was deleted."""
        put_teams_role(self.story.aws, self.external_id)

    # -- what is waited for, and seen

    def wait_for_access(self, reason: str, rollouts: int | None = None) -> Status:
        """Ready of its AWSAccess gives this reason, and so many rollouts use it; gives that status."""

        def look() -> Status | None:
            status = self.access_status()
            is_counted = rollouts is None or status["rollouts"] == rollouts
            return status if condition_of(status).get("reason") == reason and is_counted else None

        found = wait_until(look, DEADLINE_S, f"AWSAccess {self.story.namespace} to say {reason}, {rollouts} rollouts")
        assert found is not None
        return found

    def access_status(self) -> Status:
        return Status(self.story.cluster.access(self.story.namespace).get("status", {}))

    def wait_for_access_event(self, reason: str) -> tuple[str, str]:
        """(type, message) of an Event about its AWSAccess."""

        def look() -> tuple[str, str] | None:
            events = self.story.cluster.events(OF_WHAT_HAS_NO_NAMESPACE, self.story.namespace)
            return next(((kind, message) for kind, found, message in events if found == reason), None)

        found = wait_until(look, DEADLINE_S, f"an Event {reason} about AWSAccess {self.story.namespace}")
        assert found is not None
        return found

    def calls(self) -> list[CallRecord]:
        """What AWS was asked about its account, by whomever, other than who one is."""
        account = self.story.aws.account
        return [call for call in self.story.aws.calls() if account in _accounts(call)]

    def signatures(self) -> set[tuple[str | None, str | None]]:
        """(role, name of its session) of each of these calls."""
        return {(call.role, call.session_name) for call in self.calls()}

    def writers(self) -> list[tuple[str | None, str | None]]:
        """(role, name of its session) of each change of its alias, oldest first."""
        calls = self.story.aws.calls("UpdateStateMachineAlias")
        changes = [call for call in calls if call.params["stateMachineAliasArn"] == self.story.alias]
        return [(call.role, call.session_name) for call in changes]

    def asked(self) -> list[CallRecord]:
        """Requests for its role, whatever became of them."""
        return [call for call in self.story.aws.calls("AssumeRole") if call.params["RoleArn"] == self.role]


def put_operators_role(aws: Emulator, roles: Sequence[str], actions: Sequence[str] = MAY_ASSUME) -> str:
    """The operator's own role, which may take these actions on these roles, and nothing else. Its ARN."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(roles)}
    return aws.put_role(OPERATORS_ROLE, {"Version": "2012-10-17", "Statement": [statement]})


def put_teams_role(aws: Emulator, external_id: str | None = None, tagged_namespace: str | None = None) -> str:
    """The role of a team's account, with the shipped policy. Its ARN.

    It trusts the operator's role; with `tagged_namespace` only for sessions that are tagged with this namespace.
    """
    operator = f"arn:aws:iam::{POLICYS_ACCOUNT}:role/{OPERATORS_ROLE}"
    trust = trusting(operator, external_id=external_id, may_tag=tagged_namespace is not None)
    if tagged_namespace is not None:
        condition = trust["Statement"][0].setdefault("Condition", {}).setdefault("StringEquals", {})
        condition[f"aws:RequestTag/{NAMESPACE_TAG}"] = tagged_namespace
    return aws.put_role(ROLE, shipped_policy(aws.account), trust=trust)


def shipped_policy(account: str) -> dict[str, Any]:
    """deploy/aws/iam-policy.json as it is written for an account."""
    policy: dict[str, Any] = json.loads(IAM_POLICY.read_text().replace(POLICYS_ACCOUNT, account))
    return policy


def of_account(aws: Emulator, account: str) -> Emulator:
    """The same AWS, as that account."""
    return replace(aws, account=account)


def _accounts(call: CallRecord) -> set[str]:
    """Whose the credentials are, and whose what it is about; calls about credentials are nobody's."""
    if call.operation in _ABOUT_ITSELF:
        return set()
    named = json.dumps(call.params).split(":")
    return {call.account, *(part for part in named if len(part) == 12 and part.isdecimal())}
