"""Writes the testdata of the Argo CD customization: what `kubectl get -o yaml` says of rollouts under the operator.

    .venv/bin/python -m tests.gitops.record_dumps [NAME...]

Run it when the operator's status changes shape; `test_argocd_testdata.py` says when. With names only those are played,
and the others stay as they are. Upstream wants full dumps with a
complete status. The expectations are not taken from the scripts that they judge: they are those of `situations.ROWS`
and of `offers` below.
"""

import json
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from devenv.aws.client import DEFAULT_ACCOUNT, DEFAULT_REGION, small_definition
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, ensure_binaries, install_crds
from devenv.control_plane.kubectl import Kubectl
from devenv.operator_process import OperatorProcess
from devenv.waiting import wait_until
from sfn_rollouts.api import COMMAND_ANNOTATION
from tests.e2e.cluster import Cluster
from tests.e2e.preflight import calling, function, only
from tests.e2e.story import ALIAS, Story, reason_of, whole
from tests.gitops.argo import CUSTOMIZATION, NOW_S
from tests.gitops.situations import ROWS

NAMESPACE, UNWATCHED = "orders", "orders-without-operator"
CRDS = Path(__file__).parents[2] / "crds"
STEPS = ({"setWeight": 10}, {"pause": {"duration": "1h"}}, {"setWeight": 50}, {"pause": {"duration": "1h"}})
APPROVAL = ({"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1h"}})
JUDGED_S = 300.0
QUICK = ({"setWeight": 10}, {"pause": {"duration": "1s"}})

ACTIONS: Mapping[str, tuple[str, str]] = {
    "promote": ("Promote: end the current wait", "forward"),
    "promote-full": ("Promote to 100 %, then bake", "fast-forward"),
    "pause": ("Pause: hold the next step", "pause"),
    "resume": ("Resume: undo a pause by command", "play"),
    "abort": ("Abort: back to the stable version", "undo"),
    "retry": ("Retry the version that went back", "redo"),
}
"""Each action with its words and its icon."""


@dataclass(frozen=True)
class Dump:
    """How a dump comes about, which row of the table it is, and which actions make sense then."""

    play: Callable[[Story], object]
    situation: str
    offers: frozenset[str] = frozenset()
    namespace: str = NAMESPACE

    @property
    def health(self) -> str:
        return ROWS[self.situation].argo


def _apply(story: Story, **fields: Any) -> None:
    alarms = {"names": [f"{story.name}-failures"], "pollInterval": "1s"} | fields.pop("alarms", {})
    story.apply(**{"steps": STEPS, "bakeTime": "1h", "alarms": alarms} | fields)


def _alarm(story: Story, state: str) -> None:
    story.aws.set_alarm(f"{story.name}-failures", state, "Threshold Crossed: 3 datapoints were greater than 0.0")


def _shifted(story: Story, **fields: Any) -> None:
    _apply(story, **fields)
    story.wait_for_weight(10)


def _say(story: Story, action: str) -> None:
    story.command(action, by="argocd")


def unseen(story: Story) -> None:
    _apply(story)


def retrying_aws(story: Story) -> None:
    story.aws.fail("DescribeStateMachineAlias", "unavailable", match=story.alias)
    _apply(story)
    story.wait_for_reason("RetryingAWS")


def alarm_firing_at_start(story: Story) -> None:
    _alarm(story, "ALARM")
    _apply(story)
    story.wait_for_reason("AlarmFiring")


def awaiting_approval(story: Story) -> None:
    _apply(story, steps=APPROVAL)
    story.wait_for_phase("Paused")


def paused_by_spec(story: Story) -> None:
    _shifted(story)
    story.edit(paused=True)
    story.wait_for_phase("Paused")


def paused_by_command(story: Story) -> None:
    _shifted(story)
    _say(story, "pause")
    story.wait_for_phase("Paused")


def baking(story: Story) -> None:
    _apply(story, steps=QUICK)
    story.wait_for_phase("Baking")


def complete(story: Story) -> None:
    _apply(story, steps=QUICK, bakeTime="1s")
    story.wait_for_phase("Succeeded")


def up_to_date(story: Story) -> None:
    _apply(story, version=1)
    story.wait_for_phase("Succeeded")


def rolling_back(story: Story) -> None:
    _shifted(story)
    story.aws.fail("UpdateStateMachineAlias", "unavailable", match=story.alias)
    _alarm(story, "ALARM")
    story.wait_for_phase("RollingBack")


def rolled_back(story: Story) -> None:
    _shifted(story)
    _alarm(story, "ALARM")
    story.wait_for_phase("RolledBack")


def aborted(story: Story) -> None:
    _shifted(story)
    _say(story, "abort")
    story.wait_for_phase("RolledBack")


def deadline_exceeded(story: Story) -> None:
    _shifted(story, steps=QUICK, progressDeadline="1s", alarms={"onInsufficientData": "Hold"})
    _alarm(story, "INSUFFICIENT_DATA")
    story.wait_for_reason("ProgressDeadlineExceeded")


def rollback_failed(story: Story) -> None:
    _shifted(story)
    story.aws.fail("UpdateStateMachineAlias", "denied", match=story.alias)
    _alarm(story, "ALARM")
    story.wait_for_reason("RollbackFailed")


def not_found(story: Story) -> None:
    _apply(story, version=99)
    story.wait_for_reason("NotFound")


def access_denied(story: Story) -> None:
    story.aws.fail("DescribeStateMachineAlias", "denied", match=story.alias)
    _apply(story)
    story.wait_for_reason("AccessDenied")


def alarm_missing(story: Story) -> None:
    _apply(story, alarms={"names": ["no-such-alarm"]})
    story.wait_for_reason("AlarmMissing")


def alarm_unevaluated(story: Story) -> None:
    story.aws.set_evaluation(f"{story.name}-failures", "EVALUATION_ERROR")
    _apply(story)
    story.wait_for_reason("AlarmUnevaluated")


def foreign_account(story: Story) -> None:
    _apply(replace(story, machine=story.machine.replace(DEFAULT_ACCOUNT, "210987654321")))
    story.wait_for_reason("ForeignAccount")


def unknown_region(story: Story) -> None:
    _apply(replace(story, machine=story.machine.replace(DEFAULT_REGION, "eu-west-77")))
    story.wait_for_reason("UnknownRegion")


def approval_timed_out(story: Story) -> None:
    _apply(story, steps=({"setWeight": 10}, {"pause": {"timeout": "1s"}}))
    story.wait_for_reason("ApprovalTimedOut")


def taken_over(story: Story) -> None:
    story.aws.update_alias(story.alias, {1: 90, 2: 10})
    _apply(story, stableVersion=1)
    story.wait_for(lambda status: status["takenOver"], "the split to be taken over")


def alias_split(story: Story) -> None:
    story.aws.update_alias(story.alias, {1: 50, 3: 50})
    _apply(story)
    story.wait_for_reason("AliasSplit")


def alias_drifted(story: Story) -> None:
    _shifted(story)
    story.aws.update_alias(story.alias, {1: 50, 3: 50})
    _say(story, "promote")
    story.wait_for_reason("AliasDrifted")


def preflight_failed(story: Story) -> None:
    loose = story.aws.publish_version(story.machine, calling(function(story.aws)))
    _apply(story, version=loose, preflight=only("Enforce", "pins"))
    story.wait_for_reason("PreflightFailed")


def version_worse(story: Story) -> None:
    """A look each 30 s at executions that are 30 s old: it takes a minute or two."""
    _judged(story, fails=0.6)
    wait_until(lambda: story.status()["phase"] == "RolledBack", JUDGED_S, "the version to go back")


def analysis_blind(story: Story) -> None:
    story.aws.fail("ListExecutions", "denied", match=story.machine)
    _judged(story, fails=0.0, pause="1s")
    story.wait_for_reason("AnalysisBlind")


def version_slower(story: Story) -> None:
    """Executions are judged at the look that finds them as old as the horizon, and what AWS's lists may take."""
    _watched(story, pause="75s", analysis={"horizon": "5s"})
    _went(story, {1: ("SUCCEEDED", 0.5), 2: ("SUCCEEDED", 4.0)}, each=30)
    wait_until(lambda: reason_of(story.status()) == "VersionSlower", JUDGED_S, "the version to be held as slower")


def version_suspect(story: Story) -> None:
    """Three are too few for Worse."""
    _watched(story)
    _went(story, {1: ("SUCCEEDED", 0.5), 2: ("FAILED", 0.5)}, each=3)
    wait_until(lambda: reason_of(story.status()) == "VersionSuspect", JUDGED_S, "the version to be suspected")


def traffic_skewed(story: Story) -> None:
    """All that start run the target, at half the weight."""
    _watched(story)
    _went(story, {2: ("SUCCEEDED", 0.5)}, each=40)
    wait_until(lambda: reason_of(story.status()) == "TrafficSkewed", JUDGED_S, "the split to be doubted")


def _watched(story: Story, pause: str = "45s", analysis: Mapping[str, Any] | None = None) -> None:
    """At half the traffic, with a past of stable; the first look comes 30 s after the write, the step is due later."""
    now = datetime.now(UTC)
    past = [now - timedelta(seconds=second) for second in range(60, 360)]
    story.aws.add_executions(story.alias, [(1, at, at + timedelta(seconds=0.5), "SUCCEEDED") for at in past])
    steps = ({"setWeight": 50}, {"pause": {"duration": pause}})
    _apply(story, steps=steps, analysis=analysis or {})


def _went(story: Story, outcomes: Mapping[int, tuple[str, float]], each: int) -> None:
    """So many of each version start when the alias's change has settled, and none later. `outcomes`: version to how
    they end and the seconds that they take."""
    status = story.wait_for(lambda status: (status["analysis"] or {}).get("weights"), "the first verified write")
    written_at = datetime.fromisoformat(status["analysis"]["weights"][0]["at"])
    starts = [written_at + timedelta(seconds=12.0 + 6.0 * number / each) for number in range(each)]
    story.aws.add_executions(
        story.alias,
        [(version, at, at + timedelta(seconds=s), end) for at in starts for version, (end, s) in outcomes.items()],
    )


def _judged(story: Story, fails: float, pause: str = "1h") -> None:
    story.aws.set_traffic(story.alias, starts_per_hour=7200.0, outcomes={2: (fails, 0.5)}, past_s=600.0)
    _apply(story, steps=({"setWeight": 50}, {"pause": {"duration": pause}}), analysis={"durations": False})


def alias_conflict(story: Story) -> None:
    _shifted(story.called("older-resource"), alarms={"names": [f"{story.name}-failures"]})
    _apply(story)
    story.wait_for_reason("AliasConflict")


def newer_generation(story: Story) -> None:
    """The last to be played: nobody sees the edit."""
    complete(story)
    story.operator.kill()
    story.edit(version=3)


_OPEN = frozenset({"pause", "abort"})
_MOVING = _OPEN | {"promote", "promote-full"}

DUMPS: Mapping[str, Dump] = {
    "progressing_notSeen": Dump(unseen, "created, not yet seen by the operator", namespace=UNWATCHED),
    "progressing_pendingRetryingAWS": Dump(retrying_aws, "accepted, AWS does not answer", _OPEN),
    "progressing_pendingAlarmFiring": Dump(alarm_firing_at_start, "an alarm fires at the start", _OPEN),
    "progressing_shifting": Dump(_shifted, "traffic is moving", _MOVING),
    "progressing_baking": Dump(baking, "baking", _OPEN | {"promote"}),
    "progressing_rollingBack": Dump(rolling_back, "going back"),
    "suspended_awaitingApproval": Dump(awaiting_approval, "waiting for approval", _MOVING),
    "suspended_pausedBySpec": Dump(paused_by_spec, "paused by spec.paused", frozenset({"abort"})),
    "suspended_pausedByCommand": Dump(paused_by_command, "paused by command", frozenset({"abort", "resume"})),
    "healthy_rolloutComplete": Dump(complete, "all traffic on target, bake done"),
    "healthy_upToDate": Dump(up_to_date, "nothing to do"),
    "degraded_alarmFiring": Dump(rolled_back, "rolled back by an alarm", frozenset({"retry"})),
    "degraded_aborted": Dump(aborted, "aborted by a person", frozenset({"retry"})),
    "degraded_progressDeadlineExceeded": Dump(deadline_exceeded, "progress deadline exceeded", frozenset({"retry"})),
    "degraded_rollbackFailed": Dump(rollback_failed, "the rollback itself fails"),
    "degraded_notFound": Dump(not_found, "version, machine or alias missing", _OPEN),
    "degraded_accessDenied": Dump(access_denied, "AWS refuses at the start", _OPEN),
    "degraded_alarmMissing": Dump(alarm_missing, "an alarm is missing at the start", _OPEN),
    "degraded_aliasSplit": Dump(alias_split, "the alias was split by somebody else", _OPEN),
    "degraded_aliasDrifted": Dump(alias_drifted, "drift held in flight", _MOVING),
    "degraded_aliasConflict": Dump(alias_conflict, "an older resource has the alias"),
    "progressing_pendingAlarmUnevaluated": Dump(alarm_unevaluated, "nobody evaluates an alarm at the start", _OPEN),
    "progressing_takenOver": Dump(taken_over, "a split that was found is taken over", _MOVING),
    "degraded_foreignAccount": Dump(foreign_account, "the state machine is in another account"),
    "degraded_unknownRegion": Dump(unknown_region, "the region is not known"),
    "degraded_preflightFailed": Dump(preflight_failed, "preflight fails at the start", _OPEN | {"retry"}),
    "degraded_versionWorse": Dump(version_worse, "the judge finds it worse, went back", frozenset({"retry"})),
    "degraded_versionSlower": Dump(version_slower, "the judge finds it slower, held", _MOVING),
    "progressing_versionSuspect": Dump(version_suspect, "the judge suspects it, held", _MOVING),
    "progressing_trafficSkewed": Dump(traffic_skewed, "starts are not split as the alias says, held", _MOVING),
    "progressing_analysisBlind": Dump(analysis_blind, "its executions cannot be read, held", _MOVING),
    "degraded_approvalTimedOut": Dump(approval_timed_out, "not approved in time", frozenset({"retry"})),
    "progressing_newGeneration": Dump(newer_generation, "a new generation, not yet seen by the operator"),
}

ACTED_ON: Mapping[str, str] = {
    "promote": "suspended_awaitingApproval",
    "promote-full": "progressing_shifting",
    "pause": "progressing_shifting",
    "resume": "suspended_pausedByCommand",
    "abort": "progressing_baking",
    "retry": "degraded_aborted",
}
"""On which dump each action is tried."""


def record(names: Collection[str] = ()) -> None:
    """Play these, or all of them, under one operator, and write the files."""
    played = {name: dump for name, dump in DUMPS.items() if not names or name in names}
    with ControlPlane(ensure_binaries()) as control_plane, AwsEmulator() as emulator:
        kubectl = control_plane.as_admin()
        install_crds(kubectl, CRDS)
        for namespace in (NAMESPACE, UNWATCHED):
            kubectl("create", "namespace", namespace)
        with (
            OperatorProcess(control_plane, emulator.client, namespaces=[NAMESPACE]) as operator,
            Cluster(control_plane.admin_kubeconfig) as cluster,
        ):
            stories = {name: _scene(name, dump, cluster, emulator, operator) for name, dump in played.items()}
            for name, dump in played.items():
                dump.play(stories[name])
            recorded = {name: _dump(kubectl, story) for name, story in stories.items()}
            _write({name: recorded.get(name) or _file(name).read_text() for name in DUMPS})


def _scene(name: str, dump: Dump, cluster: Cluster, emulator: AwsEmulator, operator: OperatorProcess) -> Story:
    """A state machine, an alias and an alarm of its own for each."""
    title = name.partition("_")[2]
    kebab = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in title).replace("-a-w-s", "-aws")
    definitions = [small_definition(f"version {number}") for number in (1, 2, 3)]
    machine = emulator.client.publish_machine(title[0].upper() + title[1:], definitions)
    emulator.client.create_alias(machine, ALIAS, whole(1))
    emulator.client.put_alarm(f"{kebab}-failures")
    return Story(cluster, dump.namespace, emulator.client, operator, machine, kebab)


def _dump(kubectl: Kubectl, story: Story) -> str:
    return kubectl("get", "sfnrollout", story.name, "--namespace", story.namespace, "--output=yaml").stdout


def _file(name: str) -> Path:
    return CUSTOMIZATION / "testdata" / f"{name}.yaml"


def _write(dumps: Mapping[str, str]) -> None:
    for name, text in dumps.items():
        _file(name).write_text(text)
    resources = {name: yaml.safe_load(text) for name, text in dumps.items()}
    health = [_health_test(name, resource) for name, resource in resources.items()]
    (CUSTOMIZATION / "health_test.yaml").write_text(_yaml({"tests": health}))
    for action, name in ACTED_ON.items():
        acted = commanded(resources[name], action)
        (CUSTOMIZATION / f"actions/testdata/{action}.yaml").write_text(_yaml(acted))
    tests = {
        "discoveryTests": [_discovery_test(name) for name in dumps],
        "actionTests": [
            {"action": action, "inputPath": f"../testdata/{name}.yaml", "expectedOutputPath": f"testdata/{action}.yaml"}
            for action, name in ACTED_ON.items()
        ],
    }
    (CUSTOMIZATION / "actions/action_test.yaml").write_text(_yaml(tests))


def _health_test(name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    is_behind = resource["status"]["observedGeneration"] != resource["metadata"]["generation"]
    message = "Waiting for the operator to see this generation" if is_behind else resource["status"]["message"]
    verdict = {"status": DUMPS[name].health, "message": message}
    return {"inputPath": f"testdata/{name}.yaml", "healthStatus": verdict}


def _discovery_test(name: str) -> dict[str, Any]:
    result = [
        {
            "name": action,
            "displayName": words,
            "iconClass": f"fa fa-fw fa-{icon}",
            "disabled": action not in DUMPS[name].offers,
        }
        for action, (words, icon) in ACTIONS.items()
    ]
    return {"inputPath": f"../testdata/{name}.yaml", "result": result}


def commanded(resource: Mapping[str, Any], action: str, now_s: int = NOW_S) -> dict[str, Any]:
    """The resource with the annotation that an action is to write."""
    metadata = resource["metadata"]
    command = {
        "id": f"argocd-{now_s}-{metadata['resourceVersion']}",
        "action": action,
        "generation": metadata["generation"],
        "uid": metadata["uid"],
        **({"step": resource["status"]["stepIndex"]} if "stepIndex" in resource["status"] else {}),
        "by": "argocd",
    }
    text = json.dumps(command, separators=(",", ":"))
    annotations = {**metadata.get("annotations", {}), COMMAND_ANNOTATION: text}
    return {**resource, "metadata": {**metadata, "annotations": annotations}}


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)


if __name__ == "__main__":
    record(sys.argv[1:])
