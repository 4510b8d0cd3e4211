"""Stale reads after an update, by a number of reads or by time; writes and the control surface see the truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from devenv.aws.server import AwsEmulator


def seen(client: Any, alias: str) -> dict[int, int]:
    found = client.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"]
    return {int(item["stateMachineVersionArn"].rsplit(":", 1)[1]): item["weight"] for item in found}


def test_so_many_reads_still_see_the_former_routing_and_update_date(aws: Any, sfn: Any, alias: str) -> None:
    aws.set_consistency(reads=2)
    before = sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["updateDate"]
    aws.update_alias(alias, {1: 90, 2: 10})
    assert sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["updateDate"] == before
    assert [seen(sfn, alias) for _ in range(3)] == [{1: 100}, {1: 90, 2: 10}, {1: 90, 2: 10}]
    assert aws.routing(alias) == {1: 90, 2: 10}


def test_a_second_update_in_the_stale_time_keeps_the_oldest_view(aws: Any, sfn: Any, alias: str) -> None:
    aws.set_consistency(reads=1)
    aws.update_alias(alias, {1: 90, 2: 10})
    aws.update_alias(alias, {2: 100})
    assert [seen(sfn, alias) for _ in range(2)] == [{1: 100}, {2: 100}]


def test_a_repeated_write_of_the_same_routing_is_not_stale(aws: Any, sfn: Any, alias: str) -> None:
    aws.set_consistency(reads=5)
    aws.update_alias(alias, {1: 100})
    assert seen(sfn, alias) == {1: 100}
    assert len(aws.alias_history(alias)) == 1


def test_a_start_in_the_stale_time_goes_by_the_former_routing(aws: Any, sfn: Any, alias: str) -> None:
    aws.set_consistency(reads=1)
    aws.update_alias(alias, {2: 100})
    sfn.start_execution(stateMachineArn=alias)
    seen(sfn, alias)
    sfn.start_execution(stateMachineArn=alias)
    versions = [item["stateMachineVersionArn"].rsplit(":", 1)[1] for item in aws.executions(alias)]
    assert versions == ["1", "2"]


def test_by_time_reads_are_stale_until_the_milliseconds_are_over() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    with AwsEmulator(clock=lambda: now) as emulator:
        aws = emulator.client
        alias = aws.create_alias(aws.publish_machine("Orders"), "live", {1: 100})
        sfn = aws.boto3_client("stepfunctions")
        aws.set_consistency(milliseconds=500)
        aws.update_alias(alias, {2: 100})
        assert [seen(sfn, alias) for _ in range(3)] == [{1: 100}] * 3
        now += timedelta(milliseconds=500)
        assert seen(sfn, alias) == {2: 100}


def test_an_alias_created_again_is_not_haunted_by_the_former_one(aws: Any, sfn: Any, machine: str, alias: str) -> None:
    aws.set_consistency(reads=5)
    aws.update_alias(alias, {2: 100})
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    aws.create_alias(machine, "live", {2: 100})
    assert seen(sfn, alias) == {2: 100}
