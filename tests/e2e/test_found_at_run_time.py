"""What only AWS can tell is missing or forbidden: stalled with reason and remedy, and fixed without a hand on us."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from devenv.aws.client import small_definition
from tests.e2e.story import ALARM, QUICK_PATH, STALLED, Story, split, verdict, whole

Action = Callable[[Story], Any]


@dataclass(frozen=True)
class Trouble:
    """What is wrong before the rollout is applied with `spec`, how it is reported, and what fixes it outside."""

    reason: str
    reported: str
    fix: Action
    cause: Action = lambda story: None
    spec: Callable[[Story], dict[str, Any]] = lambda story: {}


def _elsewhere(story: Story) -> str:
    return story.machine.replace("Orders", "Later")


TROUBLES = {
    "no such state machine": Trouble(
        spec=lambda story: {"stateMachineArn": _elsewhere(story), "version": 1},
        reason="NotFound",
        reported="does not exist: create it",
        fix=lambda story: story.aws.publish_machine(_elsewhere(story).rsplit(":")[-1], [small_definition("first")]),
    ),
    "no such version": Trouble(
        spec=lambda story: {"version": 4},
        reason="NotFound",
        reported="does not exist: publish it (aws stepfunctions publish-state-machine-version) or correct spec.version",
        fix=lambda story: story.aws.publish_version(story.machine, small_definition("version 4")),
    ),
    "no such alarm": Trouble(
        spec=lambda story: {"alarms": {"names": [ALARM, "forgotten"], "pollInterval": "1s"}},
        reason="AlarmMissing",
        reported="alarm forgotten does not exist in the state machine's account and region: create it",
        fix=lambda story: story.aws.put_alarm("forgotten"),
    ),
    "no permission to read the alias": Trouble(
        cause=lambda story: story.aws.fail("DescribeStateMachineAlias", "denied"),
        reason="AccessDenied",
        reported="states:DescribeStateMachineAlias was denied",
        fix=lambda story: story.aws.clear_faults(),
    ),
    "no permission to read the alarms": Trouble(
        cause=lambda story: story.aws.fail("DescribeAlarms", "denied"),
        reason="AccessDenied",
        reported="cloudwatch:DescribeAlarms was denied",
        fix=lambda story: story.aws.clear_faults(),
    ),
    "no permission to write the alias": Trouble(
        cause=lambda story: story.aws.fail("UpdateStateMachineAlias", "denied"),
        reason="AccessDenied",
        reported="states:UpdateStateMachineAlias was denied",
        fix=lambda story: story.aws.clear_faults(),
    ),
    "credentials that have expired": Trouble(
        cause=lambda story: story.aws.fail("*", "expired"),
        reason="AccessDenied",
        reported="was refused because the operator's credentials have expired",
        fix=lambda story: story.aws.clear_faults(),
    ),
    "an alias that somebody else has split": Trouble(
        cause=lambda story: story.aws.update_alias(story.alias, {1: 50, 3: 50}),
        reason="AliasSplit",
        reported="route it to one version (aws stepfunctions update-state-machine-alias), then the rollout starts",
        fix=lambda story: story.aws.update_alias(story.alias, whole(1)),
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_trouble_is_reported_and_fixed(story: Story, trouble: Trouble) -> None:
    """Stalled, with a message that names the remedy; nothing is shifted meanwhile; fixed outside, it goes on."""
    trouble.cause(story)
    before = story.routings()
    spec = trouble.spec(story)
    story.apply(**{"version": 2, **spec})

    stalled = story.wait_for_reason(trouble.reason)
    assert verdict(stalled) == STALLED
    assert trouble.reported in stalled["message"]
    assert story.routings() == before

    trouble.fix(story)
    story.wait_for_phase("Succeeded")


def test_an_express_machine_is_moved_alike(story: Story) -> None:
    """Only its executions cannot be counted, which is said."""
    versions = [small_definition("version 1"), small_definition("version 2")]
    machine = story.aws.publish_machine("Fast", versions, type="EXPRESS")
    story.aws.create_alias(machine, "live", whole(1))

    story.apply(version=2, stateMachineArn=machine)

    story.wait_for_phase("Succeeded")
    assert [change.routing for change in story.aws.alias_history(f"{machine}:live")] == QUICK_PATH
    assert "does not list executions of Express state machines" in story.wait_for_event("ExecutionsCounted")


def test_an_alarm_that_is_deleted_in_flight(story: Story) -> None:
    """What cannot be seen is never a pass: with onMissing: Block the rollout goes back."""
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}])
    story.wait_for_phase("Paused")

    story.aws.delete_alarm(ALARM)

    story.wait_for_reason("AlarmMissing")
    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_a_missing_alarm_may_be_ignored(story: Story) -> None:
    """onMissing: Ignore goes on without it, and still watches the others."""
    alarms = {"names": [ALARM, "forgotten"], "pollInterval": "1s", "onMissing": "Ignore"}
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}], alarms=alarms)
    story.wait_for_phase("Paused")

    story.aws.set_alarm(ALARM, "ALARM")

    story.wait_for_phase("RolledBack")
