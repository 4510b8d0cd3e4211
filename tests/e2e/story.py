"""The words in which stories are written: what was given, what somebody did, what is seen then.

    story.apply(version=2)
    story.wait_for_phase("Succeeded")
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(2)]

What is seen is what people see (the resource, its Events) and what AWS saw. Nothing here looks into the operator.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devenv.aws.client import Emulator, small_definition
from devenv.aws.journal import CallRecord
from devenv.operator_process import OperatorProcess
from devenv.waiting import NotReachedInTimeError, wait_until
from tests.e2e.cluster import COMMAND, Cluster

ALIAS = "live"
ALARM = "errors"
DEADLINE_S = 45.0
"""Far beyond what anything here takes: a busy machine must not fail a test, and a failure may take its time."""

QUICK_STEPS = ({"setWeight": 10}, {"pause": {"duration": "1s"}}, {"setWeight": 50}, {"pause": {"duration": "1s"}})
SLOW_STEPS = ({"setWeight": 10}, {"pause": {"duration": "1h"}}, {"setWeight": 50}, {"pause": {"duration": "1h"}})
"""Nothing moves on but by command."""

Routing = dict[int, int]


class Status(dict[str, Any]):
    """A status as stored; a field that is absent reads as None, since nobody knows when it will come."""

    def __missing__(self, field: str) -> None:
        return None


def whole(version: int) -> Routing:
    """All traffic on one version, as one entry."""
    return {version: 100}


def split(stable: int, target: int, weight: int) -> Routing:
    """`weight` percent on the target, the rest on stable."""
    return {stable: 100 - weight, target: weight}


QUICK_PATH = [whole(1), split(1, 2, 10), split(1, 2, 50), whole(2)]
"""The alias's way from version 1 to version 2 by QUICK_STEPS (or SLOW_STEPS)."""


@dataclass(frozen=True)
class Story:
    """One rollout and its surroundings. `machine` and `alias` are ARNs."""

    cluster: Cluster
    namespace: str
    aws: Emulator
    operator: OperatorProcess
    machine: str
    name: str = "rollout"

    @property
    def alias(self) -> str:
        return f"{self.machine}:{ALIAS}"

    # -- what somebody does

    def apply(self, version: int = 2, steps: Sequence[Any] = QUICK_STEPS, **fields: Any) -> None:
        """Create the rollout. `fields` are added to the spec or replace what is in it; None takes a field away."""
        spec = {
            "stateMachineArn": self.machine,
            "alias": ALIAS,
            "version": version,
            "strategy": {"steps": list(steps)},
            "alarms": {"names": [ALARM], "pollInterval": "1s"},
        } | fields
        self.cluster.create(
            self.namespace, self.name, {name: value for name, value in spec.items() if value is not None}
        )

    def edit(self, **fields: Any) -> None:
        """Merge into the spec, as a person or a GitOps tool does."""
        self.cluster.patch(self.namespace, self.name, {"spec": fields})

    def send(self, action: str, **fields: Any) -> str:
        """Send a command for the generation that stands there, unless `fields` say otherwise; its id."""
        words = {"id": secrets.token_hex(4), "action": action, "generation": self.generation(), "by": "ann"} | fields
        self.annotate(json.dumps(words))
        return str(words["id"])

    def annotate(self, command: str) -> None:
        """Any text as a command."""
        self.cluster.patch(self.namespace, self.name, {"metadata": {"annotations": {COMMAND: command}}})

    def command(self, action: str, **fields: Any) -> Mapping[str, Any]:
        """Send a command and wait for its answer: action, result and message."""
        sent = self.send(action, **fields)
        status = self.wait_for(lambda status: _last_id(status) == sent, f"an answer to {action}")
        return {name: status["lastCommand"].get(name) for name in ("action", "result", "message")}

    def delete(self) -> None:
        self.cluster.delete(self.namespace, self.name)

    def restart(self) -> None:
        """The operator comes back, after it was killed or has ended."""
        self.operator.start()

    # -- what is waited for

    def wait_for(self, condition: Callable[[Status], Any], what: str) -> Status:
        """Wait until the status is so; gives that status."""

        def look() -> Status | None:
            status = self.status()
            return status if condition(status) else None

        try:
            found = wait_until(look, DEADLINE_S, f"{self.name}: {what}")
        except NotReachedInTimeError as error:
            raise NotReachedInTimeError(f"{error}; it is {self}") from None
        assert found is not None
        return found

    def wait_for_phase(self, phase: str) -> Status:
        return self.wait_for(lambda status: status["phase"] == phase, f"phase {phase}")

    def wait_for_weight(self, weight: int) -> Status:
        """The step with this weight has been entered: written, verified and reported."""
        return self.wait_for(lambda status: status["weight"] == weight and "intent" not in status, f"weight {weight}")

    def wait_for_reason(self, reason: str, kind: str = "Ready") -> Status:
        return self.wait_for(lambda status: reason_of(status, kind) == reason, f"{kind} to say {reason}")

    def wait_for_routing(self, routing: Routing, deadline_s: float = DEADLINE_S) -> float:
        """AWS serves this, whatever Kubernetes knows of it; gives the seconds that it took."""
        began = time.monotonic()
        wait_until(lambda: self.routing() == routing, deadline_s, f"the alias to route {routing}")
        return time.monotonic() - began

    def wait_for_polls(self, count: int = 3) -> None:
        """So many more readings of the alarms: for as long, nothing else has happened."""
        self.wait_for_calls("DescribeAlarms", count)

    def wait_for_calls(self, operation: str, count: int = 1) -> None:
        """AWS is asked so many times more."""
        before = len(self.aws.calls(operation))
        wait_until(
            lambda: len(self.aws.calls(operation)) >= before + count, DEADLINE_S, f"{count} more calls of {operation}"
        )

    def wait_for_calls_or_success(self, count: int) -> None:
        """AWS is asked anything so many times more, or there is nothing left to ask."""
        before = sum(self.aws.call_counts().values())

        def is_enough() -> bool:
            return sum(self.aws.call_counts().values()) >= before + count or self.status()["phase"] == "Succeeded"

        wait_until(is_enough, DEADLINE_S, f"{count} more calls to AWS")

    def wait_for_fault(self, fault: int) -> None:
        """The fault with this id (`aws.fail` gives it) has hit all the calls that it was made for."""

        def is_used_up() -> bool:
            return any(each.id == fault and each.times == 0 for each in self.aws.faults())

        wait_until(is_used_up, DEADLINE_S, "AWS to be called where a fault waits")

    def wait_for_log(self, message: str, count: int = 1) -> None:
        """The operator has said so, so many times since the first start."""

        def is_said() -> bool:
            return sum(line.get("message") == message for line in self.operator.log_lines()) >= count

        wait_until(is_said, DEADLINE_S, f"the operator to log {message!r} {count} times")

    def wait_until_gone(self) -> None:
        wait_until(lambda: self.resource() is None, DEADLINE_S, f"{self.name} to be gone")

    def wait_for_event(self, reason: str) -> str:
        """Its message."""

        def look() -> str | None:
            return next((message for _, found, message in self.events() if found == reason), None)

        found = wait_until(look, DEADLINE_S, f"an Event {reason}")
        assert found is not None
        return found

    # -- what is seen

    def resource(self) -> dict[str, Any] | None:
        return self.cluster.get(self.namespace, self.name)

    def status(self) -> Status:
        found = self.resource()
        return Status(found["status"] if found is not None else {})

    def generation(self) -> int:
        found = self.resource()
        assert found is not None
        return int(found["metadata"]["generation"])

    def is_held_by_finalizer(self) -> bool:
        found = self.resource()
        return found is not None and bool(found["metadata"].get("finalizers"))

    def events(self) -> list[tuple[str, str, str]]:
        """(type, reason, message), oldest first."""
        return self.cluster.events(self.namespace, self.name)

    def routing(self) -> Routing:
        """What AWS serves now."""
        return self.aws.routing(self.alias)

    def routings(self) -> list[Routing]:
        """All that AWS ever served, oldest first."""
        return [change.routing for change in self.aws.alias_history(self.alias)]

    def writes(self) -> int:
        """How often AWS was asked to change or create the alias, by whom a quota counts: not by a person's hand."""
        counts = self.aws.call_counts()
        return counts.get("UpdateStateMachineAlias", 0) + counts.get("CreateStateMachineAlias", 0)

    def written(self) -> list[Routing]:
        """What the operators wrote to this alias with effect, oldest first, each as often as it was written."""
        calls = self.aws.calls("UpdateStateMachineAlias")
        return [
            _routing_of(call)
            for call in calls
            if call.params["stateMachineAliasArn"] == self.alias and _took_effect(call)
        ]

    def called(self, name: str, namespace: str | None = None) -> "Story":
        """The story of another rollout on the same alias."""
        return replace(self, name=name, namespace=namespace or self.namespace)

    def __str__(self) -> str:
        status = self.status()
        return f"{status['phase']} ({reason_of(status)}: {status['message']})"


def set_the_scene(cluster: Cluster, namespace: str, aws: Emulator, operator: OperatorProcess) -> Story:
    """Three versions, the alias on version 1, one alarm that is OK. No two namespaces have the same machine."""
    machine = aws.publish_machine(
        f"Orders-{namespace}", [small_definition(f"version {number}") for number in (1, 2, 3)]
    )
    aws.create_alias(machine, ALIAS, whole(1))
    aws.put_alarm(ALARM)
    return Story(cluster, namespace, aws, operator, machine)


def condition_of(status: Status, kind: str = "Ready") -> Mapping[str, Any]:
    """One condition; empty where there is none."""
    return next((found for found in status["conditions"] or () if found["type"] == kind), {})


def reason_of(status: Status, kind: str = "Ready") -> str | None:
    return condition_of(status, kind).get("reason")


def verdict(status: Status) -> dict[str, str]:
    """What kstatus reads: Ready, Reconciling and Stalled, those that are there."""
    kinds = ("Ready", "Reconciling", "Stalled")
    return {found["type"]: found["status"] for found in status["conditions"] or () if found["type"] in kinds}


def outcomes(status: Status) -> list[tuple[int, str, str]]:
    """(version, outcome, reason) of each finished rollout, newest first."""
    return [(entry["version"], entry["outcome"], entry["reason"]) for entry in status["history"] or ()]


MOVING = {"Ready": "False", "Reconciling": "True"}
WAITING_AT_THE_START = {"Ready": "Unknown", "Reconciling": "True"}
DONE = {"Ready": "True"}
STALLED = {"Ready": "False", "Stalled": "True"}
"""The four verdicts of kstatus that a rollout can get."""


def _took_effect(call: CallRecord) -> bool:
    return call.outcome == "ok" or call.outcome.endswith("-after")


def _routing_of(call: CallRecord) -> Routing:
    entries = call.params["routingConfiguration"]
    return {int(entry["stateMachineVersionArn"].rpartition(":")[2]): entry["weight"] for entry in entries}


def _last_id(status: Status) -> str | None:
    return (status["lastCommand"] or {}).get("id")
