"""The scene: state machines, alarms and rollouts, spread over regions as large companies do.

AWS refills DescribeStateMachineAlias and UpdateStateMachineAlias with one call a second for each account and region, so
a thousand rollouts of one region could not all begin within ten minutes, whoever drives them: 50 to a region can.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.aws.client import Emulator
from devenv.control_plane import Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.api.preflight import LOOKING

CRDS = Path(__file__).parents[2] / "crds"
UNCHECKED: dict[str, Any] = {"preflight": dict.fromkeys(LOOKING, "Off")}
"""Fields of a spec: nothing is looked at before the first shift."""

PER_REGION = 50
POLL_S = 10
DEADLINE_S = 1800
"""Long enough for a machine that has much else to do."""


@dataclass(frozen=True)
class Subject:
    """One rollout of the benchmark."""

    name: str
    machine: str
    aws: Emulator

    @property
    def alias(self) -> str:
        """ARN of its alias."""
        return f"{self.machine}:live"

    @property
    def alarms(self) -> tuple[str, str]:
        """Its two alarms."""
        return f"{self.name}-failures", f"{self.name}-p95"

    def manifest(self, version: int, strategy: dict[str, Any], namespace: str, **spec: Any) -> dict[str, Any]:
        """The resource that asks for a version; `spec`: further fields of its spec."""
        return {
            "apiVersion": "sfnrollouts.dev/v1alpha1",
            "kind": "StepFunctionRollout",
            "metadata": {"name": self.name, "namespace": namespace},
            "spec": {
                "stateMachineArn": self.machine,
                "alias": "live",
                "version": version,
                "strategy": strategy,
                "alarms": {"names": list(self.alarms), "pollInterval": f"{POLL_S}s"},
                **spec,
            },
        }


def publish(url: str, count: int) -> list[Subject]:
    """Publish `count` machines with two versions, an alias on version 1 and two alarms each.

    Each calls a function of its own and has a role of its own, so that preflight asks all that it ever asks.
    """
    subjects = []
    for index in range(count):
        aws = Emulator(url, region=f"eu-west-{index // PER_REGION + 1}")
        name = f"machine-{index:04d}"
        function = f"{aws.put_function(name)}:{aws.publish_function(name)}"
        role = aws.put_role(name, _MAY_INVOKE)
        machine = aws.publish_machine(name, [_calling(function, version) for version in (1, 2)], role=role)
        aws.create_alias(machine, "live", {1: 100})
        subject = Subject(name, machine, aws)
        for alarm in subject.alarms:
            aws.put_alarm(alarm)
        subjects.append(subject)
    return subjects


_MAY_INVOKE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}],
}


def _calling(function: str, version: int) -> dict[str, Any]:
    """A definition of one task."""
    work = {"Type": "Task", "Resource": function, "End": True}
    return {"Comment": f"{version}", "StartAt": "Work", "States": {"Work": work}}


def apply(kubectl: Kubectl, manifests: Sequence[dict[str, Any]]) -> None:
    """Create all resources with one kubectl."""
    listed = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    kubectl("create", "-f", "-", stdin=json.dumps(listed))


def wait_for(kubectl: Kubectl, namespace: str, is_there: Callable[[dict[str, Any]], bool], what: str) -> None:
    """Wait until the status of every rollout in the namespace satisfies the condition."""

    def check() -> bool:
        answer = json.loads(kubectl("get", "sfnrollouts", "-n", namespace, "-o", "json").stdout)
        return all(is_there(item.get("status", {})) for item in answer["items"])

    wait_until(check, DEADLINE_S, what, interval_s=2.0)
