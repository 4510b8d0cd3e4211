"""Commands reach the operator, and what it answers reaches the person: done, refused, too late, or nothing at all."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.api import COMMAND_ANNOTATION
from sfn_rollouts.plugin.kubectl import Cluster as PersonsCluster
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.plugin.send import send
from tests.e2e.cluster import Cluster
from tests.e2e.story import DEADLINE_S, SLOW_STEPS, Story, outcomes, split, whole
from tests.plugin.conftest import Plugin
from tests.plugin.rollouts import IN_FLIGHT, LATER, LONG_AGO, STATES, give, status
from tests.plugin.terminal import Terminal

Command = dict[str, Any]
APPROVAL = [{"setWeight": 10}, {"pause": {}}]


def sent(cluster: Cluster, namespace: str, name: str) -> Command | None:
    """The command that stands in the annotation."""
    resource = cluster.get(namespace, name) or {}
    text = resource["metadata"].get("annotations", {}).get(COMMAND_ANNOTATION)
    return None if text is None else json.loads(text)


def test_promote_ends_a_wait_and_says_so(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=APPROVAL)
    story.wait_for_phase("Paused")
    assert plugin.ok("promote", story.name) == "rollout: the current wait is over\n"
    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), whole(2)]


def test_a_command_is_bound_to_what_the_person_saw(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=APPROVAL)
    story.wait_for_phase("Paused")
    answer = json.loads(plugin.ok("promote", story.name, "-o", "json"))
    command = sent(story.cluster, story.namespace, story.name)
    uid = (story.resource() or {})["metadata"]["uid"]
    seen = {"uid": uid, "generation": 1, "step": 0}
    assert command == {"id": answer["id"], "action": "promote", **seen, "by": "devenv-admin"}
    assert (answer["action"], answer["result"]) == ("promote", "Done")
    managers = {each["manager"] for each in (story.resource() or {})["metadata"]["managedFields"]}
    assert "sfnrollout-cli" in managers, "Flux takes away what a manager wrote whose name begins with kubectl"
    assert not any(each.startswith("kubectl") for each in managers)


def test_full_skips_the_steps(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=SLOW_STEPS, bakeTime="1h")
    story.wait_for_weight(10)
    assert plugin.ok("promote", story.name, "--full") == "rollout: going to 100 %, then the bake\n"
    story.wait_for_phase("Baking")
    refused = plugin.error("promote", story.name, "--full")
    assert refused == (
        "error: rollout: promote-full was refused: all traffic is on the target already; promote ends the bake\n"
        "How it stands: kubectl sfnrollout get rollout\n"
    )


def test_pause_resume_abort_and_retry_in_a_persons_words(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    assert plugin.ok("pause", story.name) == "rollout: paused: the next step is held, alarms stay watched\n"
    story.wait_for_phase("Paused")
    assert "promote was refused: the rollout is paused: resume first" in plugin.error("promote", story.name)
    assert plugin.ok("resume", story.name) == "rollout: resumed; the step's clock never stopped\n"
    assert plugin.ok("abort", story.name) == "rollout: going back to version 1\n"
    story.wait_for_phase("RolledBack")
    assert "abort was refused: nothing is in flight" in plugin.error("abort", story.name)
    assert plugin.ok("retry", story.name) == "rollout: trying version 2 again\n"
    story.wait_for_weight(10)
    assert outcomes(story.status()) == [(2, "Aborted", "Aborted")]


def test_a_refusal_is_an_error_for_programs_too(story: Story, plugin: Plugin) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    result = plugin("retry", story.name, "-o", "yaml")
    assert (result.returncode, yaml.safe_load(result.stdout)["result"]) == (1, "Refused")
    assert result.stderr.startswith("error: rollout: retry was refused: nothing to retry")


def test_a_command_that_comes_too_late_is_an_error(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """As an operator answers when the generation has moved on between a person's look and their command."""
    give(cluster, namespace, "moving", STATES["moving"])
    with sending(plugin, "promote", "moving") as process:
        command = wait_until(lambda: sent(cluster, namespace, "moving"), DEADLINE_S, "the command to be written")
        answer(cluster, namespace, "moving", command, "Stale", "it was meant for generation 1, this is generation 2")
        output, complaint = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (1, "")
    assert complaint.startswith(
        "error: moving: promote came too late: it was meant for generation 1, this is generation 2\n"
    )


# -- two commands at once --


def test_two_people_at_one_gate_promote_once(story: Story, plugin: Plugin) -> None:
    """Whoever comes second hears what became of their own command, and does not take the next gate."""
    story.apply(version=2, steps=[*APPROVAL, {"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}])
    story.wait_for_phase("Paused")
    story.aws.fail("UpdateStateMachineAlias", "unavailable", match=story.alias)  # the next gate comes after both
    people = [sending(plugin, "promote", story.name) for _ in range(2)]
    said = ["".join(each.communicate(timeout=DEADLINE_S)) for each in people]
    story.aws.clear_faults()
    story.wait_for_weight(50)
    assert any(text.startswith("rollout: the current wait is over") for text in said)
    reported = ("the current wait is over", "the wait is over already", "it was meant for step index 0")
    assert all(any(words in text for words in reported) for text in said), said
    story.wait_for_polls()
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50)]


def put(cluster: Cluster, namespace: str, name: str, action: str, id_: str = "1", by: str = "ann") -> None:
    """Somebody else's command, whatever was there."""
    words = json.dumps({"id": id_, "action": action, "generation": 1, "by": by})
    cluster.patch(namespace, name, {"metadata": {"annotations": {COMMAND_ANNOTATION: words}}})


def test_a_command_that_is_not_answered_yet_keeps_its_place(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    put(cluster, namespace, "moving", "promote", by="ann\x1b[2J")
    for verb in ("promote", "pause", "retry"):
        lease = ("--operator-namespace", namespace)  # other tests leave one where it usually is
        first, why, *rest = plugin.error(verb, "moving", "--timeout", "1s", *lease).splitlines()
        assert first == f"error: {verb} was not sent: promote by ann [2J is not answered yet"
        assert why.startswith("There is no Lease")
        undo = "kubectl annotate sfnrollout moving sfnrollouts.dev/command-"
        assert rest == [f"Only an abort takes its place. To take it back: {undo}"]
        assert (sent(cluster, namespace, "moving") or {})["action"] == "promote"


def test_a_command_waits_for_its_place(
    plugin: Plugin, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bound to the step that was there when it was sent, not to the one that the other command leads to."""
    monkeypatch.setenv("PATH", plugin.environment()["PATH"])
    give(cluster, namespace, "moving", STATES["moving"])
    put(cluster, namespace, "moving", "promote")
    person = PersonsCluster(["--kubeconfig", str(plugin.kubectl.kubeconfig)], namespace)
    found = person.get("moving")
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send, person, found, "promote", 60.0, namespace)
        answer(cluster, namespace, "moving", sent(cluster, namespace, "moving"), "Done", "over", stepIndex=1)
        command = wait_until(lambda: _other(sent(cluster, namespace, "moving")), DEADLINE_S, "it to be written")
        assert (command["action"], command["step"]) == ("promote", 0)
        answer(cluster, namespace, "moving", command, "Stale", "it was meant for step index 0, the rollout is at 1")
        assert sending.result(DEADLINE_S).result == "Stale"


def _other(command: Command | None) -> Command | None:
    return command if command is not None and command["id"] != "1" else None


def test_an_abort_waits_for_nobody(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    put(cluster, namespace, "moving", "promote")
    assert "abort was sent to moving" in plugin.error("abort", "moving", "--timeout", "1s")
    assert (sent(cluster, namespace, "moving") or {})["action"] == "abort"


@pytest.mark.parametrize("text", ["promote, please", '{"id": "1", "action": "destroy", "generation": 1}', ""])
def test_what_is_no_command_blocks_nobody_once_it_is_refused(story: Story, plugin: Plugin, text: str) -> None:
    story.apply(version=2, steps=APPROVAL)
    story.wait_for_phase("Paused")
    story.annotate(text)
    assert plugin.ok("pause", story.name) == "rollout: paused: the next step is held, alarms stay watched\n"


def test_a_command_that_lost_its_place_may_have_been_carried_out(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    """Another's answer says nothing about it: it may have been seen before its place was taken."""
    give(cluster, namespace, "moving", STATES["moving"])
    with sending(plugin, "promote", "moving") as process:
        wait_until(lambda: sent(cluster, namespace, "moving"), DEADLINE_S, "the command to be written")
        put(cluster, namespace, "moving", "abort", by="ann\x1b[2J")
        answer(cluster, namespace, "moving", sent(cluster, namespace, "moving"), "Done", "going back")
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert complaint == (
        "error: promote may have been carried out: abort by ann [2J took its place and was answered first\n"
        "Look before you send it again: kubectl sfnrollout get moving\n"
    )


def test_a_command_that_lost_its_place_still_hears_its_own_answer(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    with sending(plugin, "promote", "moving") as process:
        command = wait_until(lambda: sent(cluster, namespace, "moving"), DEADLINE_S, "the command to be written")
        put(cluster, namespace, "moving", "abort")
        answer(cluster, namespace, "moving", command, "Done", "the current wait is over")
        output, _ = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (0, "moving: the current wait is over\n")


def test_nobody_reads_that_a_command_was_not_seen(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """Not even where its place is empty, as Flux may leave it, and no answer comes at all."""
    give(cluster, namespace, "moving", STATES["moving"])
    with sending(plugin, "promote", "moving", "--timeout", "3s") as process:
        wait_until(lambda: sent(cluster, namespace, "moving"), DEADLINE_S, "the command to be written")
        cluster.patch(namespace, "moving", {"metadata": {"annotations": {COMMAND_ANNOTATION: None}}})
        _, complaint = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert complaint.startswith(
        "error: promote may have been carried out: somebody who removed it took its place, and no operator has answered"
    )


def test_nothing_is_written_over_unseen(
    plugin: Plugin, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came between the look and the write is found by the resource's version."""
    monkeypatch.setenv("PATH", plugin.environment()["PATH"])
    give(cluster, namespace, "moving", STATES["moving"])
    person = PersonsCluster(["--kubeconfig", str(plugin.kubectl.kubeconfig)], namespace)
    found = person.get("moving")
    put(cluster, namespace, "moving", "promote")
    with pytest.raises(PluginError, match="pause was not sent: promote by ann is not answered yet"):
        send(person, found, "pause", 1.0, namespace)
    assert (sent(cluster, namespace, "moving") or {})["action"] == "promote"


# -- the step that was seen --


def test_a_promote_of_a_step_is_sent_at_that_step_only(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "paused", STATES["paused"])
    stands = "How it stands: kubectl sfnrollout get paused\n"
    assert plugin.error("promote", "paused", "--step", "2/2") == (
        f"error: paused is at step 1/2, not at step 2/2: nothing was sent\n{stands}"
    )
    assert sent(cluster, namespace, "paused") is None
    assert "promote was sent to paused" in plugin.error("promote", "paused", "--step", "1/2", "--timeout", "1s")
    assert (sent(cluster, namespace, "paused") or {})["step"] == 0


@pytest.mark.parametrize(
    ("fields", "step", "words"),
    [
        ({"stepIndex": 2, "step": "2/2", "weight": 100}, "1/2", "x is at the bake, not at step 1/2"),
        ({"stepIndex": 2, "step": "2/2", "weight": 100}, "bake", ""),
        ({"stepIndex": 2, "step": "2/2", "weight": 100}, "2/2", ""),
        ({"stepIndex": 0, "step": "1/2"}, "bake", "x is at step 1/2, not at the bake"),
        (
            {"step": "2/2", "intent": {"weight": 100, "stepIndex": 1, "at": LONG_AGO}},
            "2/2",
            "x is on its way to step 2/2",
        ),
        ({"finishedAt": LATER}, "1/2", "x is at no step"),
    ],
)
def test_where_it_is_in_a_persons_words(
    plugin: Plugin, cluster: Cluster, namespace: str, fields: dict[str, Any], step: str, words: str
) -> None:
    give(cluster, namespace, "x", status("Progressing", "ShiftInProgress", **(IN_FLIGHT | fields)))
    complaint = plugin.error("promote", "x", "--step", step, "--timeout", "1s")
    assert complaint.startswith(f"error: {words}: nothing was sent\n" if words else "error: promote was sent to x")


def test_the_last_step_and_the_bake_are_distinguished_where_both_wait(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    steps = [{"setWeight": 50}, {"pause": {"duration": "1h"}}, {"setWeight": 100}, {"pause": {"duration": "1h"}}]
    baking = IN_FLIGHT | {"stepIndex": 2, "step": "2/2", "weight": 100}
    give(cluster, namespace, "x", status("Baking", "Baking", **baking), strategy={"steps": steps}, bakeTime="1h")
    assert plugin.error("promote", "x", "--step", "2/2").startswith("error: x is at the bake, not at step 2/2")
    assert "was sent" in plugin.error("promote", "x", "--step", "bake", "--timeout", "1s")


def test_step_and_full_exclude_each_other(plugin: Plugin) -> None:
    assert "--step is for one step" in plugin.error("promote", "x", "--step", "1/2", "--full")


@pytest.mark.parametrize(("key", "is_sent"), [("n\r", False), ("y\r", True)])
def test_who_has_a_terminal_is_asked_while_a_step_is_young(
    plugin: Plugin, cluster: Cluster, namespace: str, key: str, is_sent: bool
) -> None:
    """By a clock that may be ahead of this one."""
    now = (datetime.now(UTC) + timedelta(minutes=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    give(cluster, namespace, "x", status("Paused", "AwaitingApproval", **(IN_FLIGHT | {"stepStartedAt": now})))
    command = plugin.command("promote", "x", "--timeout", "1s")
    with Terminal(command, plugin.environment()) as terminal:
        wait_until(lambda: "Promote from there? [y/N]:" in terminal.text, DEADLINE_S, "the question")
        assert "x has come to step 1/2 a moment ago." in terminal.text
        terminal.types(key)
        assert terminal.ends(DEADLINE_S) == 1
        assert ("nothing was sent" not in terminal.text) == is_sent
    assert (sent(cluster, namespace, "x") is not None) == is_sent


def test_nobody_is_asked_about_a_step_that_is_a_while_old(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "x", status("Paused", "AwaitingApproval", **(IN_FLIGHT | {"stepStartedAt": LONG_AGO})))
    with Terminal(plugin.command("promote", "x", "--timeout", "1s"), plugin.environment()) as terminal:
        assert terminal.ends(DEADLINE_S) == 1
        assert "promote was sent to x" in terminal.text


@pytest.mark.parametrize(
    ("lease", "expected"),
    [
        pytest.param(None, "There is no Lease sfn-rollouts in namespace {}", id="none"),
        pytest.param({}, "The operator has stopped: nobody holds the Lease", id="given up"),
        pytest.param(
            {"ago": 300}, "The operator does not run: its Lease sfn-rollouts in namespace {} was last", id="old"
        ),
        pytest.param({"ago": 2}, "An operator runs (its Lease was renewed", id="fresh"),
    ],
)
def test_without_an_answer_it_tells_why(
    plugin: Plugin, cluster: Cluster, kubectl: Kubectl, namespace: str, lease: dict[str, int] | None, expected: str
) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    if lease is not None:
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(lease_of(namespace, **lease)))
    complaint = plugin.error("pause", "moving", "--timeout", "1s", "--operator-namespace", namespace)
    first, why = complaint.splitlines()
    assert first == "error: pause was sent to moving, and no operator has answered within 1 s"
    assert why.startswith(expected.format(namespace))
    by_environment = plugin.error(
        "pause", "moving", "--timeout", "1s", environment={"SFN_ROLLOUTS_OPERATOR_NAMESPACE": namespace}
    )
    assert by_environment.splitlines()[1].startswith(expected.format(namespace))


def test_who_may_not_read_the_lease_reads_so(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    user = f"ann-{namespace}"
    allow(kubectl, namespace, user, "get,list,watch,patch", "stepfunctionrollouts.sfnrollouts.dev")
    give(cluster, namespace, "unseen")
    kubeconfig = control_plane.kubeconfig_for(user, namespace=namespace)
    complaint = plugin.error("pause", "unseen", "--timeout", "1s", kubeconfig=kubeconfig)
    assert complaint.splitlines()[1] == (
        "No operator has ever looked at this rollout. Whether an operator runs cannot be determined: "
        f"user {user} may not get leases in namespace sfn-rollouts."
    )
    assert (sent(cluster, namespace, "unseen") or {})["by"] == user


def test_who_may_not_watch_reads_that_it_was_sent(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, kubectl: Kubectl, namespace: str
) -> None:
    user = f"bob-{namespace}"
    allow(kubectl, namespace, user, "get,patch", "stepfunctionrollouts.sfnrollouts.dev")
    give(cluster, namespace, "moving", STATES["moving"])
    kubeconfig = control_plane.kubeconfig_for(user, namespace=namespace)
    complaint = plugin.error("pause", "moving", kubeconfig=kubeconfig)
    assert complaint.startswith(
        "error: pause was sent to moving, but its answer cannot be seen: "
        f"user {user} may not watch stepfunctionrollouts in namespace {namespace}\n"
    )


def sending(plugin: Plugin, *arguments: str) -> subprocess.Popen[str]:
    """The plugin as a process that waits for its answer, for a minute unless set otherwise."""
    patience = () if "--timeout" in arguments else ("--timeout", "60s")
    command = plugin.command(*arguments, *patience)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plugin.environment()
    )


def answer(
    cluster: Cluster,
    namespace: str,
    name: str,
    command: Command | None,
    result: str,
    message: str,
    **more: Any,
) -> None:
    """Answer as an operator does."""
    assert command is not None
    fields = {"id": command["id"], "action": command["action"], "result": result, "message": message}
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    cluster.write_status(namespace, name, {"lastCommand": fields | {"observedAt": now}} | more)


def lease_of(namespace: str, ago: int | None = None) -> dict[str, Any]:
    """The operator's Lease, renewed so many seconds ago; given up, without."""
    spec: dict[str, Any] = {"leaseDurationSeconds": 15, "holderIdentity": ""}
    if ago is not None:
        renewed = datetime.now(UTC) - timedelta(seconds=ago)
        spec |= {"holderIdentity": "pod-a", "renewTime": renewed.isoformat(timespec="microseconds")}
    metadata = {"name": "sfn-rollouts", "namespace": namespace}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def allow(kubectl: Kubectl, namespace: str, user: str, verbs: str, resource: str) -> None:
    """Let a user do this in the namespace."""
    kubectl("create", "role", user, f"--verb={verbs}", f"--resource={resource}", "-n", namespace)
    kubectl("create", "rolebinding", user, f"--role={user}", f"--user={user}", "-n", namespace)
