"""The pages tell the truth about the code: reasons, manifests, links, permissions, commands."""

import json
import re
from pathlib import Path

import pytest
import yaml

from sfn_rollouts.api.problems import Severity
from sfn_rollouts.api.resource import concerns, lint
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.core.values.commands import Action
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.leading.candidate import LeaseDurations
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.start import Exit

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
CONCEPTS = (ROOT / "docs/concepts.md").read_text()


def anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} does not exist"
        assert not anchor or anchor in anchors(target), f"{path} has no heading #{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_manifest_on_a_page_passes_lint(page: Path) -> None:
    for language, text in BLOCK.findall(page.read_text()):
        if language == "json":
            json.loads(text)
        for document in yaml.safe_load_all(text) if language == "yaml" else ():
            problems = lint(document) if concerns(document) else []
            assert [problem for problem in problems if problem.severity is Severity.ERROR] == []


def test_the_runbook_has_a_heading_for_each_reason_and_begins_with_its_meaning() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*)$", RUNBOOK, re.MULTILINE))
    assert sections == {reason.value: reason.meaning for reason in Reason}


def test_the_runbook_lists_each_exit_code_of_a_start_that_failed() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", RUNBOOK, re.MULTILINE)}
    assert listed == {int(code) for code in Exit} - {Exit.STOPPED, Exit.CRASHED}


def test_the_permissions_on_aws_are_the_calls_that_the_code_makes() -> None:
    policy = next(json.loads(text) for language, text in BLOCK.findall(CONCEPTS) if language == "json")
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert allowed == {api.action for api in Api if api.needs_permission}


def test_the_concepts_explain_each_command() -> None:
    explained = set(re.findall(r"^\| `([a-z-]+)` \| .* \| .* \|$", CONCEPTS, re.MULTILINE))
    assert {action.value for action in Action} <= explained


def test_the_commands_on_the_pages_are_commands() -> None:
    quoted = re.findall(r"sfnrollouts\.dev/command=(\{.*?\})'", RUNBOOK + CONCEPTS)
    actions = {re.search(r'"action":"([a-z-]+)"', text).group(1) for text in quoted}  # type: ignore[union-attr]
    assert quoted
    assert actions <= {action.value for action in Action}


def test_the_readme_has_its_two_commands_and_the_makefile_knows_them() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for command in ("demo", "test"):
        assert f"\n    make {command}\n" in readme
        assert re.search(rf"^{command}:.*## ", makefile, re.MULTILINE)


def test_the_readme_says_how_long_a_leader_goes_on_without_an_api_server() -> None:
    """What the README promises is what the default installation does: with leader election, for one term."""
    arguments = yaml.safe_load((ROOT / "deploy/base/deployment.yaml").read_text())["spec"]["template"]["spec"]
    assert "--leader-elect" in arguments["containers"][0]["args"]
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"that holds for {LeaseDurations().renew_s:g} s of an outage of the API server" in readme


def test_the_readme_example_is_the_one_in_examples() -> None:
    readme = next(text for language, text in BLOCK.findall((ROOT / "README.md").read_text()) if language == "yaml")
    assert yaml.safe_load(readme) == yaml.safe_load((ROOT / "examples/canary.yaml").read_text())


def rendered_series() -> set[str]:
    """Names of the series that /metrics tells of, without those that the Prometheus client adds to each counter."""
    names = re.findall(r"^# TYPE (sfn_rollouts_\w+) ", PrometheusMeter().render().decode(), re.MULTILINE)
    return {name for name in names if not name.endswith("_created")}


def test_the_page_on_metrics_lists_each_series() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)) == rendered_series()


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_each_metric_that_a_page_names_exists(page: Path) -> None:
    assert set(re.findall(r"\bsfn_rollouts_\w+_(?:total|info|weight)\b", page.read_text())) <= rendered_series()
