"""Two accounts with a role each: the operator's own, and one of a team that trusts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from devenv.aws.client import Emulator, trusting
from tests.devenv.aws.world import T0

if TYPE_CHECKING:
    from devenv.aws.server import AwsEmulator

HOME, TEAM = "123456789012", "222222222222"
OPERATOR_ROLE = f"arn:aws:iam::{HOME}:role/operator"
TEAM_ROLE = f"arn:aws:iam::{TEAM}:role/sfn-rollouts"
EXTERNAL_ID = "team-payments"
_A_WEEK = 7 * 86_400


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class Accounts:
    """`home` and `team` are their control surfaces; the operator acts as a session of its own role, as a pod does."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self.now: datetime = T0
        self.home = emulator.client
        self.team = Emulator(emulator.url, account=TEAM)
        self.home.put_role("operator")
        self.team.put_role("sfn-rollouts", trust=trusting(OPERATOR_ROLE, external_id=EXTERNAL_ID, may_tag=True))
        self.operator = self.home.credentials("operator", "pod", seconds=_A_WEEK)  # a pod's are renewed by themselves
        self.sts = self.home.boto3_client("sts", **self.operator)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def assume(self, session_name: str = "payments.orders", **more: Any) -> dict[str, Any]:
        wanted = {"RoleArn": TEAM_ROLE, "RoleSessionName": session_name, "ExternalId": EXTERNAL_ID} | more
        answer: dict[str, Any] = self.sts.assume_role(**wanted)
        return answer

    def keys(self, session_name: str = "payments.orders", **more: Any) -> dict[str, str]:
        """Credentials of the team's role, as boto3 names them."""
        return as_keys(self.assume(session_name, **more)["Credentials"])

    def client(self, service: str, session_name: str = "payments.orders", **more: Any) -> Any:
        return self.team.boto3_client(service, **self.keys(session_name, **more))


def as_keys(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": f"sfnrollouts.dev/{key}", "Value": value} for key, value in values.items()]
