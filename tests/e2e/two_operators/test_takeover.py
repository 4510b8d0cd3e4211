"""The leader is killed, asked to stop, or stands still: the other goes on in time, and never do both write."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, Routing, Story, outcomes, split, whole
from tests.e2e.two_operators.pair import (
    AFTER_SIGKILL_S,
    AFTER_SIGTERM_S,
    LEASE_LOST,
    POLL_S,
    Pair,
    measured,
)

APPROVAL = ({"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1s"}})
WAY_BACK = [whole(1), split(1, 2, 10), whole(1)]


@dataclass(frozen=True)
class Life:
    """How a phase is reached, and how the rollout goes on from there to its end."""

    reach: Callable[[Story], object]
    end: Callable[[Story], object]
    path: list[Routing]


def _held_by_an_alarm(story: Story) -> None:
    story.aws.set_alarm(ALARM, "ALARM")
    story.apply(version=2)
    story.wait_for_reason("AlarmFiring")


def _the_alarm_clears(story: Story) -> None:
    story.aws.set_alarm(ALARM, "OK")
    story.wait_for_phase("Succeeded")


def _at_ten_percent(story: Story) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)


def _promoted_twice(story: Story) -> None:
    story.command("promote")
    story.wait_for_weight(50)
    _promoted(story)


def _waits_for_approval(story: Story) -> None:
    story.apply(version=2, steps=APPROVAL)
    story.wait_for_phase("Paused")


def _promoted(story: Story) -> None:
    assert story.command("promote")["result"] == "Done"
    story.wait_for_phase("Succeeded")


def _bakes(story: Story) -> None:
    story.apply(version=2, bakeTime="1h")
    story.wait_for_phase("Baking")


def _way_back_is_held(story: Story) -> None:
    _at_ten_percent(story)
    story.aws.fail("UpdateStateMachineAlias", "timeout")
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RollingBack")


def _goes_back(story: Story) -> None:
    story.aws.clear_faults()
    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]


PHASES: dict[str, Life] = {
    "Pending": Life(_held_by_an_alarm, _the_alarm_clears, QUICK_PATH),
    "Progressing": Life(_at_ten_percent, _promoted_twice, QUICK_PATH),
    "Paused": Life(_waits_for_approval, _promoted, QUICK_PATH),
    "Baking": Life(_bakes, _promoted, QUICK_PATH),
    "RollingBack": Life(_way_back_is_held, _goes_back, WAY_BACK),
}


@pytest.mark.parametrize(("phase", "life"), PHASES.items(), ids=PHASES.keys())
def test_the_leader_is_killed_while(story: Story, pair: Pair, phase: str, life: Life) -> None:
    """The other takes over in time; the alias goes the planned way, and each routing is written once."""
    life.reach(story)
    assert story.status()["phase"] == phase

    before = pair.kill_leader()
    pair.wait_for_takeover(before, AFTER_SIGKILL_S, f"SIGKILL while {phase}")
    life.end(story)

    assert story.routings() == life.path
    assert story.written() == life.path[1:]


FIRINGS: dict[str, tuple[Callable[[Story], None], str]] = {
    "and goes on firing": (lambda story: story.aws.set_alarm(ALARM, "ALARM"), "AlarmFiring"),
    "and clears at once": (lambda story: story.aws.blip(ALARM), "AlarmTransient"),
}


@pytest.mark.parametrize(("fires", "reason"), FIRINGS.values(), ids=FIRINGS.keys())
def test_an_alarm_fires_while_nobody_leads(
    story: Story, pair: Pair, fires: Callable[[Story], None], reason: str
) -> None:
    """The way back is on the alias within the takeover and one poll."""
    _at_ten_percent(story)

    pair.kill_leader()
    fires(story)
    measured("rollback due while nobody leads", story.wait_for_routing(whole(1), AFTER_SIGKILL_S + POLL_S))

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", reason)]
    assert story.routings() == WAY_BACK
    assert story.written() == WAY_BACK[1:]


def test_a_leader_that_is_stopped_hands_over_at_once_and_the_rollout_goes_on(story: Story, pair: Pair) -> None:
    _at_ten_percent(story)
    before = pair.holder()

    pair.leader.terminate()
    pair.wait_for_takeover(before, AFTER_SIGTERM_S, "SIGTERM")
    assert pair.leader.wait_ended() == 0

    _promoted_twice(story)
    assert story.written() == QUICK_PATH[1:]


def test_a_leader_that_stood_still_past_its_lease_writes_nothing_when_it_wakes(story: Story, pair: Pair) -> None:
    _at_ten_percent(story)
    before = pair.holder()

    pair.leader.pause()
    pair.wait_for_takeover(before, AFTER_SIGKILL_S, "SIGSTOP")
    assert story.command("abort")["result"] == "Done"
    story.wait_for_phase("RolledBack")
    calls = story.writes()
    pair.leader.resume()

    assert pair.leader.wait_ended() == LEASE_LOST
    assert story.writes() == calls
    assert story.written() == WAY_BACK[1:]


def test_one_that_stands_by_is_ready_and_writes_nothing(story: Story, pair: Pair) -> None:
    story.apply(version=2)
    story.wait_for_phase("Succeeded")

    assert pair.standby.get("/readyz")[0] == 200
    assert "sfn_rollouts_status_writes_total{" not in pair.standby.get("/metrics")[1]
    assert "sfn_rollouts_aws_calls_total{" not in pair.standby.get("/metrics")[1]
    assert story.written() == QUICK_PATH[1:]
