"""What a person types, and what they read."""

import json
from pathlib import Path

import pytest

from devenv.control_plane import Kubectl
from devenv.waiting import wait_until
from tests.e2e.story import ALARM, DEADLINE_S, SLOW_STEPS, Story, whole

EXAMPLE = Path(__file__).parents[2] / "examples" / "canary.yaml"


@pytest.fixture
def as_person(kubectl: Kubectl, namespace: str) -> "Person":
    return Person(kubectl, namespace)


class Person:
    """Somebody with a terminal."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self._kubectl = kubectl
        self._namespace = namespace

    def types(self, *words: str, stdin: str | None = None) -> str:
        """What kubectl prints."""
        return self._kubectl(*words, "--namespace", self._namespace, stdin=stdin).stdout

    def row(self, *words: str) -> dict[str, str]:
        """The one row of a table, by its headings; no cell may hold a double space."""
        headings, cells = self.types(*words).splitlines()
        starts = [headings.index(heading) for heading in headings.split()]
        ends = [*starts[1:], None]
        return {
            heading: cells[start:end].strip()
            for heading, start, end in zip(headings.split(), starts, ends, strict=True)
        }


def test_the_canary_example_as_it_is_written(story: Story, as_person: Person) -> None:
    """`kubectl apply -f examples/canary.yaml`, with another machine, other versions and shorter waits; then `kubectl
    wait`, which needs no patience beyond the rollout's."""
    manifest = EXAMPLE.read_text()
    for written, here in {
        "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor": story.machine,
        "version: 42": "version: 2",
        "10m": "1s",
        "15m": "1s",
        "OrderProcessor-failures": ALARM,
        "OrderProcessor-p95": "latency",
    }.items():
        assert written in manifest
        manifest = manifest.replace(written, here)
    story.aws.put_alarm("latency")

    said = as_person.types("apply", "-f", "-", stdin=manifest)
    assert said == "stepfunctionrollout.sfnrollouts.dev/order-processor created\n"
    for condition in ("Ready", "Promoted"):
        as_person.types("wait", "sfnrollout/order-processor", f"--for=condition={condition}", "--timeout=60s")

    assert story.routing() == whole(2)
    assert "unchanged" in as_person.types("apply", "-f", "-", stdin=manifest)
    row = as_person.row("get", "sfnrollouts")
    assert row.pop("AGE")
    assert row == {
        "NAME": "order-processor",
        "PHASE": "Succeeded",
        "STEP": "2/2",
        "WEIGHT": "100",
        "TARGET": "2",
        "STABLE": "2",
        "ALARM": "OK",
        "READY": "True",
    }


def test_a_rollout_under_way(story: Story, as_person: Person) -> None:
    """`kubectl get` says where it is, `-o wide` why, and what comes next; every short name works; 80 columns do."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    plain, row = as_person.types("get", "sfnrollouts"), as_person.row("get", "sfnr", "-o", "wide")

    assert max(map(len, plain.splitlines())) <= 80
    assert (row["PHASE"], row["STEP"], row["WEIGHT"], row["TARGET"], row["STABLE"]) == (
        *("Progressing", "1/3", "10", "2", "1"),
    )
    assert (row["STATE-MACHINE"], row["ALIAS"], row["REASON"]) == (story.machine, "live", "ShiftInProgress")
    assert row["NEXT"].startswith("20")
    assert row["MESSAGE"] == "version 2 has 10 % of new executions, version 1 the rest"
    assert as_person.types("get", "sfnrollout", "-o", "name") == as_person.types("get", "sfnrollouts", "-o", "name")


def test_a_rollback_is_explained(story: Story, as_person: Person) -> None:
    """`kubectl describe` tells the whole story: conditions, history and Events; nobody has to read the log."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.set_alarm(ALARM, "ALARM", reason="Threshold Crossed")
    story.wait_for_phase("RolledBack")
    story.wait_for_event("ExecutionsCounted")  # the last one: Events follow the status, in order

    reported = as_person.types("describe", "sfnrollout", "rollout")

    for words in (
        "Reason:                AlarmFiring",
        "version 2 was rolled back, version 1 has all traffic: alarm errors is firing: Threshold Crossed",
        "RolledBack",
        "Stalled",
        "step 1/3: version 2 has 10 % of new executions",
        "alarm errors is firing: Threshold Crossed; going back to version 1",
    ):
        assert words in reported
    events = [(kind, reason) for kind, reason, _ in story.events()]
    assert ("Warning", "AlarmFiring") in events
    assert events[0] == ("Normal", "Initializing")


def test_every_field_is_explained(kubectl: Kubectl, crds_installed: None) -> None:
    """`kubectl explain` says what each field does, in words."""
    explain = ("explain", "sfnrollouts.spec.strategy")
    # A CRD that is Established shows in the server's discovery a moment later.
    wait_until(lambda: not kubectl(*explain, check=False).returncode, DEADLINE_S, "kubectl to know the resource")
    strategy = kubectl(*explain).stdout
    for words in ("canary", "linear", "exponential", "allAtOnce", "preset", "steps"):
        assert words in strategy
    assert "exactly one of the fields" in " ".join(strategy.split())
    assert "Percent of new executions" in kubectl("explain", "sfnrollouts.spec.strategy.canary.weight").stdout
    whole_resource = kubectl("explain", "sfnrollouts", "--recursive").stdout
    assert "<no description>" not in whole_resource


def test_a_mistake_is_answered_by_the_api_server(kubectl: Kubectl, crds_installed: None, namespace: str) -> None:
    """A typing error is refused with the field's name before anything happens."""
    manifest = EXAMPLE.read_text().replace("bakeTime", "backTime")

    refused = kubectl("apply", "--namespace", namespace, "-f", "-", stdin=manifest, check=False)

    assert refused.returncode == 1
    assert 'unknown field "spec.backTime"' in refused.stderr


def test_a_command_by_kubectl_annotate(story: Story, as_person: Person) -> None:
    """As the README shows it: one annotation, answered in the status and by an Event."""
    story.apply(version=2, steps=[{"setWeight": 10}, {"pause": {}}])
    story.wait_for_phase("Paused")

    command = json.dumps({"id": "1", "action": "promote", "generation": 1, "by": "ann"})
    as_person.types("annotate", "--overwrite", "sfnrollout", "rollout", f"sfnrollouts.dev/command={command}")

    as_person.types("wait", "sfnrollout/rollout", "--for=jsonpath={.status.lastCommand.result}=Done", "--timeout=60s")
    as_person.types("wait", "sfnrollout/rollout", "--for=condition=Ready", "--timeout=60s")
