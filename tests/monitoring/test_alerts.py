"""Alert rules: only series that exist, and words that help whoever is woken."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.exposition import Page
from tests.monitoring.expressions import UnfitError, check

ROOT = Path(__file__).parents[2]
GROUPS = yaml.safe_load((ROOT / "deploy/monitoring/alerts.yaml").read_text())["groups"]
RULES: dict[str, dict[str, Any]] = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
URL = "https://github.com/sfn-rollouts/sfn-rollouts/blob/main/docs/runbook.md#"

WANTED = {
    "OperatorDown", "NoLeader", "ReconcileErrors", "RollingBackTooLong", "Failed", "Stalled", "RolledBack",
    "AwsThrottled", "AlarmReadingsOld", "WatchRestarting", "StatusWritesFailing", "ThreadsLost",
}  # fmt: skip


def test_the_bad_days_each_have_an_alert() -> None:
    assert {re.sub(r"^SfnRollouts?(?=[A-Z])", "", name) for name in RULES} >= WANTED


def test_no_name_is_there_twice() -> None:
    assert len(RULES) == sum(len(group["rules"]) for group in GROUPS)
    assert len({group["name"] for group in GROUPS}) == len(GROUPS)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_whole(name: str) -> None:
    rule = RULES[name]
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[1-9]\d*[smhd]", rule.get("for", "1m"))
    assert set(rule["labels"]) == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert all("\n" not in rule["annotations"][text].rstrip("\n") for text in ("summary", "description"))
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")


@pytest.mark.parametrize("name", RULES)
def test_its_runbook_has_a_heading_for_it_with_something_to_do(name: str) -> None:
    assert RULES[name]["annotations"]["runbook_url"] == f"{URL}{name.lower()}"
    section = re.search(rf"^#### {name}\n(.+?)(?=^#|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert len(section.group(1).split()) > 8


def test_the_runbook_has_no_heading_of_an_alert_that_is_gone() -> None:
    assert re.findall(r"^#### (\w+)$", RUNBOOK, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize("name", RULES)
def test_it_uses_only_series_and_labels_that_exist(name: str, page: Page) -> None:
    checked = check(RULES[name]["expr"], page.samples)
    assert checked.names

    words = " ".join(RULES[name]["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", words)) <= (checked.labels or frozenset())


@pytest.mark.parametrize(
    "expression",
    [
        "sfn_rollouts_nothing > 0",
        'sfn_rollouts_rollout_phase{phase="Rollingback"} == 1',
        'sfn_rollouts_rollout_phase{phase=~"RollingBack|Broken"} == 1',
        'sfn_rollouts_leader{phase="Failed"} == 1',
        "sum by (reason) (sfn_rollouts_aws_calls_total)",
        "sfn_rollouts_rollout_phase * on (api) group_left (reason) sfn_rollouts_rollout_reason",
        "sfn_rollouts_rollout_phase * on (name) group_left (outcome) sfn_rollouts_rollout_reason",
        "sfn_rollouts_rollout_phase * sfn_rollouts_rollout_reason",
        "histogram_quantile(0.5, sum by (job) (rate(sfn_rollouts_step_duration_seconds_bucket[5m])))",
        "histogram_quantile(0.5, sum by (le) (rate(sfn_rollouts_step_duration_seconds[5m])))",
    ],
)
def test_the_check_finds(expression: str, page: Page) -> None:
    with pytest.raises(UnfitError):
        check(expression, page.samples)
