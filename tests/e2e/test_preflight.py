"""What a version does is looked at before it gets traffic: what is enforced holds it, all else is only reported."""

from collections import Counter
from dataclasses import replace
from typing import Any

from devenv.aws.client import small_definition
from tests.e2e.preflight import (
    CHECKS,
    INVOKE,
    begun_without_permission,
    calling,
    found,
    function,
    messages,
    only,
    role_of,
)
from tests.e2e.story import (
    ALIAS,
    DONE,
    QUICK_STEPS,
    SLOW_STEPS,
    STALLED,
    Story,
    condition_of,
    reason_of,
    split,
    verdict,
    whole,
)

START = "arn:aws:states:::states:startExecution"


def test_an_unpinned_function_gets_no_traffic_and_a_pinned_one_does(story: Story) -> None:
    """Blocked before the first write; a version that is pinned is asked for, and goes through."""
    arn = function(story.aws)
    loose = story.aws.publish_version(story.machine, calling(arn))
    story.apply(version=loose, preflight=only("Enforce", "pins"))

    held = story.wait_for_reason("PreflightFailed")
    assert (held["phase"], verdict(held)) == ("Pending", STALLED)
    assert "preflight pins: state Charge calls Lambda function charge without a version" in held["message"]
    assert reason_of(held, "PreflightPassed") == "PreflightFailed"
    assert (held["preflight"]["version"], held["preflight"]["verdict"]) == (loose, "Failed")
    assert found(held) == [("pins", "Failed", "States.Charge")]
    assert "state Charge" in story.wait_for_event("PreflightFailed")
    assert story.writes() == 0

    pinned = story.aws.publish_version(story.machine, calling(f"{arn}:{story.aws.publish_function('charge')}"))
    story.edit(version=pinned)

    done = story.wait_for_phase("Succeeded")
    assert condition_of(done, "PreflightPassed")["status"] == "True"
    assert (done["preflight"]["version"], verdict(done)) == (pinned, DONE)
    assert story.routings() == [whole(1), split(1, pinned, 10), split(1, pinned, 50), whole(pinned)]


def test_a_functions_version_that_is_not_there_blocks_until_it_is(story: Story) -> None:
    """One that was deleted, then one that is published a moment too late: that one begins by itself."""
    arn = function(story.aws)
    version = story.aws.publish_function("charge")
    deleted = story.aws.publish_version(story.machine, calling(f"{arn}:{version}"))
    story.aws.delete_function_version("charge", version)
    story.apply(version=deleted, preflight=only("Enforce", "targets"))

    held = story.wait_for_reason("PreflightFailed")
    assert f"state Charge calls {arn}:1, and Lambda knows no such function, or no such version" in held["message"]

    early = story.aws.publish_version(story.machine, calling(f"{arn}:2"))
    story.edit(version=early)
    held = story.wait_for(lambda status: f"{arn}:2" in (status["message"] or ""), "the other version to be missed")
    assert (held["phase"], reason_of(held)) == ("Pending", "PreflightFailed")
    assert story.writes() == 0

    story.aws.put_function("charge", role=story.aws.put_role(f"changed-{story.namespace}"))
    assert story.aws.publish_function("charge") == 2
    story.wait_for_phase("Succeeded")
    assert story.routing() == whole(early)


def test_a_permission_taken_away_in_flight_holds_the_next_step_until_it_is_back(story: Story) -> None:
    """IAM has no versions: what was right at the start may be wrong at the next step."""
    arn, target = begun_without_permission(story)

    story.command("promote")

    held = story.wait_for_reason("PreflightFailed")
    assert (held["phase"], verdict(held)) == ("Progressing", STALLED)
    assert f"state Charge of version {target} needs {INVOKE} on {arn}" in held["message"]
    assert found(held)[0] == ("permissions", "Failed", "States.Charge")
    assert story.routing() == split(1, target, 10)

    story.aws.allow(role_of(story), INVOKE, arn)
    story.wait_for_weight(50)
    assert condition_of(story.status(), "PreflightPassed")["status"] == "True"


def test_going_back_does_not_wait_for_a_permission(story: Story) -> None:
    """Held by preflight, it goes back at once when a person says so."""
    _, target = begun_without_permission(story)
    story.command("promote")
    story.wait_for_reason("PreflightFailed")

    story.command("abort")

    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, target, 10), whole(1)]


def test_by_default_it_is_reported_once_and_nothing_waits(story: Story) -> None:
    """Without spec.preflight all checks warn: one Event, findings in the status, and the rollout goes on."""
    loose = story.aws.publish_version(story.machine, calling(function(story.aws)))
    story.apply(version=loose)

    done = story.wait_for_phase("Succeeded")
    assert verdict(done) == DONE
    assert (condition_of(done, "PreflightPassed")["status"], reason_of(done, "PreflightPassed")) == (
        "False",
        "PreflightWarning",
    )
    assert found(done)[0] == ("pins", "Warning", "States.Charge")
    assert {check for check, _, _ in found(done)} == set(CHECKS)
    assert "preflight pins: state Charge" in story.wait_for_event("PreflightWarning")
    assert Counter(reason for _, reason, _ in story.events())["PreflightWarning"] == 1


def test_what_the_operator_may_not_ask_is_unknown_and_blocks_nothing(story: Story) -> None:
    """Enforced, denied by IAM: Unknown with the action to grant, asked once, and the rollout goes on."""
    arn = f"{function(story.aws)}:{story.aws.publish_function('charge')}"
    target = story.aws.publish_version(story.machine, calling(arn), role=story.aws.put_role(role_of(story)))
    story.aws.fail("GetFunctionConfiguration", "denied")
    story.aws.fail("SimulatePrincipalPolicy", "denied")
    story.apply(version=target, preflight=only("Enforce", "targets", "permissions"))

    done = story.wait_for_phase("Succeeded")
    assert (condition_of(done, "PreflightPassed")["status"], verdict(done)) == ("Unknown", DONE)
    assert {check: result for check, result, _ in found(done)} | {"permissions": "Unknown"} == {
        "targets": "Unknown",
        "permissions": "Unknown",
    }
    assert "lambda:GetFunctionConfiguration" in messages(done)["targets"]
    assert any("iam:SimulatePrincipalPolicy" in each["message"] for each in done["preflight"]["findings"])
    assert len(story.aws.calls("GetFunctionConfiguration")) == len(story.aws.calls("SimulatePrincipalPolicy")) == 1
    assert "PreflightFailed" not in {reason for _, reason, _ in story.events()}


def test_a_definition_encrypted_with_a_key_that_may_not_be_used_is_unknown(story: Story) -> None:
    """The alias is shifted all the same: Step Functions has the key, the operator need not."""
    key = f"alias/{story.namespace}"
    loose = calling(function(story.aws))
    machine = story.aws.publish_machine(f"Secret-{story.namespace}", [small_definition("1"), loose], key=key)
    story.aws.create_alias(machine, "live", whole(1))
    story.aws.deny_key(key)
    secret = replace(story, machine=machine)
    secret.apply(version=2, preflight=only("Enforce", "pins", "targets", "permissions", "entryPoint"))

    done = secret.wait_for_phase("Succeeded")
    assert condition_of(done, "PreflightPassed")["status"] == "Unknown"
    assert {result for _, result, _ in found(done)} == {"Unknown"}
    assert "kms:Decrypt" in messages(done)["pins"]


def test_callers_of_an_express_machine_are_counted_by_metrics(story: Story) -> None:
    """AWS lists no Express executions. Those by another alias pass by too, so nobody knows, and nothing is blocked."""
    machine = story.aws.publish_machine(f"Express-{story.namespace}", type="EXPRESS")
    other = story.aws.create_alias(machine, "other", whole(1))
    story.aws.set_traffic(story.aws.create_alias(machine, "live", whole(1)), starts_per_hour=60, past_s=36_000)
    express = replace(story, machine=machine)
    express.apply(version=2, preflight=only("Enforce", "callers"))

    done = express.wait_for_phase("Succeeded")
    assert found(done) == [("callers", "Passed", machine)]

    story.aws.set_traffic(other, starts_per_hour=60, past_s=36_000)
    express.edit(version=1)
    done = express.wait_for(
        lambda status: status["phase"] == "Succeeded" and status["stableVersion"] == 1, "version 1 again"
    )
    assert found(done) == [("callers", "Unknown", machine)]
    assert f"were not started by {express.alias}" in messages(done)["callers"]


def test_an_alias_that_another_rollout_shifts_is_not_called_by_a_target(story: Story) -> None:
    """One execution would meet two shifts. Calling a version of the inner state machine is the remedy."""
    inner = replace(story, machine=story.aws.publish_machine(f"Inner-{story.namespace}"), name="inner")
    story.aws.create_alias(inner.machine, "live", whole(1))
    inner.apply(version=2, steps=SLOW_STEPS, preflight=only("Off"))
    inner.wait_for_weight(10)
    twice = story.aws.publish_version(story.machine, calling(START, StateMachineArn=inner.alias))
    story.apply(version=twice, preflight=only("Enforce", "entryPoint"))

    held = story.wait_for_reason("PreflightFailed")
    assert f"state Charge calls {inner.alias}, and rollout {story.namespace}/inner shifts that alias" in held["message"]
    assert story.routings() == [whole(1)]

    once = story.aws.publish_version(story.machine, calling(START, StateMachineArn=f"{inner.machine}:1"))
    story.edit(version=once)
    story.wait_for_phase("Succeeded")
    assert inner.routing() == split(1, 2, 10)


def test_an_alarm_that_needs_longer_than_the_wait_guards_nothing(story: Story) -> None:
    """Both numbers are said; with a longer wait the rollout begins."""
    story.apply(version=2, steps=QUICK_STEPS, preflight=only("Enforce", "alarms"))

    held = story.wait_for_reason("PreflightFailed")
    assert "alarm errors needs 60 s to fire" in held["message"]
    assert "the shortest wait with traffic on the target is 1 s" in held["message"]
    assert story.writes() == 0

    story.edit(strategy={"steps": [{"setWeight": 10}, {"pause": {"duration": "60s"}}]})
    begun = story.wait_for_weight(10)
    assert condition_of(begun, "PreflightPassed")["status"] == "True"


# -- the smoke --


def smoke(**fields: Any) -> dict[str, Any]:
    """A smoke, and no other check."""
    return {**only("Off"), "smoke": {"input": {"dryRun": True}, **fields}}


def runs(story: Story, version: int = 2) -> list[str]:
    """ARNs of the executions of a version."""
    return [each["executionArn"] for each in story.aws.executions(f"{story.machine}:{version}")]


def test_a_version_that_passes_its_smoke_gets_traffic(story: Story) -> None:
    """One execution of the version, by its own ARN, with the input; then the steps."""
    story.aws.set_outcome(f"{story.machine}:2", "SUCCEEDED", after_s=2, output={"total": 3, "more": 1})
    story.apply(version=2, preflight=smoke(expect={"output": {"total": 3}}))

    running = story.wait_for_reason("SmokeRunning")
    assert (running["phase"], story.writes()) == ("Pending", 0)

    done = story.wait_for_phase("Succeeded")
    assert (condition_of(done, "PreflightPassed")["status"], verdict(done)) == ("True", DONE)
    (arn,) = runs(story)
    assert found(done) == [("smoke", "Passed", arn)]
    (started,) = story.aws.calls("StartExecution")
    assert (started.params["stateMachineArn"], started.params["input"]) == (f"{story.machine}:2", '{"dryRun":true}')
    assert "execution smoke-2-" in story.wait_for_event("SmokeRunning")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(2)]


def test_a_version_that_fails_its_smoke_gets_none_until_a_retry_passes(story: Story) -> None:
    """Blocked with the execution, its error and its cause; put right outside, another one is run on request."""
    story.aws.set_outcome(f"{story.machine}:2", "FAILED", error="Card.Declined", cause="no\nmoney")
    story.apply(version=2, preflight=smoke())

    held = story.wait_for_reason("PreflightFailed")
    (arn,) = runs(story)
    assert (held["phase"], verdict(held), story.writes()) == ("Pending", STALLED, 0)
    assert f"execution {arn} ended as FAILED, not as SUCCEEDED (Card.Declined: no money)" in held["message"]
    assert found(held) == [("smoke", "Failed", arn)]

    story.aws.set_outcome(f"{story.machine}:2", "SUCCEEDED")
    assert story.command("retry")["result"] == "Done"

    story.wait_for_phase("Succeeded")
    assert len(runs(story)) == 2


def test_an_operator_that_is_killed_while_the_smoke_runs_finds_it_again(story: Story) -> None:
    """By its name: one execution, and traffic once it has ended."""
    story.aws.set_outcome(f"{story.machine}:2", "RUNNING")
    story.apply(version=2, preflight=smoke(timeout="10m"))
    story.wait_for(lambda status: "runs since" in (status["message"] or ""), "the smoke to run")
    (arn,) = runs(story)
    story.operator.kill()
    story.restart()
    story.wait_for_reason("SmokeRunning")

    story.aws.finish_execution(arn)

    story.wait_for_phase("Succeeded")
    assert runs(story) == [arn]


def test_a_smoke_that_the_operator_may_not_run_blocks_and_says_what_to_grant(story: Story) -> None:
    """What could not be tested is not tested."""
    story.aws.set_outcome(f"{story.machine}:2", "SUCCEEDED")
    story.aws.fail("StartExecution", "denied")
    story.apply(version=2, preflight=smoke())

    held = story.wait_for_reason("PreflightFailed")
    assert "has no outcome: states:StartExecution was denied" in held["message"]
    assert (verdict(held), story.writes()) == (STALLED, 0)

    story.aws.clear_faults()
    story.command("retry")
    story.wait_for_phase("Succeeded")
    assert len(runs(story)) == 1


def test_an_express_machine_is_run_to_its_end(story: Story) -> None:
    """By StartSyncExecution, whose answer is the end."""
    machine = story.aws.publish_machine(f"Quick-{story.namespace}", type="EXPRESS")
    story.aws.create_alias(machine, ALIAS, whole(1))
    quick = replace(story, machine=machine)
    story.aws.set_outcome(f"{machine}:2", "FAILED", error="Card.Declined")
    quick.apply(version=2, preflight=smoke())

    held = quick.wait_for_reason("PreflightFailed")
    assert "ended as FAILED, not as SUCCEEDED (Card.Declined)" in held["message"]
    assert len(story.aws.calls("StartSyncExecution")) == 1

    story.aws.set_outcome(f"{machine}:2", "SUCCEEDED")
    quick.command("retry")
    quick.wait_for_phase("Succeeded")
    assert len(story.aws.calls("StartSyncExecution")) == 2
