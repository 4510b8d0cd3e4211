"""Preflight in the life of a rollout: what it holds, what it tells, and what never waits for it."""

import pytest

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.conditions import condition, is_true
from sfn_rollouts.core.values.looks import AskRole, CountCallers, FindCallee, ReadDefinition
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import UNCHECKED, WITH_ALARM
from tests.core.world import World

READING = "reading the alias, the version and the alarms"
LINEAR = {"strategy": {"linear": {"increment": 40, "interval": "10m"}}, "bakeTime": "5m"}


def enforced(*checks, alias=1, **spec):
    """Only these checks, enforced."""
    return World(alias, **{**LINEAR, **spec, "preflight": {**UNCHECKED, **dict.fromkeys(checks, "Enforce")}})


def findings(world):
    return [(str(each.check), str(each.verdict)) for each in world.status.preflight.findings]


def messages(world, reason):
    """Return what people hear for this reason, over the whole life so far."""
    pairs = zip(world.statuses, world.statuses[1:], strict=False)
    return [news.message for old, new in pairs for news in announcements(old, new) if news.reason == reason]


# -- before the first shift --


def test_by_default_everything_is_looked_at_and_nothing_waits():
    world = World(preflight=None, **WITH_ALARM)
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    assert world.alias == Routing.split(1, 2, 10)
    kinds = {type(look) for look in world.targets_asked}
    assert kinds == {ReadDefinition, FindCallee, AskRole, CountCallers}
    assert findings(world)[0] == ("pins", "Warning")
    assert {check for check, _ in findings(world)} == {
        "pins", "targets", "permissions", "entryPoint", "alarms", "callers"
    }  # fmt: skip
    assert condition(world.status, "PreflightPassed").reason == "PreflightWarning"
    assert [message[:17] for message in messages(world, "PreflightWarning")] == ["preflight pins: s"]


def test_a_warning_is_reported_though_the_start_waits_for_something_else():
    """Found in one status, begun in a later one: looking took so long that the alias is read once more."""
    world = World(**LINEAR, preflight={**UNCHECKED, "pins": "Warn"})
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    judged = tuple(each for each in world.status.conditions if each.type == "PreflightPassed")
    waiting = Status(preflight=world.status.preflight, conditions=judged)
    assert [news.reason for news in announcements(Status(), waiting)] == ["PreflightWarning"]
    assert "PreflightWarning" not in [news.reason for news in announcements(waiting, world.status)]


def test_each_definition_is_read_once_and_as_that_of_a_version_with_its_date():
    world = enforced("pins", "permissions")
    world.settle()
    read = [look for look in world.targets_asked if isinstance(look, ReadDefinition)]
    assert sorted((look.version, look.created_at) for look in read) == [
        (1, world.published_at),
        (2, world.published_at),
    ]


def test_what_passes_is_shown_by_the_condition_alone():
    world = enforced("pins", "targets", "permissions")
    world.settle()
    assert is_true(world.status, "PreflightPassed")
    assert (world.status.preflight.version, str(world.status.preflight.verdict)) == (2, "Passed")
    assert condition(world.status, "PreflightPassed").message == Reason.PREFLIGHT_PASSED.meaning
    assert not messages(world, "PreflightWarning") + messages(world, "PreflightFailed")


def test_what_is_enforced_blocks_the_start_and_nothing_is_written():
    world = enforced("pins")
    world.aws.targets.unpinned = frozenset({2})
    world.advance(3600)
    assert (world.alias, world.writes) == (Routing.whole(1), [])
    assert (world.status.phase, condition(world.status, "Ready").reason) == ("Pending", "PreflightFailed")
    assert is_true(world.status, "Stalled")
    assert "state Work calls Lambda function work without a version" in world.status.message
    assert len(messages(world, "PreflightFailed")) == 1


def test_another_version_that_passes_begins_at_once():
    world = enforced("pins")
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    world.edit(version=3)
    assert world.alias == Routing.split(1, 3, 40)
    assert (world.status.preflight.version, is_true(world.status, "PreflightPassed")) == (3, True)


def test_what_was_found_of_the_version_before_says_nothing_of_the_next():
    world = enforced("pins")
    world.settle()
    assert is_true(world.status, "PreflightPassed")
    world.troubles["alias"] = Trouble.TRANSIENT
    world.edit(version=3)
    world.advance(3600)
    assert world.status.target_version == 3 or condition(world.status, "PreflightPassed").status != "True"
    assert world.status.preflight is None


@pytest.mark.parametrize("check", ["targets", "permissions"])
def test_what_is_put_right_outside_lets_it_begin_by_itself(check):
    world = enforced(check)
    world.aws.targets.change(is_there=False, is_allowed=False)
    world.advance(400)
    assert condition(world.status, "Ready").reason == "PreflightFailed"
    world.aws.targets.change(is_there=True, is_allowed=True)
    world.advance(300)
    assert world.alias == Routing.split(1, 2, 40)


def test_a_blocked_start_is_looked_at_ever_less():
    world = enforced("targets")
    world.aws.targets.change(is_there=False, is_allowed=True)
    world.settle()
    asked = []
    for _ in range(3):
        before = len(world.targets_asked)
        world.advance(1800)
        asked.append(len(world.targets_asked) - before)
    assert asked[0] <= 20
    assert asked[2] <= 8


def test_retry_is_obeyed_while_preflight_blocks_and_refused_while_nothing_does():
    world = enforced("targets")
    world.aws.targets.change(is_there=False, is_allowed=True)
    world.settle()
    world.say("retry")
    assert (world.status.last_command.result, world.status.last_command.message) == (
        "Done",
        "version 2 is looked at again",
    )
    other = enforced("targets", paused=True)
    other.settle()
    other.say("retry")
    assert other.status.last_command.result == "Refused"


@pytest.mark.parametrize("trouble", [Trouble.TRANSIENT, Trouble.DENIED, Trouble.GONE, Trouble.INTERNAL])
def test_what_cannot_be_seen_is_unknown_and_never_blocks(trouble):
    world = enforced("pins", "targets", "permissions", "callers")
    world.troubles["targets"] = trouble
    world.settle()
    assert world.alias == Routing.split(1, 2, 40)
    assert {verdict for _, verdict in findings(world)} == {"Unknown"}
    assert condition(world.status, "PreflightPassed").reason == "PreflightUnknown"


def test_a_restart_shows_what_blocked_until_it_has_looked_again():
    world = enforced("pins")
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    statuses = len(world.statuses)
    world.restart()
    blocked = [status for status in world.statuses[statuses:] if status.message != READING]
    assert {condition(status, "Ready").reason for status in blocked} == {"PreflightFailed"}
    assert all(is_true(status, "Stalled") for status in blocked)
    assert {status.preflight for status in world.statuses[statuses:]} == {world.status.preflight}
    passed = [condition(status, "PreflightPassed") for status in world.statuses[statuses:]]
    assert {(each.status, each.reason) for each in passed} == {("False", "PreflightFailed")}
    assert world.alias == Routing.whole(1)


def test_what_passed_long_ago_is_asked_again_before_the_first_shift():
    world = enforced("targets", "permissions", "callers")
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(3600)
    world.targets_asked.clear()
    world.aws.targets.change(is_there=True, is_allowed=True)
    world.advance(300)
    assert {type(look) for look in world.targets_asked} == {FindCallee, AskRole, CountCallers}
    assert world.alias == Routing.split(1, 2, 40)


def test_an_unchanged_finding_keeps_its_date():
    world = enforced("targets")
    world.aws.targets.change(is_there=False, is_allowed=True)
    world.advance(10)
    checked_at = world.status.preflight.checked_at
    world.advance(3600)
    assert world.status.preflight.checked_at == checked_at


# -- what does not wait for it --


def test_the_way_back_to_a_recent_version_does_not_wait():
    world = enforced("pins", rollbackWindow={"revisions": 3}, strategy={"allAtOnce": {}})
    world.advance(400)
    world.aws.targets.unpinned = frozenset({1})
    world.edit(version=1)
    world.advance(1)
    assert world.alias == Routing.whole(1)
    assert world.status.preflight is None or world.status.preflight.version == 1


def test_an_alias_that_serves_the_version_already_is_not_looked_at():
    world = enforced("pins", "targets", "permissions", alias=2)
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    assert world.status.phase == "Succeeded"
    assert not world.targets_asked


def test_a_new_alias_waits():
    world = enforced("pins", alias=None)
    world.aws.targets.unpinned = frozenset({2})
    world.advance(60)
    assert world.alias is None
    world.aws.targets.unpinned = frozenset()
    world.edit(version=3)
    assert world.alias == Routing.whole(3)


def test_an_alarm_sends_it_back_whatever_cannot_be_seen_of_the_target():
    world = enforced("permissions", **WITH_ALARM)
    world.settle()
    world.troubles["targets"] = Trouble.TRANSIENT
    world.alarm("A", "ALARM")
    world.poll()
    assert world.alias == Routing.whole(1)


def test_an_abort_before_the_start_ends_it():
    world = enforced("pins")
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    world.say("abort")
    assert world.status.phase == "RolledBack"


# -- in flight --


def test_permissions_are_asked_again_before_each_increase_and_nothing_else():
    world = enforced("pins", "targets", "permissions", "callers")
    world.settle()
    world.targets_asked.clear()
    world.advance(601)
    assert world.alias == Routing.split(1, 2, 80)
    assert {type(look) for look in world.targets_asked} == {AskRole}


def test_a_permission_taken_away_in_flight_holds_the_next_step_until_it_is_back():
    world = enforced("permissions", "pins")
    world.settle()
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(700)
    assert world.alias == Routing.split(1, 2, 40)
    assert condition(world.status, "Ready").reason == "PreflightFailed"
    assert world.status.message.startswith("the next step is held: preflight permissions: state Work of version")
    assert ("pins", "Passed") in findings(world)
    world.aws.targets.change(is_there=True, is_allowed=True)
    world.advance(600)
    assert world.alias == Routing.split(1, 2, 80)


def test_the_last_increase_waits_for_its_permission_too():
    world = enforced("permissions")
    world.advance(1100)
    assert world.alias == Routing.split(1, 2, 80)
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(1200)
    assert world.alias == Routing.split(1, 2, 80)


def test_one_that_stays_away_leads_back_by_the_deadline():
    world = enforced("permissions", progressDeadline="30m")
    world.settle()
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(2500)
    assert world.alias == Routing.whole(1)
    assert world.status.history[0].reason == "ProgressDeadlineExceeded"


def test_under_warn_it_is_reported_once_and_goes_on():
    world = World(**LINEAR, preflight={**UNCHECKED, "permissions": "Warn"})
    world.settle()
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(1900)
    assert world.status.phase == "Succeeded"
    assert len(messages(world, "PreflightWarning")) == 1


def test_the_end_of_the_bake_does_not_wait():
    world = enforced("permissions")
    world.advance(1201)
    assert world.alias == Routing.whole(2)
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(301)
    assert world.status.phase == "Succeeded"


def test_a_rollout_that_an_older_operator_began_is_asked_for_its_permissions_only():
    world = World(**LINEAR)
    world.settle()
    world.edit(preflight={**UNCHECKED, "permissions": "Enforce"})
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(601)
    assert world.alias == Routing.split(1, 2, 40)
    assert findings(world)[0] == ("permissions", "Failed")


def test_a_version_that_is_gone_while_preflight_blocks_it_is_looked_for_again():
    world = enforced("permissions")
    world.aws.targets.change(is_there=True, is_allowed=False)
    world.advance(60)
    assert world.ready() == ("False", "PreflightFailed")
    world.missing_versions.add(2)
    world.advance(600)
    assert world.ready() == ("False", "NotFound")
