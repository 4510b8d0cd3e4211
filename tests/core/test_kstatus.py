"""The table phase x conditions x kstatus, row by row; Argo CD reads the phase, and Stalled before it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.decide import hold_after_error
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.executions import ExecutionReading
from sfn_rollouts.core.values.readings import Account, Trouble, VersionFound
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from tests.core.kstatus import kstatus
from tests.core.specs import APPROVAL, LINEAR, UNCHECKED, WITH_ALARM, spec
from tests.core.world import START, Clear, World

FIRING = AlarmState.ALARM


def accepted():
    world = World()
    world.troubles["alias"] = Trouble.TRANSIENT
    world.settle()
    world.troubles.clear()
    return world


def initializing():
    world = World()
    world.settle()
    world.status = world.statuses[0]
    return world


def shifting():
    world = World()
    world.settle()
    return world


def baking():
    world = shifting()
    world.advance(600)
    return world


def retrying():
    world = shifting()
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(601)
    return world


def denied_in_flight():
    world = shifting()
    world.troubles["write"] = Trouble.DENIED
    world.advance(601)
    return world


def approval():
    world = World(strategy=APPROVAL)
    world.settle()
    return world


def paused():
    world = shifting()
    world.edit(paused=True)
    return world


def promoted():
    world = baking()
    world.advance(300)
    return world


def up_to_date():
    world = World(alias=2)
    world.settle()
    return world


def rolling_back():
    world = World(**WITH_ALARM)
    world.settle()
    world.troubles["write"] = Trouble.TRANSIENT
    world.alarm("A", FIRING)
    world.poll()
    return world


def rolled_back():
    world = World(**WITH_ALARM)
    world.settle()
    world.alarm("A", FIRING)
    world.poll()
    return world


def aborted():
    world = shifting()
    world.say("abort")
    return world


def invalid():
    world = World(version=0)
    world.settle()
    return world


def no_version():
    world = World()
    world.missing_versions = {2}
    world.settle()
    return world


def access_denied():
    world = World()
    world.troubles["version"] = Trouble.DENIED
    world.settle()
    return world


def deadline():
    world = World(progressDeadline="1m", alarms={"names": ["A"], "onInsufficientData": "Hold"})
    world.settle()
    world.alarm("A", AlarmState.INSUFFICIENT_DATA)
    world.advance(700)
    return world


def rollback_failed():
    world = rolling_back()
    world.troubles["write"] = Trouble.DENIED
    world.settle()
    return world


def missing_alarm():
    world = World(alarms={"names": ["A"]})
    world.alarm("A", None)
    world.settle()
    return world


def firing_at_start():
    world = World(alarms={"names": ["A"]})
    world.alarm("A", FIRING)
    world.settle()
    return world


def unevaluated(world):
    """Nobody evaluates its alarm from now on."""
    known = world.alarms["A"]
    world.alarms["A"] = replace(known, evaluation="EVALUATION_ERROR")
    world.poll()
    return world


def unevaluated_at_start():
    world = World(alarms={"names": ["A"]})
    return unevaluated(world)


def unevaluated_in_flight():
    world = World(alarms={"names": ["A"]})
    world.advance(1)
    world = unevaluated(world)
    world.advance(600)
    return world


def alias_split():
    world = World(alias=Routing.split(1, 7, 50))
    world.settle()
    return world


def taken_over():
    world = World(alias=Routing.split(1, 2, 10), stableVersion=1)
    world.settle()
    return world


def drift_held():
    world = shifting()
    world.route(Routing.split(1, 2, 77))
    world.advance(300)
    return world


def gone_in_flight(machine=VersionFound.FOUND):
    """Somebody deletes the alias, or the state machine with it."""
    world = shifting()
    world.route(None)
    world.machine = machine
    world.restart()
    return world


def machine_gone_in_flight():
    return gone_in_flight(VersionFound.NO_MACHINE)


def gone_and_aborted():
    world = gone_in_flight()
    world.say("abort")
    return world


def created_again():
    """Under its name, with an alias that serves another version than the one that was promoted."""
    world = promoted()
    world.recreate(1)
    world.advance(700)
    return world


def rival():
    world = World()
    world.seen = world.seen.__class__(has_older_rival=True)
    world.settle()
    return world


def foreign_account():
    world = World()
    world.seen = replace(world.seen, account=Account("210987654321", "aws"))
    world.settle()
    return world


def unknown_region():
    world = World()
    world.seen = replace(world.seen, is_region_known=False)
    world.settle()
    return world


# situation: how it comes about, phase, Ready, its reason, Reconciling, Stalled, kstatus
def preflight_failed():
    world = World(preflight={**UNCHECKED, "pins": "Enforce"})
    world.aws.targets.unpinned = frozenset({2})
    world.settle()
    return world


def preflight_failed_in_flight():
    world = World(strategy=LINEAR, preflight={**UNCHECKED, "permissions": "Enforce"})
    world.settle()
    world.aws.targets.is_allowed = False
    world.advance(1200)
    return world


def watched(**policies):
    return World(strategy={"steps": [{"setWeight": 50}, {"pause": {"duration": "30m"}}]}, analysis=policies)


def judged(trouble=None, fails=0.5, starts_per_hour=1200.0, minutes=40, **policies):
    world = watched(**policies)
    if trouble is not None:
        world.troubles["executions"] = trouble
    world.has_callers(starts_per_hour, v2=fails)
    world.advance(60.0 * minutes)
    return world


def judged_worse():
    return judged()


def held_worse():
    return judged(onWorse="Hold")


def moment(second):
    return START + timedelta(seconds=second)


def executed(executions, **policies):
    """Nothing else is started. `executions`: (version, second at which it starts, seconds that it takes, its end)."""
    world = watched(**policies)
    world.aws.executions.laid_down += [
        ExecutionReading(f"execution-{number}", version, moment(at), moment(at + lasts), end)
        for number, (version, at, lasts, end) in enumerate(executions)
    ]
    world.advance(2400.0)
    return world


def judged_slower(**policies):
    """The target takes five times as long; the horizon is long enough to see it."""
    stable = [(1, second, 2, "SUCCEEDED") for second in range(-300, 300, 2)]
    target = [(2, second, 10, "SUCCEEDED") for second in range(1, 300, 2)]
    return executed([*stable, *target], horizon="30s", **policies)


def slower_went_back():
    return judged_slower(onSlower="Rollback")


def held_skewed():
    """Twice as many executions run the target as stable, at half the weight."""
    return executed((2 if second % 3 else 1, second, 2, "SUCCEEDED") for second in range(300))


def held_suspect():
    """Stable never failed, and three executions are too few for Worse."""
    past = [(1, second, 2, "SUCCEEDED") for second in range(-300, -10)]
    return executed([*past, *((2, second, 2, "FAILED") for second in (20, 40, 60))])


def held_until_not_worse():
    return judged(fails=0.0, starts_per_hour=40.0, requireNotWorse=True)


def judged_by_nobody():
    return judged(Trouble.DENIED)


TABLE = {
    "accepted, AWS does not answer": (accepted, "Pending", "Unknown", "RetryingAWS", True, False, "InProgress"),
    "accepted, resolving": (initializing, "Pending", "Unknown", "Initializing", True, False, "InProgress"),
    "shifting": (shifting, "Progressing", "False", "ShiftInProgress", True, False, "InProgress"),
    "baking": (baking, "Baking", "False", "Baking", True, False, "InProgress"),
    "AWS fails in flight": (retrying, "Progressing", "False", "RetryingAWS", True, False, "InProgress"),
    "AWS refuses in flight": (denied_in_flight, "Progressing", "False", "AccessDenied", False, True, "Failed"),
    "waiting for approval": (approval, "Paused", "False", "AwaitingApproval", True, False, "InProgress"),
    "paused": (paused, "Paused", "False", "Paused", True, False, "InProgress"),
    "all traffic on target, bake done": (promoted, "Succeeded", "True", "RolloutComplete", False, False, "Current"),
    "nothing to do": (up_to_date, "Succeeded", "True", "UpToDate", False, False, "Current"),
    "rolling back": (rolling_back, "RollingBack", "False", "RollbackInProgress", True, False, "InProgress"),
    "rolled back by an alarm": (rolled_back, "RolledBack", "False", "AlarmFiring", False, True, "Failed"),
    "aborted": (aborted, "RolledBack", "False", "Aborted", False, True, "Failed"),
    "spec invalid": (invalid, "Failed", "False", "InvalidSpec", False, True, "Failed"),
    "version missing": (no_version, "Failed", "False", "NotFound", False, True, "Failed"),
    "access denied": (access_denied, "Failed", "False", "AccessDenied", False, True, "Failed"),
    "deadline exceeded": (deadline, "Failed", "False", "ProgressDeadlineExceeded", False, True, "Failed"),
    "rollback failed": (rollback_failed, "Failed", "False", "RollbackFailed", False, True, "Failed"),
    "alarm missing at the start": (missing_alarm, "Pending", "False", "AlarmMissing", False, True, "Failed"),
    "alarm firing at the start": (firing_at_start, "Pending", "Unknown", "AlarmFiring", True, False, "InProgress"),
    "alarm unevaluated at the start": (
        unevaluated_at_start,
        "Pending",
        "Unknown",
        "AlarmUnevaluated",
        True,
        False,
        "InProgress",
    ),
    "alarm unevaluated in flight": (
        unevaluated_in_flight,
        "Progressing",
        "False",
        "AlarmUnevaluated",
        True,
        False,
        "InProgress",
    ),
    "alias split by somebody else": (alias_split, "Pending", "False", "AliasSplit", False, True, "Failed"),
    "a split taken over": (taken_over, "Progressing", "False", "ShiftInProgress", True, False, "InProgress"),
    "drift held in flight": (drift_held, "Progressing", "False", "AliasDrifted", False, True, "Failed"),
    "alias deleted in flight": (gone_in_flight, "Progressing", "False", "NotFound", False, True, "Failed"),
    "state machine deleted in flight": (
        machine_gone_in_flight,
        "Progressing",
        "False",
        "NotFound",
        False,
        True,
        "Failed",
    ),
    "alias deleted in flight, aborted": (gone_and_aborted, "Failed", "False", "NotFound", False, True, "Failed"),
    "state machine created again": (
        created_again,
        "Progressing",
        "False",
        "ShiftInProgress",
        True,
        False,
        "InProgress",
    ),
    "another account": (foreign_account, "Failed", "False", "ForeignAccount", False, True, "Failed"),
    "an unknown region": (unknown_region, "Failed", "False", "UnknownRegion", False, True, "Failed"),
    "preflight failed at the start": (preflight_failed, "Pending", "False", "PreflightFailed", False, True, "Failed"),
    "preflight failed in flight": (
        preflight_failed_in_flight,
        "Progressing",
        "False",
        "PreflightFailed",
        False,
        True,
        "Failed",
    ),
    "found worse by its executions": (judged_worse, "RolledBack", "False", "VersionWorse", False, True, "Failed"),
    "found worse, held": (held_worse, "Progressing", "False", "VersionWorse", False, True, "Failed"),
    "found slower by its executions": (slower_went_back, "RolledBack", "False", "VersionSlower", False, True, "Failed"),
    "found slower, held": (judged_slower, "Progressing", "False", "VersionSlower", False, True, "Failed"),
    "skewed, held": (held_skewed, "Progressing", "False", "TrafficSkewed", True, False, "InProgress"),
    "suspect, held": (held_suspect, "Progressing", "False", "VersionSuspect", True, False, "InProgress"),
    "not known to be no worse, held": (
        held_until_not_worse,
        "Progressing",
        "False",
        "AnalysisNotEnough",
        True,
        False,
        "InProgress",
    ),
    "judged by nobody": (judged_by_nobody, "Progressing", "False", "AnalysisBlind", True, False, "InProgress"),
    "an older rival": (rival, "Pending", "False", "AliasConflict", False, True, "Failed"),
}


@pytest.mark.parametrize("situation", TABLE)
def test_table(situation):
    make, phase, ready, reason, reconciling, stalled, verdict = TABLE[situation]
    world = make()
    assert (world.status.phase, *world.ready()) == (phase, ready, reason)
    assert (condition(world.status, "Reconciling") is not None) is reconciling
    assert (condition(world.status, "Stalled") is not None) is stalled
    assert world.status.observed_generation == world.generation
    assert {item.observed_generation for item in world.status.conditions} == {world.generation}
    assert kstatus(resource(world)) == verdict


def resource(world, **metadata):
    return {"metadata": {"generation": world.generation, **metadata}, "status": world.status.to_resource()}


def test_created_and_not_seen_is_in_progress_by_the_default_of_the_crd():
    assert kstatus({"metadata": {"generation": 1}, "status": Status().to_resource()}) == "InProgress"


def test_deleting_is_terminating():
    assert kstatus(resource(shifting(), deletionTimestamp="now")) == "Terminating"


def test_the_first_status_of_a_generation_never_carries_the_verdict_on_the_one_before():
    """Ready=True, or Stalled, of the old version would end Flux's wait for the new one."""
    for make in (
        promoted,
        up_to_date,
        rolled_back,
        aborted,
        no_version,
        deadline,
        missing_alarm,
        alias_split,
        shifting,
    ):
        world = make()
        world.now += timedelta(minutes=1)
        old, world.statuses = world.status, []
        world.alarm("A", Clear)
        world.alias = Routing.whole(1) if make is alias_split else world.alias
        world.edit(version=3, alarms=None)
        first = next(status for status in world.statuses if status.observed_generation == 2)
        shown = {"metadata": {"generation": 2}, "status": first.to_resource()}
        assert kstatus(shown) == "InProgress", (make.__name__, old.phase, first)


def test_a_version_asked_for_while_going_back_is_not_judged_by_the_rollback():
    world = rolling_back()
    world.edit(version=3)
    world.statuses = []
    world.alarm("A", Clear)
    world.troubles.clear()
    world.advance(60)
    assert "RolledBack" not in world.phases()
    assert world.status.history[0].reason == "AlarmFiring"
    assert world.status.target_version == 3


def test_absent_conditions_and_false_ones_count_for_nothing():
    assert kstatus({"metadata": {"generation": 1}, "status": {}}) == "Current"
    ready = {"type": "Ready", "status": "True"}
    stalled = {"type": "Stalled", "status": "False"}
    assert kstatus({"metadata": {}, "status": {"conditions": [stalled, ready]}}) == "Current"


def test_awaiting_approval_is_true_while_promote_is_what_it_waits_for():
    world = approval()
    assert condition(world.status, "AwaitingApproval").status == "True"
    world.say("pause")
    assert condition(world.status, "AwaitingApproval").status == "False"
    world.say("resume")
    assert condition(world.status, "AwaitingApproval").status == "True"
    world.route(3)
    world.advance(400)
    assert (world.ready()[1], condition(world.status, "AwaitingApproval").status) == ("AliasDrifted", "False")
    world.say("abort")
    assert condition(world.status, "AwaitingApproval").status == "False"


def test_an_error_says_nothing_for_a_new_generation_that_was_true_of_the_one_before():
    """What is kept of an older status would end a wait for the version that is asked for now."""
    for world, kind in ((approval(), "AwaitingApproval"), (promoted(), "Promoted")):
        assert condition(world.status, kind).status == "True"
        rollout = Rollout(world.generation + 1, spec(version=3), world.status, START)
        held = hold_after_error(rollout, "KeyError", world.now).status
        assert (held.observed_generation, condition(held, kind).status) == (world.generation + 1, "False")


def test_an_error_does_not_take_back_that_a_version_was_promoted():
    world = promoted()
    held = hold_after_error(Rollout(world.generation, spec(), world.status, START), "KeyError", world.now).status
    assert condition(held, "Promoted").status == "True"
