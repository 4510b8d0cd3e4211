"""Several teams under one operator: a namespace and an AWS account for each, and a role there that it assumes.

    orders.grant()
    orders.story.apply(version=2)
    orders.story.wait_for_phase("Succeeded")
    assert orders.writers() == [(orders.role, f"{orders.story.namespace}.rollout")] * 3

The operator's own identity is a role that may assume those roles and nothing else, and each of these may do what is
allowed in its own account, both by the documents of deploy/aws. What a story needs beyond that AWS refuses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from devenv.aws.client import Emulator
from devenv.aws.journal import CallRecord
from devenv.waiting import wait_until
from tests.e2e.cluster import OF_WHAT_HAS_NO_NAMESPACE
from tests.e2e.rights import IAM_POLICY
from tests.e2e.story import DEADLINE_S, Status, Story, condition_of

AWS = IAM_POLICY.parent
ROLE = "sfn-rollouts"
"""Name of the operator's role, and of that in each team's account."""
MACHINES = "Orders-"
"""How the names of all state machines begin that stories have."""
NAMESPACE_TAG, ROLLOUT_TAG = "sfnrollouts.dev/namespace", "sfnrollouts.dev/rollout"
Document = dict[str, Any]
_ABOUT_ITSELF = ("GetCallerIdentity", "AssumeRole")


@dataclass(frozen=True)
class Team:
    """`story` is that of its namespace, state machine and alias; `role` the ARN of its role, `external_id` what that
    role asks for."""

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


def put_operators_role(aws: Emulator, *policies: Document) -> str:
    """The operator's own role: by default it may do what deploy/aws/assume-role-policy.json says, and nothing else.
    Its ARN."""
    return aws.put_role(ROLE, *(policies or (shipped("assume-role-policy.json"),)))


def put_teams_role(aws: Emulator, external_id: str, tagged_namespace: str | None = None) -> str:
    """The role of a team's account, by the documents of deploy/aws/target. Its ARN.

    With `tagged_namespace` it trusts only sessions that are tagged with this namespace.
    """
    policy = shipped("target/iam-policy.json", {"222222222222": aws.account, "payments-": MACHINES})
    trust = shipped("target/trust-policy.json", {"payments-production": external_id})
    if tagged_namespace is not None:
        assume = next(each for each in trust["Statement"] if each["Action"] == "sts:AssumeRole")
        assume["Condition"]["StringEquals"][f"aws:RequestTag/{NAMESPACE_TAG}"] = tagged_namespace
    return aws.put_role(ROLE, policy, trust=trust)


def shipped(name: str, names: Mapping[str, str] | None = None) -> Document:
    """A document of deploy/aws, with other names in it."""
    text = (AWS / name).read_text()
    for written, here in (names or {}).items():
        assert written in text, f"{name} does not name {written} any more"
        text = text.replace(written, here)
    document: Document = json.loads(text)
    return document


def of_account(aws: Emulator, account: str) -> Emulator:
    """The same AWS, as that account."""
    return replace(aws, account=account)


def _accounts(call: CallRecord) -> set[str]:
    """Whose the credentials are, and whose what it is about; calls about credentials are nobody's."""
    if call.operation in _ABOUT_ITSELF:
        return set()
    named = json.dumps(call.params).split(":")
    return {call.account, *(part for part in named if len(part) == 12 and part.isdecimal())}
