"""AWS throttles, fails, hangs, loses answers and answers late: the alias still goes the planned way, each step once."""

import pytest

from tests.e2e.story import ALARM, QUICK_PATH, SLOW_STEPS, STALLED, Story, outcomes, reason_of, split, verdict, whole

WRITE_FAULTS = {
    "throttled": ("throttle", 1),  # the reserve for rollbacks refills first, which takes 20 s
    "an internal failure": ("internal", 2),
    "unavailable": ("unavailable", 2),
    "a conflict": ("conflict", 2),
    "a reset before the write took effect": ("reset", 2),
    "a reset after the write took effect": ("reset-after", 1),
    "a time-out before the write took effect": ("timeout", 1),
    "a time-out after the write took effect": ("timeout-after", 1),
}


@pytest.mark.parametrize(("kind", "times"), WRITE_FAULTS.values(), ids=WRITE_FAULTS.keys())
def test_a_forward_write_meets(story: Story, kind: str, times: int) -> None:
    """A lost answer is looked up, not guessed; nothing is shifted twice and no step is left out."""
    fault = story.aws.fail("UpdateStateMachineAlias", kind, times=times, match=story.alias)

    story.apply(version=2)

    story.wait_for_fault(fault)
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


@pytest.mark.parametrize(("kind", "times"), WRITE_FAULTS.values(), ids=WRITE_FAULTS.keys())
def test_a_rollback_meets(story: Story, kind: str, times: int) -> None:
    """It is tried again until stable has all traffic."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    fault = story.aws.fail("UpdateStateMachineAlias", kind, times=times, match=story.alias)

    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for_fault(fault)
    status = story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
    assert outcomes(status) == [(2, "RolledBack", "AlarmFiring")]


FIRST_WRITES = {
    "never took effect": ("timeout", [whole(1)]),
    "took effect": ("timeout-after", [whole(1), split(1, 2, 10), whole(1)]),
}


@pytest.mark.parametrize(("kind", "path"), FIRST_WRITES.values(), ids=FIRST_WRITES.keys())
def test_an_alarm_fires_while_nobody_knows_whether_the_first_write(
    story: Story, kind: str, path: list[dict[int, int]]
) -> None:
    """Nothing shifted looks like everything restored: it is made sure of, and then it ends."""
    fault = story.aws.fail("UpdateStateMachineAlias", kind, times=1, match=story.alias)
    story.apply(version=2)
    story.wait_for_fault(fault)

    story.aws.set_alarm(ALARM, "ALARM")

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]
    assert story.routings() == path


def test_a_rollback_that_is_denied_is_reported_and_tried_again(story: Story) -> None:
    """Somebody took the permission away in mid-rollout: Failed, RollbackFailed, and fixed as soon as it is back."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.fail("UpdateStateMachineAlias", "denied")
    story.aws.set_alarm(ALARM, "ALARM")

    failed = story.wait_for_reason("RollbackFailed")
    assert (failed["phase"], verdict(failed)) == ("Failed", STALLED)
    assert "states:UpdateStateMachineAlias was denied" in failed["message"]

    story.aws.clear_faults()
    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


@pytest.mark.parametrize("kind", ["unavailable", "reset"])
def test_every_third_call_or_so_fails(story: Story, kind: str) -> None:
    """Reads and writes alike, of every API."""
    for _ in range(6):
        story.aws.fail("*", "delay", times=2, delay_s=0)
        last = story.aws.fail("*", kind, times=1)

    story.apply(version=2)

    story.wait_for_fault(last)
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


@pytest.mark.parametrize("stale_reads", [1, 3])
def test_reads_are_stale_after_a_write(story: Story, stale_reads: int) -> None:
    """AWS shows the former routing for a while: no drift, no second write, neither forward nor back."""
    story.aws.set_consistency(reads=stale_reads)
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.command("promote")
    story.wait_for_weight(50)

    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(1)]
    assert story.writes() == 3


def test_alarms_that_cannot_be_read_hold(story: Story) -> None:
    """What cannot be seen is a hold, never a pass, also for promote-full; seen again, it goes on."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.fail("DescribeAlarms", "internal")
    story.command("promote-full")

    story.wait_for_reason("AlarmUnreadable")
    assert story.routing() == split(1, 2, 10)

    story.aws.clear_faults()
    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(2)]


def test_alarms_that_cannot_be_read_may_roll_back(story: Story) -> None:
    """onUnreadable: Rollback: after three polls without a reading."""
    story.apply(
        version=2, steps=SLOW_STEPS, alarms={"names": [ALARM], "pollInterval": "1s", "onUnreadable": "Rollback"}
    )
    story.wait_for_weight(10)

    story.aws.fail("DescribeAlarms", "throttle")

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmUnreadable")]
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_firing_that_nobody_could_read_is_found_later(story: Story) -> None:
    """CloudWatch was away while the alarm fired and cleared; its history tells afterwards."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.fail("DescribeAlarms", "unavailable")
    story.wait_for_polls()
    story.aws.blip(ALARM)

    story.aws.clear_faults()

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmTransient")]


def test_a_step_that_is_held_too_long_goes_back(story: Story) -> None:
    """progressDeadline bounds every hold, whatever its cause: no split alias is left unattended."""
    story.apply(version=2, progressDeadline="3s")
    story.wait_for_weight(10)
    story.aws.fail("DescribeAlarms", "unavailable")

    status = story.wait_for_phase("Failed")

    assert (verdict(status), reason_of(status)) == (STALLED, "ProgressDeadlineExceeded")
    assert outcomes(status) == [(2, "RolledBack", "ProgressDeadlineExceeded")]
    assert story.routing() == whole(1)


def test_waits_for_a_person_do_not_count_for_the_deadline(story: Story) -> None:
    """An approval may take longer than any deadline."""
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}], progressDeadline="1s")
    story.wait_for_phase("Paused")

    story.wait_for_polls(4)

    assert (story.status()["phase"], story.routing()) == ("Paused", split(1, 2, 10))


def test_a_rollback_has_quota_of_its_own(story: Story) -> None:
    """Twelve other rollouts want to write; AWS allows few writes, yet the one that trips goes back."""
    machines = [story.aws.publish_machine(f"Other{number}") for number in range(12)]
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.set_quotas(limits={"UpdateStateMachineAlias": (2, 1.0)})
    for number, machine in enumerate(machines):
        story.aws.create_alias(machine, "live", whole(1))
        story.called(f"other-{number}").apply(version=2, stateMachineArn=machine)

    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
