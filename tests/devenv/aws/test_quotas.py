"""Token buckets, by a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from devenv.aws.calls import Call
from devenv.aws.quotas import Quotas
from devenv.aws.server import AwsEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[AwsEmulator]:
    with AwsEmulator(clock=clock) as emulator:
        yield emulator


def outcomes(client: Any, alias: str, calls: int) -> list[str]:
    found = []
    for _ in range(calls):
        try:
            client.describe_state_machine_alias(stateMachineAliasArn=alias)
            found.append("ok")
        except ClientError as error:
            found.append(f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")
    return found


REFUSED = "ThrottlingException: Rate exceeded"


def test_a_bucket_empties_and_refills_at_its_rate(emulator: AwsEmulator, clock: Clock) -> None:
    aws = emulator.client
    alias = aws.create_alias(aws.publish_machine("Orders"), "live", {1: 100})
    sfn = aws.boto3_client("stepfunctions")
    aws.set_quotas(limits={"DescribeStateMachineAlias": (2, 1)})
    assert outcomes(sfn, alias, 3) == ["ok", "ok", REFUSED]
    clock.advance(1)
    assert outcomes(sfn, alias, 2) == ["ok", REFUSED]
    clock.advance(60)
    assert outcomes(sfn, alias, 3) == ["ok", "ok", REFUSED]
    aws.set_quotas(on=False)
    assert outcomes(sfn, alias, 3) == ["ok"] * 3


def test_without_being_switched_on_nothing_is_throttled(emulator: AwsEmulator) -> None:
    aws = emulator.client
    alias = aws.create_alias(aws.publish_machine("Orders"), "live", {1: 100})
    assert set(outcomes(aws.boto3_client("stepfunctions"), alias, 250)) == {"ok"}


LIMITS = {
    ("UpdateStateMachineAlias", "eu-west-1"): (100, 1),
    ("DescribeStateMachineAlias", "eu-west-1"): (200, 1),
    ("DescribeStateMachine", "eu-central-1"): (200, 20),
    ("ListExecutions", "eu-west-1"): (200, 5),
    ("ListExecutions", "eu-central-1"): (100, 2),
    ("DescribeExecution", "us-west-2"): (300, 15),
    ("DescribeExecution", "sa-east-1"): (250, 10),
    ("StartExecution", "us-east-1"): (1300, 300),
    ("StartExecution", "eu-central-1"): (800, 150),
    ("DescribeAlarms", "eu-west-1"): (9, 9),
    ("DescribeAlarmHistory", "eu-west-1"): (20, 20),
    ("DeleteAlarms", "eu-west-1"): (3, 3),
    ("SetAlarmState", "eu-west-1"): None,
}


@pytest.mark.parametrize("key", LIMITS, ids=" in ".join)
def test_the_limits_are_those_of_the_service_quotas_page(key: tuple[str, str]) -> None:
    operation, region = key
    assert Quotas().limit(Call("stepfunctions", operation, {}, "123456789012", region)) == LIMITS[key]


def test_each_account_region_and_operation_has_its_own_bucket(clock: Clock) -> None:
    quotas = Quotas()
    quotas.set(is_on=True, overrides={"DescribeAlarms": (1, 1), "DeleteAlarms": (1, 1)})
    for place in (("1", "eu-west-1"), ("2", "eu-west-1"), ("1", "us-east-1")):
        for operation in ("DescribeAlarms", "DeleteAlarms"):
            quotas.take(Call("cloudwatch", operation, {}, *place), clock())
    with pytest.raises(Exception, match="Rate exceeded"):
        quotas.take(Call("cloudwatch", "DescribeAlarms", {}, "1", "eu-west-1"), clock())
