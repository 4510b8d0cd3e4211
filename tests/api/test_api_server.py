"""The CRD on a real API server: it says what lint says, defaults what it should, and reads well with kubectl."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import Kubectl
from tests.api.answers import answer, apply, findings
from tests.api.manifests import ACCEPTED, MACHINE, REFUSED, Refused, alarms, manifest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
pytestmark = pytest.mark.usefixtures("crds_installed")


def read(kubectl: Kubectl, namespace: str, name: str = "order-processor") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(kubectl("get", "sfnr", name, "-n", namespace, "-o", "json").stdout)
    return document


@pytest.mark.parametrize("document", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_the_server_accepts_what_lint_accepts(kubectl: Kubectl, namespace: str, document: dict[str, Any]) -> None:
    assert answer(kubectl, namespace, document) == ""


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_the_server_refuses_what_lint_refuses_and_says(kubectl: Kubectl, namespace: str, case: Refused) -> None:
    (finding,) = findings(answer(kubectl, namespace, case.manifest))

    assert finding.endswith(case.server or case.lint)
    assert case.path in finding


REMEDY = "delete this resource and create a new one for another {}"
CHANGED: dict[str, tuple[dict[str, Any], str, str]] = {
    "another state machine": (
        manifest(stateMachineArn=f"{MACHINE}2"),
        f'spec.stateMachineArn: Invalid value: "{MACHINE}2"',
        f"cannot be changed from '{MACHINE}' to '{MACHINE}2': " + REMEDY.format("state machine"),
    ),
    "another alias": (
        manifest(alias="test"),
        'spec.alias: Invalid value: "test"',
        "cannot be changed from 'live' to 'test': " + REMEDY.format("alias"),
    ),
}


@pytest.mark.parametrize(("document", "where", "message"), CHANGED.values(), ids=CHANGED.keys())
def test_what_is_immutable_stays(
    kubectl: Kubectl, namespace: str, document: dict[str, Any], where: str, message: str
) -> None:
    apply(kubectl, namespace, manifest())

    assert findings(answer(kubectl, namespace, document, "apply")) == [f"{where}: {message}"]


def test_everything_else_may_change(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, manifest())

    apply(kubectl, namespace, manifest(version=43, strategy={"preset": "AllAtOnce"}, bakeTime="1h", alarms=alarms()))

    assert read(kubectl, namespace)["spec"]["version"] == 43


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_accepted(kubectl: Kubectl, namespace: str, example: Path) -> None:
    assert answer(kubectl, namespace, yaml.safe_load(example.read_text())) == ""


def test_a_new_resource_has_a_status_that_no_reader_takes_for_done(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, manifest())

    assert read(kubectl, namespace)["status"] == {"observedGeneration": -1}


def test_defaults_are_written_into_objects_and_nowhere_else(kubectl: Kubectl, namespace: str) -> None:
    written = manifest(strategy={"steps": [{"setWeight": 5}, {"pause": {}}]})
    apply(kubectl, namespace, written)

    assert read(kubectl, namespace)["spec"] == {
        **written["spec"],
        "paused": False,
        "progressDeadline": "1h",
        "driftPolicy": "Hold",
        "deletionPolicy": "Restore",
        "alarms": {
            "names": ["OrderProcessor-failures"],
            "pollInterval": "10s",
            "onMissing": "Block",
            "onFiringAtStart": "Block",
            "onInsufficientData": "Ignore",
            "onUnevaluated": "Hold",
            "onUnreadable": "Hold",
            "onTransient": "Rollback",
        },
    }


@pytest.mark.parametrize("way", [(), ("--server-side",)], ids=["client-side apply", "server-side apply"])
def test_applying_again_changes_nothing(kubectl: Kubectl, namespace: str, way: tuple[str, ...]) -> None:
    """Twice before looking: creation drops the status with its default, and the next server-side apply stores it."""
    document = manifest(strategy={"steps": [{"setWeight": 5}, {"pause": {}}]})
    apply(kubectl, namespace, document, *way)
    apply(kubectl, namespace, document, *way)
    before = read(kubectl, namespace)["metadata"]

    said = apply(kubectl, namespace, document, *way)

    after = read(kubectl, namespace)["metadata"]
    assert (after["generation"], after["resourceVersion"]) == (1, before["resourceVersion"])
    assert said.split()[-1] in {"unchanged", "serverside-applied"}


def test_a_status_write_leaves_generation_and_spec_alone(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, manifest())

    write_status(kubectl, namespace)

    resource = read(kubectl, namespace)
    assert (resource["metadata"]["generation"], resource["spec"]["version"]) == (1, 42)


STATUS = {
    "observedGeneration": 1,
    "phase": "Progressing",
    "step": "1/2",
    "weight": 10,
    "targetVersion": 42,
    "stableVersion": 41,
    "alarm": "OK",
    "nextActionAt": "2026-11-20T12:10:00Z",
    "message": "10 % on version 42",
    "alarms": [{"name": "OrderProcessor-failures", "state": "OK"}],
    "conditions": [
        {
            "type": "Ready",
            "status": "False",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-11-20T12:00:00Z",
            "reason": "ShiftInProgress",
            "message": "10 % on version 42",
        }
    ],
}


def write_status(kubectl: Kubectl, namespace: str) -> None:
    patch = json.dumps({"status": STATUS})
    kubectl(
        *("patch", "sfnr", "order-processor", "-n", namespace),
        *("--subresource=status", "--type=merge", "--patch", patch),
    )


def table(kubectl: Kubectl, namespace: str, *arguments: str) -> dict[str, str]:
    """Return the one row of `kubectl get` by column: cells stand below the beginning of their column's name."""
    head, row = kubectl("get", "sfnrollouts", "-n", namespace, *arguments).stdout.splitlines()
    starts = [head.index(f" {name}") + 1 if index else 0 for index, name in enumerate(head.split())]
    cells = [row[start:end].strip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return dict(zip(head.split(), cells, strict=True))


def test_kubectl_get_reads_well(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, manifest())
    write_status(kubectl, namespace)

    columns = table(kubectl, namespace)

    assert columns.pop("AGE")
    assert list(columns.items()) == [
        ("NAME", "order-processor"),
        ("PHASE", "Progressing"),
        ("STEP", "1/2"),
        ("WEIGHT", "10"),
        ("TARGET", "42"),
        ("STABLE", "41"),
        ("ALARM", "OK"),
        ("READY", "False"),
    ]


def test_kubectl_get_wide_says_why_and_when(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, manifest())
    write_status(kubectl, namespace)

    columns = table(kubectl, namespace, "-o", "wide")

    assert list(columns.items())[-5:] == [
        ("STATE-MACHINE", MACHINE),
        ("ALIAS", "live"),
        ("REASON", "ShiftInProgress"),
        ("NEXT", "2026-11-20T12:10:00Z"),
        ("MESSAGE", "10 % on version 42"),
    ]


def test_a_resource_that_nobody_has_seen_fits_the_same_columns(kubectl: Kubectl, namespace: str) -> None:
    apply(kubectl, namespace, manifest())

    columns = table(kubectl, namespace)

    assert (columns["NAME"], columns["PHASE"], columns["READY"]) == ("order-processor", "", "")


@pytest.mark.parametrize("name", ["sfnrollouts", "sfnrollout", "sfnr", "stepfunctionrollouts", "sfn"])
def test_every_short_name_and_the_category_find_it(kubectl: Kubectl, namespace: str, name: str) -> None:
    apply(kubectl, namespace, manifest())

    assert "order-processor" in kubectl("get", name, "-n", namespace, "-o", "name").stdout


EXPLAINED: dict[str, list[str]] = {
    "sfnrollouts": ["names a state machine, an alias and the version", "spec", "-required-"],
    "sfnrollouts.spec": [
        "The version that an alias should serve, and how to get there.",
        "stateMachineArn",
        "ARN of the state machine, without a version or alias. Immutable.",
        "progressDeadline",
        "Default: 1h.",
        "enum: Hold, Reassert, Adopt",
    ],
    "sfnrollouts.spec.strategy": ["exactly one of the", "One small step, one wait, then all traffic.", "allAtOnce"],
    "sfnrollouts.spec.strategy.canary": ["Percent of new executions that go to the target first, 1 to 100."],
    "sfnrollouts.spec.strategy.steps": ["One step: exactly one of setWeight and pause.", "setWeight", "pause"],
    "sfnrollouts.spec.strategy.preset": ["Linear10PercentEvery1Minute", "AllAtOnce"],
    "sfnrollouts.spec.alarms": ["enum: Ignore, Hold, Rollback", "Default: 10s."],
    "sfnrollouts.status": ["observedGeneration", "enum: Pending, Progressing, Paused, Baking"],
    "sfnrollouts.status.conditions": ["lastTransitionTime"],
}


@pytest.mark.parametrize(("field", "words"), EXPLAINED.items(), ids=EXPLAINED.keys())
def test_kubectl_explain_reads_well(kubectl: Kubectl, field: str, words: list[str]) -> None:
    said = " ".join(kubectl("explain", field).stdout.split())

    assert [word for word in words if word not in said] == []
