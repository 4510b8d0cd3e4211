"""What AWS's adapters tell the meter of quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Budget, Fill
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import HandClock

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.doubles import RecordingMeter

ACCOUNT = "123456789012"
HERE, THERE = Place(ACCOUNT, "eu-west-1"), Place(ACCOUNT, "us-east-1")


def test_a_call_that_aws_throttles_is_counted_as_such(
    aws: Aws, emulator: Emulator, alias: AliasArn, meter: RecordingMeter
) -> None:
    emulator.fail("DescribeStateMachineAlias", "throttle", times=1)  # not tried again at once: the bucket is empty

    with pytest.raises(Transient):
        aws.router.read(alias, Urgency.FORWARD)

    assert meter.throttled == ["DescribeStateMachineAlias"]
    assert meter.calls == [("DescribeStateMachineAlias", "Transient")]


def test_a_call_for_which_there_is_no_token_is_withheld_and_not_made(
    aws: Aws, emulator: Emulator, alias: AliasArn, meter: RecordingMeter
) -> None:
    while not meter.withheld:
        try:
            aws.budget.spend(alias.machine.place, Api.DESCRIBE_ALIAS, Urgency.BACKGROUND)
        except Transient:
            with pytest.raises(Transient, match="quota"):
                aws.router.read(alias, Urgency.BACKGROUND)

    assert meter.withheld == ["DescribeStateMachineAlias"]
    assert meter.calls == []
    assert emulator.calls("DescribeStateMachineAlias") == []


def test_a_bucket_is_full_of_what_was_not_spent_and_refills_unasked() -> None:
    clock = HandClock()
    budget = Budget(clock)
    assert list(budget.fills()) == []

    for _ in range(5):
        budget.spend(HERE, Api.UPDATE_ALIAS, Urgency.FORWARD)
    budget.spend(THERE, Api.DESCRIBE_ALARMS, Urgency.FORWARD)
    assert list(budget.fills()) == [
        Fill(ACCOUNT, HERE.region, Api.UPDATE_ALIAS, 95.0, 100),
        Fill(ACCOUNT, THERE.region, Api.DESCRIBE_ALARMS, 8.0, 9),
    ]

    clock.advance(2)
    assert list(budget.fills()) == [
        Fill(ACCOUNT, HERE.region, Api.UPDATE_ALIAS, 97.0, 100),
        Fill(ACCOUNT, THERE.region, Api.DESCRIBE_ALARMS, 9.0, 9),
    ]


def test_a_bucket_that_aws_proved_empty_is_shown_as_empty() -> None:
    budget = Budget(HandClock())

    budget.throttled(HERE, Api.LIST_EXECUTIONS, Urgency.BACKGROUND)

    assert [fill.tokens for fill in budget.fills()] == [0.0]
