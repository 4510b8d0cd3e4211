"""AWSAccess in the decisions: what is not granted begins nothing, what was revoked goes no further but may go back."""

from dataclasses import replace

import pytest

from sfn_rollouts.api.access_use import AccessUse
from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.access import UNGOVERNED, Ambiguous, Granted, NotGranted
from sfn_rollouts.core.values.conditions import is_true
from sfn_rollouts.core.values.readings import Account, Trouble
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import WITH_ALARM
from tests.core.world import World

USE = AccessUse(name="payments", role_arn="arn:aws:iam::123456789012:role/sfn-rollouts", external_id="x-1")
GRANTED = Granted(USE)
REVOKED = NotGranted(is_any=True)
BOTH = Ambiguous(("one", "two"))
HALF = Routing.split(1, 2, 10)


def under(world, access):
    world.seen = replace(world.seen, access=access)
    return world


def begun(access=GRANTED, **spec):
    world = under(World(**{**WITH_ALARM, **spec}), access)
    world.advance(30)
    assert world.writes == [HALF]
    return world


@pytest.mark.parametrize(
    ("access", "reason", "words"),
    [
        (REVOKED, "AccessNotGranted", "no AWSAccess lets this namespace move alias live of arn:aws:states:"),
        (NotGranted(is_any=False), "AccessNotGranted", "there is no AWSAccess, and the operator requires one"),
        (BOTH, "AccessAmbiguous", "several AWSAccesses match (one, two), and exactly one must"),
    ],
)
def test_without_exactly_one_grant_nothing_is_looked_at(access, reason, words):
    world = under(World(**WITH_ALARM), access)
    world.advance(3600)
    assert world.ready() == ("False", reason)
    assert words in world.status.message
    assert (world.status.phase, world.decision.looks, world.decision.wake_at) == ("Failed", frozenset(), None)
    assert (world.decision.watches_alarms, world.decision.holds_finalizer) == (False, False)
    assert world.writes == []
    assert world.status.access is None
    assert len(world.statuses) == 1, "said once"


def test_what_was_not_read_yet_is_no_grant():
    world = under(World(), None)
    world.settle()
    assert (world.ready(), world.decision.looks, world.writes) == (("Unknown", "Initializing"), frozenset(), [])


def test_once_granted_it_begins_and_remembers_the_access():
    world = under(World(), REVOKED)
    world.settle()
    under(world, GRANTED).settle()
    assert (world.writes, world.status.access) == ([HALF], USE)


def test_without_awsaccess_nothing_is_remembered():
    world = World()
    world.settle()
    assert (world.writes, world.status.access) == ([HALF], None)


@pytest.mark.parametrize("access", [REVOKED, BOTH, UNGOVERNED], ids=["revoked", "ambiguous", "all accesses are gone"])
def test_revoked_in_flight_it_takes_no_step_and_goes_back_at_the_deadline(access):
    world = begun(progressDeadline="10m")
    under(world, access)
    world.advance(300)
    assert world.writes == [HALF]
    assert (world.status.access, world.decision.watches_alarms) == (USE, True)
    assert world.ready()[1] in ("AccessNotGranted", "AccessAmbiguous")
    world.advance(3600)
    assert world.writes == [HALF, Routing.whole(1)]
    assert world.status.phase == "Failed", "what is over is held to what is granted now"
    assert [entry.reason for entry in world.status.history] == ["ProgressDeadlineExceeded"]


def test_the_sentence_names_the_access_and_no_other_one():
    world = under(begun(), REVOKED)
    world.advance(300)
    assert "AWSAccess payments, under which this rollout goes on, does not let its namespace move" in (
        world.status.message
    )


def test_an_alarm_goes_back_although_it_was_revoked():
    world = under(begun(), REVOKED)
    world.alarm("A", AlarmState.ALARM)
    world.advance(30)
    assert world.writes == [HALF, Routing.whole(1)]


@pytest.mark.parametrize("access", [REVOKED, BOTH])
def test_that_it_went_back_is_said_although_nothing_is_looked_at_any_more(access):
    world = under(begun(), access)
    world.alarm("A", AlarmState.ALARM)
    world.advance(30)
    assert world.alias == Routing.whole(1)
    assert world.ready()[1] in ("AccessNotGranted", "AccessAmbiguous")
    assert world.status.message.startswith("version 2 was rolled back (AlarmFiring); ")
    assert [entry.outcome for entry in world.status.history] == ["RolledBack"]


def test_of_another_version_it_says_only_why_it_does_not_begin():
    world = under(begun(), REVOKED)
    world.alarm("A", AlarmState.ALARM)
    world.advance(30)
    world.edit(version=3)
    world.settle()
    assert world.status.message.startswith("no AWSAccess lets this namespace move")


def test_an_intent_that_was_not_written_when_it_was_revoked_is_not_written():
    world = begun()
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(900)
    assert world.status.intent is not None
    under(world, REVOKED)
    world.troubles.clear()
    world.advance(900)
    assert world.writes == [HALF]
    assert world.ready() == ("False", "AccessNotGranted")


def test_granted_again_it_goes_on():
    world = under(begun(), REVOKED)
    world.advance(120)
    under(world, GRANTED)
    world.advance(3600)
    assert world.alias == Routing.whole(2)
    assert world.status.phase == "Succeeded"


def test_another_role_in_the_same_grant_is_remembered():
    world = begun()
    new = USE.with_(role_arn="arn:aws:iam::123456789012:role/other")
    under(world, Granted(new)).settle()
    assert world.status.access == new


@pytest.mark.parametrize("alias", [None, 1], ids=["a new alias", "drift put back"])
def test_a_single_write_needs_a_grant_as_well(alias):
    world = under(World(alias=alias, driftPolicy="Reassert"), GRANTED)
    if alias is not None:
        world.advance(7200)
        world.route(1)
    before = list(world.writes)
    world.troubles["write"] = Trouble.TRANSIENT
    world.advance(900)
    assert world.status.intent is not None
    under(world, REVOKED)
    world.troubles.clear()
    world.advance(900)
    assert world.writes == before
    assert world.ready() == ("False", "AccessNotGranted")


def test_a_role_of_another_account_is_the_platform_teams_to_correct():
    world = under(World(), GRANTED)
    world.seen = replace(world.seen, account=Account("210987654321", "aws"))
    world.settle()
    assert world.ready() == ("False", "ForeignAccount")
    assert "and the role of AWSAccess payments in account 210987654321: whoever writes AWSAccesses" in (
        world.status.message
    )


def ended():
    world = begun()
    world.advance(7200)
    assert (world.status.phase, is_true(world.status, "Promoted")) == ("Succeeded", True)
    return world


def test_revoked_at_rest_it_is_reported_and_looks_no_more():
    world = ended()
    under(world, REVOKED).settle()
    assert (world.ready(), world.decision.looks) == (("False", "AccessNotGranted"), frozenset())
    under(world, GRANTED).settle()
    assert world.ready()[0] == "True"


def test_what_was_promoted_stays_so_whoever_may_move_the_alias_from_then_on():
    world = ended()
    under(world, REVOKED).settle()
    assert is_true(world.status, "Promoted")
    world.edit(version=3)
    assert not is_true(world.status, "Promoted")


def test_what_was_rolled_back_is_not_promoted_by_a_hold():
    world = begun()
    world.say("abort")
    under(world, REVOKED).settle()
    assert (world.ready()[1], is_true(world.status, "Promoted")) == ("AccessNotGranted", False)


@pytest.mark.parametrize("action", ["promote", "promote-full"])
def test_promote_is_refused_while_it_is_revoked_and_works_once_it_is_granted_again(action):
    world = begun(strategy={"steps": [{"setWeight": 10}, {"pause": {}}]})
    under(world, REVOKED).settle()
    world.say(action)
    assert world.status.last_command.result == "Refused"
    assert "does not let its namespace move" in world.status.last_command.message
    world.advance(600)
    under(world, GRANTED).settle()
    assert world.ready()[1] == "AwaitingApproval"
    world.say(action)
    assert (world.status.last_command.result, world.writes[-1]) == ("Done", Routing.whole(2))
