"""The smoke: one execution of the target that must end as expected before the target gets traffic."""

from datetime import timedelta
from typing import Any

import pytest

from sfn_rollouts.core.announce import announcements
from sfn_rollouts.core.values.chores import RunSmoke, StartSmoke
from sfn_rollouts.core.values.conditions import condition, is_true
from sfn_rollouts.core.values.looks import ReadSmoke
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.smoke import lacking
from sfn_rollouts.sim.smokes import Ending
from tests.core.specs import UNCHECKED, WITH_ALARM
from tests.core.world import START, World

SPLIT = Routing.split(1, 2, 10)
NEVER = Ending("RUNNING", None)
FAILS = Ending("FAILED", 2.0)


def smoked(alias: Any = 1, checks: dict[str, str] | None = None, spec: dict[str, Any] | None = None, **smoke: Any):
    """A rollout whose target must pass a smoke, and nothing else of preflight."""
    preflight = {**UNCHECKED, **(checks or {}), "smoke": {"input": {"dryRun": True}, **smoke}}
    return World(alias, preflight=preflight, **(spec or {}))


def ends(world: World, ending: Ending, version: int = 2, **outcome: Any) -> None:
    """Executions of a version end so from now on, and say that."""
    world.aws.smokes.endings[version] = ending
    world.outcome = outcome


def names(world: World) -> list[str]:
    return list(world.aws.smokes.started)


def found(world: World) -> tuple[str, str]:
    """Verdict and message of the smoke."""
    (finding,) = (each for each in world.status.preflight.findings if each.check == "smoke")
    assert finding.message.isprintable()
    assert len(finding.message) <= 1024
    return str(finding.verdict), finding.message


def ready(world: World) -> str:
    return condition(world.status, "Ready").reason


def blocked(world: World) -> str:
    """Why it is blocked, and that nothing was written."""
    assert (world.alias, world.writes, ready(world)) == (Routing.whole(1), [], "PreflightFailed")
    assert is_true(world.status, "Stalled")
    verdict, message = found(world)
    assert verdict == "Failed"
    return message


# -- what passes --


def test_it_runs_first_and_traffic_follows_once_it_has_ended_as_expected():
    world = smoked()
    ends(world, Ending("SUCCEEDED", 5.0))
    world.settle()
    assert (ready(world), world.writes) == ("SmokeRunning", [])
    assert found(world)[0] == "Unknown"
    assert "runs since 12:00:00 UTC, for up to 5m" in world.status.message
    assert condition(world.status, "PreflightPassed").status == "Unknown"
    assert not is_true(world.status, "Stalled")
    world.advance(10)
    assert world.alias == SPLIT
    (name,) = names(world)
    assert found(world) == (
        "Passed",
        f"arn:aws:states:eu-west-1:123456789012:execution:OrderProcessor:{name} ended as SUCCEEDED after 5s",
    )
    assert is_true(world.status, "PreflightPassed")


def test_its_name_says_what_it_is_and_fits_aws():
    world = smoked()
    world.settle()
    (name,) = names(world)
    kind, version, digest, moment = name.split("-")
    assert (kind, version, moment) == ("smoke", "2", "20261121T120000000Z")
    assert len(digest) == 12
    assert len(name) <= 80


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ({}, {"output": '"anything"'}),
        ({"output": {}}, {"output": "no JSON"}),
        ({"output": {"total": 3}}, {"output": '{"total": 3, "more": [1]}'}),
        ({"output": {"items": [{"id": 1}, {}]}}, {"output": '{"items": [{"id": 1, "x": 2}, {"id": 2}]}'}),
        ({"output": {"gone": None}}, {"output": '{"gone": null}'}),
    ],
)
def test_an_output_that_has_what_is_expected_passes(expect, says):
    world = smoked(expect=expect)
    ends(world, Ending("SUCCEEDED", 0.0), **says)
    world.advance(5)
    assert world.alias == SPLIT


def test_a_failure_that_is_expected_passes():
    world = smoked(expect={"status": "FAILED"})
    ends(world, FAILS)
    world.advance(10)
    assert world.alias == SPLIT


def test_other_findings_stand_beside_it():
    world = smoked(checks={"pins": "Warn"})
    world.aws.targets.unpinned = frozenset({2})
    world.advance(10)
    assert [(str(each.check), str(each.verdict)) for each in world.status.preflight.findings] == [
        ("pins", "Warning"),
        ("smoke", "Passed"),
    ]


# -- what does not --


@pytest.mark.parametrize(
    ("expect", "ending", "says", "why"),
    [
        ({}, FAILS, {"error": "Card.Declined", "cause": "no\nmoney"},
         "ended as FAILED, not as SUCCEEDED (Card.Declined: no money); put it right and send retry"),
        ({}, FAILS, {}, "ended as FAILED, not as SUCCEEDED; put it right"),
        ({}, FAILS, {"cause": "x" * 5000}, f"not as SUCCEEDED ({'x' * 397}...); put it right"),
        ({}, Ending("ABORTED", 1.0), {}, "ended as ABORTED, not as SUCCEEDED"),
        ({"status": "FAILED"}, Ending("SUCCEEDED", 1.0), {}, "ended as SUCCEEDED, not as FAILED"),
        ({"output": {"ok": True}}, Ending("SUCCEEDED", 1.0), {"output": '{"ok": 1}'},
         "ended as SUCCEEDED, but output.ok is 1, not true"),
        ({"output": {"ok": True}}, Ending("SUCCEEDED", 1.0), {"output": "{}"}, "but output.ok is not there"),
        ({"output": {"ok": True}}, Ending("SUCCEEDED", 1.0), {"output": "nonsense"}, "its output is no JSON"),
        ({"output": {"ok": True}}, Ending("SUCCEEDED", 1.0), {"output": "[" * 100_000}, "its output is no JSON"),
    ],
)  # fmt: skip
def test_another_end_blocks_and_says_which(expect, ending, says, why):
    world = smoked(expect=expect)
    ends(world, ending, **says)
    world.advance(3600)
    assert why in blocked(world)
    assert f"execution:OrderProcessor:{names(world)[0]}" in world.status.message
    assert len(names(world)) == 1, "nobody has asked for another one"


@pytest.mark.parametrize(
    ("wanted", "seen", "why"),
    [
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, "output.a is [1, 2, 3], not [1, 2]"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "output.a[1].b is 3, not 2"),
        ({"a": 1}, {"a": 1.0}, ""),
        ({"a": 1}, {"a": True}, "output.a is true, not 1"),
        ({"a": {"b": 1}}, {"a": "b"}, 'output.a is "b", not {"b": 1}'),
        ({"a": 1}, [1], 'output is [1], not {"a": 1}'),
        ({"a": "x"}, {"a": "y" * 200}, f'output.a is "{"y" * 99}..., not "x"'),
    ],
)
def test_the_first_place_that_differs_is_named(wanted, seen, why):
    assert lacking(wanted, seen, "output") == why


def test_one_that_never_ends_blocks_after_its_timeout_and_goes_on_running():
    world = smoked(timeout="2m")
    ends(world, NEVER)
    world.advance(119)
    assert ready(world) == "SmokeRunning"
    world.advance(30)
    assert "took longer than the timeout of 2m. It still runs: nothing stops it" in blocked(world)


def test_one_that_ended_late_is_late_though_nobody_looked_meanwhile():
    """Else it would hang on when the operator looks."""
    world = smoked(timeout="2m")
    ends(world, Ending("SUCCEEDED", 150.0))
    world.settle()
    world.operator_down(600)
    world.restart()
    assert "took longer than the timeout of 2m. It ended as SUCCEEDED" in blocked(world)


@pytest.mark.parametrize("behind_s", [-90, 90])
def test_a_clock_that_is_not_awss_fails_no_execution_that_runs(behind_s):
    world = smoked(timeout="1m")
    ends(world, Ending("SUCCEEDED", 20.0))
    world.aws.smokes._now = lambda: world.now + timedelta(seconds=behind_s)
    world.advance(30)
    assert world.alias == SPLIT


def test_it_is_looked_at_ever_less():
    world = smoked(timeout="1h")
    ends(world, NEVER)
    world.advance(60)
    early = len(world.targets_asked)
    world.advance(3000)
    assert early <= 30
    assert len(world.targets_asked) - early <= 110


# -- when it is run --


@pytest.mark.parametrize("check", ["pins", "targets", "permissions"])
def test_it_is_not_run_while_another_check_blocks(check):
    world = smoked(checks={check: "Enforce"})
    world.aws.targets.change(is_there=False, is_allowed=False)
    world.aws.targets.unpinned = frozenset({2})
    world.advance(400)
    assert (names(world), ready(world)) == ([], "PreflightFailed")
    world.aws.targets.change(is_there=True, is_allowed=True)
    world.aws.targets.unpinned = frozenset()
    world.edit(version=3)
    world.advance(10)
    assert world.alias == Routing.split(1, 3, 10)
    assert len(names(world)) == 1


def test_it_is_not_run_while_an_alarm_fires_or_a_person_pauses():
    world = smoked(spec={**WITH_ALARM, "paused": True})
    world.alarm("A", "ALARM")
    world.advance(60)
    world.edit(paused=False)
    world.advance(60)
    assert names(world) == []
    world.alarm("A", "OK")
    world.poll()
    world.advance(5)
    assert len(names(world)) == 1


def test_the_way_back_to_a_recent_version_runs_nothing():
    world = smoked(spec={"rollbackWindow": {"revisions": 3}, "strategy": {"allAtOnce": {}}})
    world.advance(400)
    before = names(world)
    ends(world, FAILS, version=1)
    world.edit(version=1)
    world.advance(1)
    assert (world.alias, names(world)) == (Routing.whole(1), before)
    assert world.status.preflight is None


def test_an_alias_that_serves_the_version_already_runs_nothing():
    world = smoked(alias=2)
    world.settle()
    assert (world.status.phase, names(world), world.status.smoke_attempt) == ("Succeeded", [], None)


def test_a_new_alias_waits_for_it():
    world = smoked(alias=None)
    ends(world, FAILS)
    world.advance(60)
    assert (world.alias, ready(world)) == (None, "PreflightFailed")


def test_nothing_is_run_in_flight_nor_at_rest():
    world = smoked(spec={**WITH_ALARM})
    world.advance(5)
    assert world.alias == SPLIT
    world.edit(preflight={**UNCHECKED, "smoke": {"input": {"another": 1}}})
    world.advance(601)
    assert world.alias == Routing.whole(2)
    asked = len(world.targets_asked)
    world.advance(4000)
    assert (world.status.phase, len(world.targets_asked), len(names(world))) == ("Succeeded", asked, 1)


def test_an_abort_while_it_runs_ends_the_rollout():
    world = smoked()
    ends(world, NEVER)
    world.settle()
    world.say("abort")
    assert (world.status.phase, world.alias) == ("RolledBack", Routing.whole(1))


# -- attempts --


def test_a_restart_changes_neither_name_nor_verdict():
    world = smoked()
    ends(world, Ending("SUCCEEDED", 60.0))
    world.settle()
    world.operator_down(20)
    world.restart()
    assert ready(world) == "SmokeRunning"
    world.advance(60)
    assert (world.alias, len(names(world))) == (SPLIT, 1)


@pytest.mark.parametrize(("ending", "alias"), [(Ending("SUCCEEDED", 1.0), SPLIT), (FAILS, Routing.whole(1))])
def test_an_end_that_the_status_tells_is_not_asked_for_again(ending, alias):
    world = smoked(spec={**WITH_ALARM})
    ends(world, ending)
    world.advance(10)
    if ending is FAILS:
        world.targets_asked.clear()
        world.restart()
        world.advance(3600)
        assert world.targets_asked == []
    assert (world.alias, len(names(world))) == (alias, 1)


def test_retry_runs_another_one():
    world = smoked()
    ends(world, FAILS)
    world.advance(10)
    ends(world, Ending("SUCCEEDED", 1.0))
    world.say("retry")
    assert world.status.last_command.message == "version 2 is looked at again"
    world.say("pause")
    world.say("resume")
    world.advance(10)
    assert (world.alias, len(names(world))) == (SPLIT, 2)


def test_a_retry_after_another_check_blocked_keeps_the_attempt():
    world = smoked(checks={"targets": "Enforce"})
    world.aws.targets.change(is_there=False, is_allowed=True)
    world.settle()
    attempt = world.status.smoke_attempt
    world.now += timedelta(seconds=60)
    world.aws.targets.change(is_there=True, is_allowed=True)
    world.say("retry")
    world.advance(400)
    assert (world.status.smoke_attempt, len(names(world))) == (attempt, 1)


@pytest.mark.parametrize(("ending", "runs"), [(FAILS, 2), (NEVER, 1), (Ending("SUCCEEDED", 1.0), 1)])
def test_an_edit_of_something_else_runs_another_one_only_where_it_has_failed(ending, runs):
    world = smoked(spec={**WITH_ALARM})
    ends(world, ending)
    world.advance(10)
    world.edit(bakeTime="7m")
    world.advance(10)
    assert len(names(world)) == runs


@pytest.mark.parametrize("change", [{"input": {"dryRun": False}}, {"expect": {"output": {"a": 1}}}, {"timeout": "1m"}])
def test_another_smoke_is_another_execution(change):
    world = smoked()
    ends(world, NEVER)
    world.settle()
    world.edit(preflight={**UNCHECKED, "smoke": {"input": {"dryRun": True}, **change}})
    assert len(names(world)) == 2


def test_a_version_of_another_life_is_run_again():
    world = smoked()
    ends(world, FAILS)
    world.advance(10)
    world.published_at = world.now
    world.seen = world.seen.without(type(next(iter(world.seen.answers))))
    world.restart()
    world.advance(10)
    assert len(names(world)) == 2


def test_a_new_token_after_a_rollback_runs_another_one():
    world = smoked(spec={**WITH_ALARM})
    world.advance(5)
    world.alarm("A", "ALARM")
    world.poll()
    assert world.status.phase == "RolledBack"
    world.alarm("A", "OK")
    world.edit(retryToken="again")
    world.advance(10)
    assert len(names(world)) == 2


def test_a_smoke_that_is_taken_out_of_the_spec_blocks_no_more():
    world = smoked()
    ends(world, FAILS)
    world.advance(10)
    world.edit(preflight=UNCHECKED)
    assert world.alias == SPLIT


# -- what AWS does not tell --


@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.GONE, Trouble.INTERNAL])
def test_a_start_that_is_refused_blocks_and_is_tried_again(trouble):
    world = smoked()
    world.troubles["start"] = trouble
    world.advance(60)
    assert "has no outcome: no answer" in blocked(world)
    assert any(isinstance(each, StartSmoke) for each in world.decision.chores)
    del world.troubles["start"]
    world.advance(60)
    assert (world.alias, len(names(world))) == (SPLIT, 1)


def test_a_refusal_that_the_status_tells_is_asked_again_after_a_restart():
    world = smoked()
    world.troubles["start"] = Trouble.DENIED
    world.settle()
    blocked(world)
    del world.troubles["start"]
    world.restart()
    world.advance(60)
    assert world.alias == SPLIT


def test_a_start_that_is_throttled_is_waited_for():
    world = smoked()
    world.troubles["start"] = Trouble.TRANSIENT
    world.advance(3600)
    assert (ready(world), world.writes) == ("SmokeRunning", [])
    assert "has no outcome yet: no answer" in world.status.message
    del world.troubles["start"]
    world.advance(60)
    assert world.alias == SPLIT


@pytest.mark.parametrize(
    ("trouble", "reason"), [(Trouble.DENIED, "PreflightFailed"), (Trouble.TRANSIENT, "SmokeRunning")]
)
def test_one_that_runs_and_cannot_be_read_gets_no_traffic(trouble, reason):
    world = smoked()
    ends(world, Ending("SUCCEEDED", 10.0))
    world.troubles["execution"] = trouble
    world.advance(60)
    assert (ready(world), world.writes) == (reason, [])
    assert any(isinstance(each, ReadSmoke) for each in world.decision.looks)
    del world.troubles["execution"]
    world.advance(60)
    assert (world.alias, len(names(world))) == (SPLIT, 1)


def test_on_an_express_machine_the_answer_is_the_end():
    world = smoked()
    world.is_express = True
    world.settle()
    ran = [each for each in world.targets_asked if isinstance(each, StartSmoke)]
    assert {type(each) for each in ran} == {RunSmoke}
    assert str(ran[0]) == f"RunSmoke({ran[0].name})"


def test_while_an_express_execution_runs_it_says_for_how_long():
    world = smoked()
    world.is_express = True
    world.troubles["start"] = Trouble.TRANSIENT
    world.settle()
    messages = [status.message for status in world.statuses if status.message]
    assert any("runs, for up to 5m" in message for message in messages)


# -- what people hear --


def test_it_is_reported_when_it_runs_and_when_it_fails():
    world = smoked()
    ends(world, FAILS)
    world.advance(60)
    pairs = zip(world.statuses, world.statuses[1:], strict=False)
    reasons = [str(news.reason) for old, new in pairs for news in announcements(old, new)]
    order = ["SmokeRunning", "PreflightFailed"]
    assert [each for each in reasons if each in order] == order
    assert world.now > START
