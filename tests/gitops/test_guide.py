"""The guide shows what is shipped: each YAML on the page is part of a file, or a rollout that lint accepts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sfn_rollouts.api.resource import concerns, lint
from sfn_rollouts.core.values.commands import Action
from sfn_rollouts.core.values.reasons import Reason
from tests.gitops.test_commands_beside_git import WRITERS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/gitops.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)


def shipped() -> Iterator[Any]:
    for folder in ("deploy/argocd", "deploy/flux", "examples/gitops"):
        for path in (ROOT / folder).rglob("*.yaml"):
            yield from yaml.safe_load_all(path.read_text())


def is_part_of(part: Any, whole: Any) -> bool:
    """Fields may be left out, lists may not be shortened."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and is_part_of(value, whole[name]) for name, value in part.items())
    return bool(part == whole)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_each_yaml_on_the_page_is_part_of_what_is_shipped(block: str) -> None:
    for document in yaml.safe_load_all(block):
        assert concerns(document) or any(is_part_of(document, whole) for whole in shipped())
        assert not concerns(document) or not lint(document)


def test_the_actions_are_listed() -> None:
    listed = re.search(r"The actions are (.*?)\. Those", GUIDE, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`([a-z-]+)`", listed.group(1))) == {str(action) for action in Action}


def test_the_field_managers_are_those_that_are_tested() -> None:
    table = GUIDE[GUIDE.index("| written by |") :].partition("\n\n")[0]
    reported = {
        manager: "stays" in line
        for line in table.splitlines()[2:]
        for manager in re.findall(r"\| `([a-z-]+)`", line)[-1:]
    }
    tested = {manager or "kubectl-annotate": survives for manager, survives in WRITERS.values()}
    assert reported.items() <= tested.items()


def test_each_reason_on_the_page_is_one() -> None:
    named = set(re.findall(r"\b(AccessDenied|NotFound|UpToDate|AwaitingApproval|Paused)\b", GUIDE))
    assert named <= set(Reason)


def test_each_file_that_is_named_exists() -> None:
    for path in re.findall(r"(?:patch-file )((?:deploy|examples)/\S+)", GUIDE):
        assert (ROOT / path).exists()


def test_what_argo_cd_ships_fits_together() -> None:
    """Applications point to the chart and to the example; roles allow actions that exist, in the project in use."""
    rollouts = yaml.safe_load((ROOT / "deploy/argocd/rollouts.yaml").read_text())
    operator = yaml.safe_load((ROOT / "deploy/argocd/operator.yaml").read_text())
    assert (ROOT / rollouts["spec"]["source"]["path"] / "kustomization.yaml").exists()
    assert (ROOT / "charts" / operator["spec"]["source"]["chart"] / "Chart.yaml").exists()
    policy = yaml.safe_load((ROOT / "deploy/argocd/argocd-rbac-cm-patch.yaml").read_text())["data"]
    lines = [line.split(", ") for text in policy.values() for line in text.splitlines() if line.startswith("p, ")]
    assert {line[4] for line in lines} == {f"{rollouts['spec']['project']}/*"}
    allowed = {line[3].rpartition("/")[2] for line in lines if line[3].startswith("action/")}
    assert allowed <= {"*", *map(str, Action)}
