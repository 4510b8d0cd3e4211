"""`sfn-rollouts lint` over AWSAccesses and rollouts together: who matches what, as far as the files tell."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sfn_rollouts.cli import main
from tests.api.accesses import access
from tests.api.manifests import LEFT_OUT, manifest

MACHINE = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-refund"
TEAM = {"matchLabels": {"team": "payments"}}
LIVE = "would do nothing: add it to one, or give it one of its own"
NONE = f"no AWSAccess of the files lets rollouts of namespace payments move alias live of '{MACHINE}', so it {LIVE}"
TEAMS = sorted((Path(__file__).parents[2] / "examples" / "teams").glob("*.yaml"))
TWO = (
    "AWSAccess a and b let it move its alias, and nobody chooses between them, so it would do nothing: "
    "narrow all but one"
)
NO_NAMESPACE = "the manifest names no namespace"
NO_LABELS = "that hangs on labels, and Namespace payments is not among the files"


def rollout(namespace: str | None = "payments", **spec: Any) -> dict[str, Any]:
    made = manifest(stateMachineArn=MACHINE, **spec)
    if namespace is not None:
        made["metadata"]["namespace"] = namespace
    return made


def namespace(**labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "payments", "labels": labels}}


def selecting(name: str = "by-label", **more: Any) -> dict[str, Any]:
    return access(name, namespaces={"selector": TEAM, **more})


def named(name: str) -> dict[str, Any]:
    return access("by-name", namespaces={"selector": {"matchLabels": {"kubernetes.io/metadata.name": name}}})


FILES: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str]]]] = {
    "without an access all is granted": ([rollout()], []),
    "one that matches": ([rollout(), access()], []),
    "one that matches among others": ([rollout(), access(), access("other", namespaces={"names": ["billing"]})], []),
    "another namespace": ([rollout(), access(namespaces={"names": ["billing"]})], [("warning", NONE)]),
    "another alias": ([rollout(), access(aliases=["preview"])], [("warning", NONE)]),
    "another state machine": (
        [rollout(), access(stateMachines=[MACHINE.replace("222222222222", "333333333333")])],
        [("warning", NONE)],
    ),
    "two that match": (
        [rollout(), access("b"), access("a"), access("other", aliases=["preview"])],
        [
            ("error", TWO),
        ],
    ),
    "labels that are selected": ([rollout(), selecting(), namespace(team="payments")], []),
    "labels that are not selected": ([rollout(), selecting(), namespace(team="billing")], [("warning", NONE)]),
    "labels that nobody knows": (
        [rollout(), selecting()],
        [("warning", f"cannot tell whether AWSAccess by-label lets it move its alias: {NO_LABELS}")],
    ),
    "labels that nobody knows, of an access for another namespace": (
        [rollout(), selecting(names=["billing"])],
        [("warning", NONE)],
    ),
    "one that matches, and one that may": (
        [rollout(), access(), selecting("a"), selecting("b")],
        [("warning", f"cannot tell whether AWSAccess a and b lets it move its alias: {NO_LABELS}")],
    ),
    "the label that the API server gives": ([rollout(), named("payments")], []),
    "the same of another namespace": ([rollout(), named("billing")], [("warning", NONE)]),
    "a selector of every namespace": ([rollout(), access(namespaces={"selector": {}})], []),
    "a rollout that names no namespace": (
        [rollout(None), access()],
        [
            ("warning", "cannot tell whether AWSAccess payments-production lets it move its alias: " + NO_NAMESPACE),
        ],
    ),
    "a rollout that names no namespace, and no access for its alias": (
        [rollout(None), access(aliases=["preview"])],
        [("warning", f"no AWSAccess of the files lets rollouts move alias live of '{MACHINE}', so it {LIVE}")],
    ),
    "an access whose name is to be generated": (
        [rollout(), {**access(), "metadata": {"generateName": "payments-"}}],
        [],
    ),
}


def findings(*documents: dict[str, Any], files: int = 1, tmp_path: Path) -> list[dict[str, Any]]:
    """What lint says of who matches what, with the documents dealt out to files."""
    for number, document in enumerate(documents):
        with (tmp_path / f"{number % files}.yaml").open("a") as file:
            file.write(f"---\n{json.dumps(document)}\n")
    shown = CliRunner().invoke(main, ["lint", "-o", "json", *map(str, sorted(tmp_path.iterdir()))]).output
    return [each for each in json.loads(shown)["problems"] if "AWSAccess" in each["message"]]


@pytest.mark.parametrize(("documents", "said"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("files", [1, 2])
def test_who_matches_what(
    documents: list[dict[str, Any]], said: list[tuple[str, str]], files: int, tmp_path: Path
) -> None:
    found = findings(*documents, files=files, tmp_path=tmp_path)

    assert [(each["severity"], each["message"]) for each in found] == said
    assert {(each["path"], each["value"]) for each in found} <= {("spec.stateMachineArn", MACHINE)}


def test_where_an_access_has_errors_none_is_missed(tmp_path: Path) -> None:
    """It may be the one that was meant; its errors are reported, and what others do is known all the same."""
    broken = access("broken", stateMachines=[f"{MACHINE}:live"])
    assert findings(rollout(), broken, tmp_path=tmp_path) == []


def test_where_an_access_has_errors_two_others_are_two(tmp_path: Path) -> None:
    broken = access("broken", stateMachines=[f"{MACHINE}:live"])
    [found] = findings(rollout(), broken, access("a"), access("b"), tmp_path=tmp_path)
    assert found["severity"] == "error"


def test_a_rollout_with_errors_is_not_asked_about(tmp_path: Path) -> None:
    assert findings(rollout(alias=LEFT_OUT), access(aliases=["preview"]), tmp_path=tmp_path) == []


@pytest.mark.parametrize("odd", [None, [], {"name": "payments", "labels": ["team"]}, {"labels": {"team": "payments"}}])
def test_an_odd_namespace_tells_nothing_that_is_wrong(odd: Any, tmp_path: Path) -> None:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": odd}
    [found] = findings(rollout(), selecting(), document, tmp_path=tmp_path)
    assert found["severity"] == "warning"


def test_two_that_match_fail_the_command() -> None:
    documents = "\n---\n".join(json.dumps(each) for each in (rollout(), access("a"), access("b")))
    shown = CliRunner().invoke(main, ["lint", "-"], input=documents)
    assert shown.exit_code == 1
    assert "-:1: spec.stateMachineArn: AWSAccess a and b let it move" in shown.output
    assert "1 rollout and 2 accesses checked: 1 error" in shown.output


def test_the_two_teams_of_the_tour_have_just_what_they_need() -> None:
    answer = CliRunner().invoke(main, ["lint", *map(str, TEAMS)])

    assert answer.output == "2 rollouts and 3 accesses checked: 0 errors, 0 warnings\n"
