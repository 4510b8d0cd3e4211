"""The stories: a version that is good, one that is not, one that gets no traffic, and one that no alarm knows of."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devenv.aws.client import Emulator
from devenv.control_plane import Kubectl
from devenv.demo.order_processor import ALIAS, FAILURES_ALARM, LATENCY_ALARM, LOSING, PINNED, UNPINNED
from devenv.demo.screen import Screen
from devenv.waiting import wait_until

NAMESPACE = "shop"
ROLLOUT = "order-processor"
ORDERS = 40
ORDERS_PER_HOUR = 18_000.0

MANIFEST = """\
apiVersion: sfnrollouts.dev/v1alpha1
kind: StepFunctionRollout
metadata:
  name: {name}
spec:
  stateMachineArn: {machine}
  alias: {alias}
  version: {version}
  strategy:
    steps:
    - setWeight: 10
    - pause: {{duration: 8s}}    # minutes in real life
    - setWeight: 50
    - pause: {{duration: 8s}}
  bakeTime: 8s                 # watch on after 100 %
  alarms:
    names: [{failures}, {latency}]
    pollInterval: 1s
  preflight: {{pins: Enforce, targets: Enforce}}
"""


@dataclass
class Stage:
    """Who plays."""

    screen: Screen
    kubectl: Kubectl
    aws: Emulator
    machine: str
    _seen: tuple[Any, ...] = field(default=())

    @property
    def alias(self) -> str:
        """ARN of the alias that callers use."""
        return f"{self.machine}:{ALIAS}"

    def apply(self, version: int) -> None:
        """Ask for a version as a person would, and show how."""
        text = MANIFEST.format(
            name=ROLLOUT,
            machine=self.machine,
            alias=ALIAS,
            version=version,
            failures=FAILURES_ALARM,
            latency=LATENCY_ALARM,
        )
        self.screen.lines(text)
        self.screen.command(self.kubectl, "apply", "--namespace", NAMESPACE, "-f", "-", stdin=text)

    def ask_for(self, version: int, **fields: Any) -> None:
        """Change nothing but the version (and `fields` of the spec), and show how."""
        patch = json.dumps({"spec": {"version": version, **fields}})
        self.screen.command(
            self.kubectl, "patch", "sfnrollout", ROLLOUT, "--namespace", NAMESPACE, "--type=merge", "-p", patch
        )

    def status(self) -> dict[str, Any]:
        """The rollout's status as it stands."""
        answer = self.kubectl("get", "sfnrollout", ROLLOUT, "--namespace", NAMESPACE, "-o", "json")
        return dict(json.loads(answer.stdout)["status"])

    def watch_until(self, is_over: Callable[[dict[str, Any]], bool], what: str, within_s: float = 60.0) -> None:
        """Print each change of the rollout until the condition holds."""

        def look() -> bool:
            status = self.status()
            self._print(status)
            return is_over(status)

        wait_until(look, within_s, what, interval_s=0.2)

    def _print(self, status: dict[str, Any]) -> None:
        view = tuple(status.get(name) for name in ("phase", "step", "weight", "message"))
        if view == self._seen or "phase" not in status:
            return
        has_shifted = view[1:3] != self._seen[1:3]
        self._seen = view
        self.screen.say(f"{status['phase']}: {status['message']}")
        self.screen.command(self.kubectl, "get", "sfnrollouts", "--namespace", NAMESPACE)
        if has_shifted and status.get("weight") is not None:
            self.screen.say(self._orders())

    def _orders(self) -> str:
        """Start orders through the alias, as callers do, and say where AWS sent them."""
        client = self.aws.boto3_client("stepfunctions")
        started = [
            client.start_execution(stateMachineArn=self.alias, input="{}")["executionArn"] for _ in range(ORDERS)
        ]
        versions = Counter(
            client.describe_execution(executionArn=arn)["stateMachineVersionArn"].rsplit(":", 1)[1] for arn in started
        )
        parts = ", ".join(f"{number} on version {version}" for version, number in sorted(versions.items()))
        return f"{ORDERS} new orders start through the alias: {parts}"


def good_version(stage: Stage) -> None:
    """Version 2 takes over step by step."""
    stage.screen.heading("Story 1: version 2 is good")
    stage.screen.say("The alias sends every order to version 1. This manifest asks for version 2:")
    stage.apply(2)
    stage.watch_until(lambda status: status.get("phase") == "Succeeded", "version 2 to be promoted")
    stage.screen.command(
        stage.kubectl, "wait", "sfnrollout", ROLLOUT, "--namespace", NAMESPACE, "--for=condition=Ready"
    )


def bad_version(stage: Stage) -> None:
    """Version 3 fires an alarm at its second step."""
    stage.screen.heading("Story 2: version 3 is not")
    stage.screen.say("Somebody merges version 3. Only the number changes:")
    stage.ask_for(3)
    stage.watch_until(lambda status: status.get("weight") == 50, "the second step")
    stage.screen.say(f"Customers are charged twice: CloudWatch puts {FAILURES_ALARM} into ALARM.")
    stage.aws.set_alarm(FAILURES_ALARM, "ALARM", reason="Threshold Crossed: 7 failed executions in 1 minute")
    fired_at = _alarm_since(stage)
    stage.watch_until(lambda status: status.get("phase") == "RolledBack", "version 3 to be rolled back")
    restored_at = stage.aws.alias_history(stage.alias)[-1].at
    seconds = (restored_at - fired_at).total_seconds()
    stage.screen.say(
        f"From the alarm to the restored alias, by AWS's clock: {seconds:.2f} s (alarms are polled every 1 s)."
    )


def unpinned_version(stage: Stage) -> None:
    """Version 4 calls a function without a version, and is stopped before any order reaches it."""
    stage.screen.heading("Story 3: version 4 calls whatever is newest")
    stage.aws.set_alarm(FAILURES_ALARM, "OK", reason="customers were paid back")
    version = stage.aws.publish_version(stage.machine, UNPINNED)
    changes = len(stage.aws.alias_history(stage.alias))
    stage.screen.say("Somebody forgets the version of a Lambda function, and merges:")
    stage.ask_for(version)
    stage.watch_until(lambda status: "preflight" in status.get("message", ""), f"version {version} to be stopped")
    more = len(stage.aws.alias_history(stage.alias)) - changes
    stage.screen.say(f"Changes of the alias for version {version}: {more}. Version 5 names a version of the function:")
    stage.ask_for(stage.aws.publish_version(stage.machine, PINNED))
    stage.watch_until(lambda status: status.get("weight") == 10, "the pinned version to begin")


def losing_version(stage: Stage) -> None:
    """Version 6 fails one time in five, no alarm knows, and the judge of its executions sends it back."""
    stage.screen.heading("Story 4: version 6 loses one order in five, and no alarm knows")
    version = stage.aws.publish_version(stage.machine, LOSING)
    stage.aws.set_traffic(
        stage.alias, starts_per_hour=ORDERS_PER_HOUR, outcomes={2: (0.01, 0.4), version: (0.2, 0.4)}, past_s=600.0
    )
    stage.screen.say(
        f"{ORDERS_PER_HOUR:.0f} orders an hour; one in a hundred fails on version 2. The manifest now says "
        "analysis: {}, and keeps half of the traffic on each version for three minutes:"
    )
    steps = [{"setWeight": 50}, {"pause": {"duration": "3m"}}]
    stage.ask_for(version, strategy={"steps": steps}, analysis={})
    stage.watch_until(
        lambda status: status.get("phase") == "RolledBack" and status["history"][0]["version"] == version,
        f"version {version} to be sent back",
        within_s=300.0,
    )
    reported = stage.status()["analysis"]
    stage.screen.say(f"The judge says {reported['verdict']}: {reported['message']}.")
    stage.screen.say("What this plan could notice was said before the first order:")
    stage.screen.lines(reported["forecast"]["message"])


def _alarm_since(stage: Stage) -> Any:
    client = stage.aws.boto3_client("cloudwatch")
    alarms = client.describe_alarms(AlarmNames=[FAILURES_ALARM], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    return alarms[0]["StateTransitionedTimestamp"]


def look_back(stage: Stage) -> None:
    """What is left to read afterwards."""
    stage.screen.heading("What AWS saw: every change of the alias")
    for change in stage.aws.alias_history(stage.alias):
        parts = ", ".join(f"version {version}: {weight} %" for version, weight in sorted(change.routing.items()))
        stage.screen.lines(f"{change.at:%H:%M:%S.%f}"[:-3] + f"  {change.event:<8} {parts}")
    stage.screen.heading("What Kubernetes keeps: status and Events")
    stage.screen.command(stage.kubectl, "get", "sfnrollouts", "--namespace", NAMESPACE, "-o", "wide")
    stage.screen.command(stage.kubectl, "describe", "sfnrollout", ROLLOUT, "--namespace", NAMESPACE)
