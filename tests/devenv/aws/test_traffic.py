"""Executions that no call starts: laid down as they went, or arriving through an alias by the emulator's clock."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from devenv.aws.errors import AwsError
from tests.devenv.aws.world import T0, World


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def listed(world: World, **params: Any) -> list[dict[str, Any]]:
    """All pages of ListExecutions on the alias."""
    pages = world.sfn.get_paginator("list_executions").paginate(stateMachineArn=world.alias, **params)
    return [item for page in pages for item in page["executions"]]


def version(item: dict[str, Any]) -> int:
    return int(item["stateMachineVersionArn"].rsplit(":", 1)[1])


def test_executions_are_laid_down_in_the_past_and_to_come(world: World) -> None:
    arns = world.aws.add_executions(
        world.alias,
        [
            (1, T0 - seconds(60), T0 - seconds(50), "SUCCEEDED"),
            (2, T0 - seconds(30), None, "RUNNING"),
            (2, T0 - seconds(20), T0 + seconds(10), "FAILED"),
        ],
    )
    assert {item["executionArn"]: item["status"] for item in listed(world)} == dict(
        zip(arns, ["SUCCEEDED", "RUNNING", "RUNNING"], strict=True)
    )
    world.wait(10)
    found = next(item for item in listed(world) if item["status"] == "FAILED")
    assert (found["executionArn"], version(found), found["stopDate"]) == (arns[2], 2, T0 + seconds(10))
    assert found["stateMachineAliasArn"] == world.alias
    assert world.aws.call_counts() == {"ListExecutions": 2}, "nobody called StartExecution"


def test_what_cannot_be_may_be_laid_down(world: World) -> None:
    world.aws.add_executions(world.alias, [(1, T0, T0 - seconds(5), "FAILED")])
    [found] = listed(world)
    assert found["stopDate"] < found["startDate"]


NOT_LAID = {
    "of a version that is not there": (":live", (9, T0, None, "RUNNING"), "There is no version 9"),
    "that runs and has a stop": (":live", (1, T0, T0, "RUNNING"), "runs has no stop"),
    "that ended without a stop": (":live", (1, T0, None, "FAILED"), "any other has one"),
    "of an alias that is not there": (":gone", (1, T0, None, "RUNNING"), "does not exist"),
}


@pytest.mark.parametrize("case", NOT_LAID)
def test_an_execution_that_nothing_could_have_run_is_refused(case: str, world: World) -> None:
    end, laid, why = NOT_LAID[case]
    with pytest.raises(AwsError, match=why):
        world.aws.add_executions(world.machine + end, [laid])  # type: ignore[list-item] # a row of the table


def test_arrivals_toss_the_coin_of_the_alias_at_their_moment(world: World) -> None:
    """Nobody looks for an hour in which the routing changes twice."""
    world.aws.set_traffic(world.alias, starts_per_hour=3600)
    world.wait(1200)
    world.aws.update_alias(world.alias, {1: 50, 2: 50})
    world.wait(1200)
    world.aws.update_alias(world.alias, {2: 100})
    world.wait(1200)
    by_third = [Counter[int](), Counter[int](), Counter[int]()]
    for item in listed(world):
        by_third[(item["startDate"] - T0) // seconds(1200)][version(item)] += 1
    assert set(by_third[0]) == {1}
    assert set(by_third[2]) == {2}
    assert 1000 < by_third[0][1] < 1400
    assert 450 < by_third[1][1] < 750
    assert 450 < by_third[1][2] < 750


def test_each_version_fails_and_lasts_as_it_was_set_to(world: World) -> None:
    world.aws.update_alias(world.alias, {1: 50, 2: 50})
    world.aws.set_traffic(world.alias, starts_per_hour=3600, outcomes={1: (0.0, 2), 2: (0.25, 30)})
    world.wait(3600)
    ended = [item for item in listed(world) if item["status"] != "RUNNING"]
    assert {(version(item), item["stopDate"] - item["startDate"]) for item in ended} == {
        (1, seconds(2)),
        (2, seconds(30)),
    }
    counts = Counter((version(item), item["status"]) for item in ended)
    assert counts[1, "FAILED"] == 0
    assert 0.2 < counts[2, "FAILED"] / (counts[2, "FAILED"] + counts[2, "SUCCEEDED"]) < 0.3


def test_durations_spread_around_their_median(world: World) -> None:
    world.aws.set_traffic(world.alias, starts_per_hour=3600, outcomes={1: (0.0, 10)}, spread=0.8)
    world.wait(3600)
    lasted = sorted(
        (item["stopDate"] - item["startDate"]).total_seconds() for item in listed(world) if "stopDate" in item
    )
    assert 9 < lasted[len(lasted) // 2] < 11
    assert lasted[0] < 3
    assert lasted[-1] > 30


def test_one_seed_makes_the_same_arrivals_however_often_one_looks(world: World) -> None:
    def arrivals(looks: int) -> list[tuple[datetime, int, str]]:
        world.aws.reset()
        world.now = T0
        alias = world.aws.create_alias(world.aws.publish_machine("Orders"), "live", {1: 50, 2: 50})
        world.aws.set_traffic(alias, starts_per_hour=400, outcomes={1: (0.5, 3), 2: (0.5, 3)}, seed=7)
        for _ in range(looks):
            world.wait(3600 / looks)
            found = listed(world)
        return [(item["startDate"], version(item), item["status"]) for item in found]

    assert arrivals(1) == arrivals(9) != []


def test_traffic_has_a_past_when_that_is_asked_for(world: World) -> None:
    world.aws.set_traffic(world.alias, starts_per_hour=60, past_s=86_400)
    starts = [item["startDate"] for item in listed(world)]
    assert 1300 < len(starts) < 1600
    assert T0 - seconds(86_400) < min(starts) < max(starts) <= T0


def test_traffic_ends_and_changes_from_now_on(world: World) -> None:
    world.aws.set_traffic(world.alias, starts_per_hour=3600)
    world.wait(600)
    world.aws.set_traffic(world.alias, starts_per_hour=3600, outcomes={1: (1.0, 0)})
    world.wait(600)
    world.aws.set_traffic(world.alias, starts_per_hour=0)
    before = len(listed(world))
    world.wait(600)
    found = listed(world)
    assert len(found) == before
    assert {item["startDate"] < T0 + seconds(600) for item in found if item["status"] == "SUCCEEDED"} == {True}
    assert {item["startDate"] < T0 + seconds(600) for item in found if item["status"] == "FAILED"} == {False}


def test_nothing_arrives_through_an_alias_that_is_gone(world: World) -> None:
    world.aws.set_traffic(world.alias, starts_per_hour=3600)
    world.wait(60)
    world.sfn.delete_state_machine_alias(stateMachineAliasArn=world.alias)
    world.wait(600)
    starts = [item["startDate"] for item in world.sfn.list_executions(stateMachineArn=world.machine)["executions"]]
    assert starts
    assert max(starts) <= T0 + seconds(60)


@pytest.mark.parametrize("outcome", [(1.5, 1), (-0.1, 1), (0.5, -1)])
def test_an_outcome_that_cannot_be_is_refused(outcome: tuple[float, float], world: World) -> None:
    with pytest.raises(AwsError, match="a failure rate is 0 to 1"):
        world.aws.set_traffic(world.alias, starts_per_hour=1, outcomes={1: outcome})


def test_fewer_than_no_starts_are_refused(world: World) -> None:
    with pytest.raises(AwsError, match="so many an hour, not -1"):
        world.aws.set_traffic(world.alias, starts_per_hour=-1)


# -- lists


def test_what_ended_last_comes_first_and_what_runs_counts_by_its_start(world: World) -> None:
    """So one that started long ago comes before whatever started since, if it has just ended."""
    laid = [
        (1, T0 - seconds(900), T0 - seconds(1), "FAILED"),
        (1, T0 - seconds(500), None, "RUNNING"),
        (1, T0 - seconds(100), T0 - seconds(99), "SUCCEEDED"),
        (1, T0 - seconds(50), None, "RUNNING"),
    ]
    arns = world.aws.add_executions(world.alias, laid)
    assert [item["executionArn"] for item in listed(world, PaginationConfig={"PageSize": 3})] == [
        arns[index] for index in (0, 3, 2, 1)
    ]


def test_a_list_may_be_behind(world: World) -> None:
    world.aws.set_consistency(lists_milliseconds=30_000)
    world.aws.add_executions(world.alias, [(1, T0 - seconds(40), T0 - seconds(20), "FAILED"), (1, T0, None, "RUNNING")])
    assert [(item["startDate"], item["status"], "stopDate" in item) for item in listed(world)] == [
        (T0 - seconds(40), "RUNNING", False)
    ]
    world.wait(10)
    assert [item["status"] for item in listed(world)] == ["FAILED"]
    world.wait(20)
    assert [item["status"] for item in listed(world)] == ["RUNNING", "FAILED"]


def test_a_token_of_yesterday_is_invalid(world: World, refused: Any) -> None:
    world.aws.add_executions(world.alias, [(1, T0, T0, "SUCCEEDED")] * 2)
    asked = {"stateMachineArn": world.alias, "maxResults": 1}
    token = world.sfn.list_executions(**asked)["nextToken"]
    assert len(world.sfn.list_executions(**asked, nextToken=token)["executions"]) == 1
    world.wait(86_401)
    assert refused(world.sfn.list_executions, **asked, nextToken=token)[0] == "InvalidToken"


def test_a_redriven_execution_runs_again_and_comes_first(world: World, refused: Any) -> None:
    first, other = world.aws.add_executions(
        world.alias, [(1, T0 - seconds(90), T0 - seconds(80), "FAILED"), (1, T0 - seconds(9), T0, "SUCCEEDED")]
    )
    world.wait(5)
    world.aws.set_outcome(f"{world.machine}:1", "SUCCEEDED", after_s=60)
    world.aws.redrive_execution(first)
    found = listed(world)[0]
    assert (found["executionArn"], found["status"], found["startDate"]) == (first, "RUNNING", T0 - seconds(90))
    assert (found["redriveCount"], found["redriveDate"], "stopDate" in found) == (1, T0 + seconds(5), False)
    world.wait(60)
    assert (listed(world)[0]["status"], listed(world)[0]["stopDate"]) == ("SUCCEEDED", T0 + seconds(65))
    for arn in (first, other):
        assert refused(world.sfn.redrive_execution, executionArn=arn)[0] == "ExecutionNotRedrivable"


def test_after_two_weeks_nothing_is_redriven(world: World, refused: Any) -> None:
    [arn] = world.aws.add_executions(world.alias, [(1, T0, T0, "FAILED")])
    world.wait(14 * 86_400 + 1)
    assert refused(world.sfn.redrive_execution, executionArn=arn)[0] == "ExecutionNotRedrivable"


def test_answers_are_dated_by_the_emulators_clock(world: World) -> None:
    world.wait(3723)
    headers = world.sfn.list_executions(stateMachineArn=world.alias)["ResponseMetadata"]["HTTPHeaders"]
    assert parsedate_to_datetime(headers["date"]).astimezone(UTC) == T0 + seconds(3723)
