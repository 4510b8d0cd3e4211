"""People hold a rollout, let it go on, take it back: by manifest and by command, each command once and answered."""

import pytest

from tests.e2e.cluster import COMMAND
from tests.e2e.story import (
    ALARM,
    MOVING,
    SLOW_STEPS,
    STALLED,
    Story,
    condition_of,
    outcomes,
    reason_of,
    split,
    verdict,
    whole,
)


def test_pause_by_manifest_holds_the_next_step(story: Story) -> None:
    """`paused: true` holds before the first step and in flight; resume by command is refused, the manifest lifts it."""
    story.apply(version=2, paused=True, bakeTime="1h")
    before = story.wait_for_phase("Paused")
    assert (reason_of(before), verdict(before)) == ("Paused", MOVING)
    assert condition_of(before, "Paused")["status"] == "True"
    assert story.routings() == [whole(1)]
    assert not story.is_held_by_finalizer()
    refused = story.command("resume")
    assert refused["result"] == "Refused"
    assert "set it to false in the manifest" in refused["message"]

    story.edit(paused=False)
    story.wait_for_weight(10)
    story.edit(paused=True)
    story.wait_for_phase("Paused")
    story.wait_for_polls()  # the step's wait is over by now
    assert story.routing() == split(1, 2, 10)

    story.edit(paused=False)
    story.wait_for_phase("Baking")


def test_pause_by_command_is_lifted_by_resume(story: Story) -> None:
    """A pause holds the next step, not the step's clock; while it lasts, promoting is refused."""
    story.apply(version=2, bakeTime="1h", steps=[{"setWeight": 10}, {"pause": {"duration": "2s"}}])
    story.wait_for_weight(10)
    assert story.command("pause")["result"] == "Done"
    paused = story.wait_for_phase("Paused")
    assert "paused by ann by command; send resume" in paused["message"]
    for action in ("promote", "promote-full"):
        answer = story.command(action)
        assert answer["result"] == "Refused"
        assert "the rollout is paused: resume first" in answer["message"]
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 10)

    assert story.command("resume")["result"] == "Done"

    story.wait_for_phase("Baking")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(2)]


def test_approval_is_given_by_promote(story: Story) -> None:
    """`pause: {}` waits until somebody promotes; then the next step comes, and only that one."""
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}])
    waiting = story.wait_for_phase("Paused")
    assert (reason_of(waiting), verdict(waiting)) == ("AwaitingApproval", MOVING)
    assert "nextActionAt" not in waiting

    promoted = story.command("promote", step=waiting["stepIndex"])
    assert (promoted["action"], promoted["result"]) == ("promote", "Done")
    story.wait_for_weight(50)
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 50)
    assert story.wait_for_event("CommandDone").startswith("promote: ")

    assert story.command("promote")["result"] == "Done"
    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(2)]


def test_promote_full_skips_the_steps_but_not_the_bake(story: Story) -> None:
    """All traffic in one write, then the bake, in which it is refused; the outcome says that steps were skipped."""
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)

    assert story.command("promote-full")["result"] == "Done"
    story.wait_for_phase("Baking")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(2)]
    assert story.command("promote-full")["result"] == "Refused"

    assert story.command("promote")["result"] == "Done"
    assert outcomes(story.wait_for_phase("Succeeded")) == [(2, "FastPromoted", "RolloutComplete")]


def test_promote_full_does_not_outrank_an_alarm(story: Story) -> None:
    """What fires holds or trips whatever a person promotes."""
    story.apply(
        version=2,
        steps=[{"setWeight": 10}, {"pause": {}}],
        alarms={"names": [ALARM], "pollInterval": "1s", "onInsufficientData": "Hold"},
    )
    story.wait_for_phase("Paused")
    story.aws.set_alarm(ALARM, "INSUFFICIENT_DATA")
    story.wait_for(lambda status: status["alarm"] == "INSUFFICIENT_DATA", "the alarm's state to be seen")
    story.command("promote-full")
    story.wait_for_reason("AlarmInsufficientData")
    story.wait_for_polls()
    assert story.routing() == split(1, 2, 10)

    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]


def test_abort_outranks_everything(story: Story) -> None:
    """Abort goes back at once: while paused, and taking back a promote-full in the bake."""
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)
    story.command("pause")
    story.wait_for_phase("Paused")

    answer = story.command("abort")
    assert (answer["result"], answer["message"]) == ("Done", "going back to version 1")
    aborted = story.wait_for_phase("RolledBack")
    assert (verdict(aborted), reason_of(aborted)) == (STALLED, "Aborted")
    assert "aborted by ann" in aborted["message"]

    story.command("retry")
    story.wait_for_weight(10)
    story.command("promote-full")
    story.wait_for_phase("Baking")
    assert story.command("abort")["result"] == "Done"
    status = story.wait_for_phase("RolledBack")
    assert outcomes(status) == [(2, "Aborted", "Aborted")] * 2
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1), split(1, 2, 10), whole(2), whole(1)]


def test_a_command_for_what_is_past_is_not_obeyed(story: Story) -> None:
    """Generation binds every command, step binds promote: a late promote must not promote what comes next."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    assert story.command("abort", generation=7)["result"] == "Stale"
    assert story.command("promote", step=2)["result"] == "Stale"
    retry = story.command("retry")
    assert retry["result"] == "Refused"
    assert "nothing to retry" in retry["message"]
    story.annotate("promote, please")
    story.wait_for(
        lambda status: "this is no command" in status["lastCommand"]["message"], "a malformed command to be refused"
    )
    assert story.routings() == [whole(1), split(1, 2, 10)]


@pytest.mark.parametrize(
    ("names_uid", "why"), [(True, "it was sent to another object"), (False, "this object had no status yet")]
)
def test_a_copy_does_not_obey_the_command_of_the_original(story: Story, names_uid: bool, why: str) -> None:
    """As a restore from a backup, or `kubectl get -o yaml` under another name: spec and annotations, and no status."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    metadata = (story.resource() or {})["metadata"]
    story.command("abort", **({"uid": metadata["uid"]} if names_uid else {}))
    story.wait_for_phase("RolledBack")
    backup = story.resource() or {}
    story.delete()
    story.wait_until_gone()

    annotations = {COMMAND: backup["metadata"]["annotations"][COMMAND]}
    story.cluster.create(story.namespace, story.name, backup["spec"], annotations)

    answered = story.wait_for_weight(10)["lastCommand"]
    assert (answered["action"], answered["result"], answered["by"]) == ("abort", "Stale", "ann")
    assert why in answered["message"]


def test_a_command_is_not_obeyed_again_where_somebody_takes_the_status_away(story: Story) -> None:
    """The API server still knows that there was one."""
    story.apply(version=1)
    story.wait_for_phase("Succeeded")
    uid = (story.resource() or {})["metadata"]["uid"]
    assert story.command("abort", uid=uid)["result"] == "Refused"
    story.operator.kill()
    story.cluster.write_status(story.namespace, story.name, None)
    story.restart()
    status = story.wait_for_phase("Succeeded")
    assert status["lastCommand"]["result"] == "Stale"
    assert "the status was taken away" in status["lastCommand"]["message"]


def test_a_command_is_obeyed_once(story: Story) -> None:
    """The annotation stays; neither a later step nor a restart obeys it again."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.command("promote")
    story.wait_for_weight(50)
    story.operator.kill()
    story.restart()
    story.wait_for_polls()
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50)]


def test_aborted_before_it_began(story: Story) -> None:
    """Nothing had moved, so nothing is written; it stays aborted."""
    story.aws.set_alarm(ALARM, "ALARM")
    story.apply(version=2)
    story.wait_for_reason("AlarmFiring")

    assert story.command("abort")["result"] == "Done"

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "Aborted", "Aborted")]
    assert story.writes() == 0
