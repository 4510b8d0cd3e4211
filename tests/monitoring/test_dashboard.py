"""The Grafana dashboard: every query uses series that exist, and every panel can be understood."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.exposition import Page
from tests.monitoring.expressions import check

DASHBOARD = json.loads((Path(__file__).parents[2] / "deploy/monitoring/dashboard.json").read_text())
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"}
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}


def queries() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    return ((panel, target) for panel in DASHBOARD["panels"] for target in panel.get("targets", ()))


def filled_in(expression: str) -> str:
    """As Grafana sends it: its own intervals filled in; the variables stand within strings."""
    return expression.replace("$__rate_interval", "5m")


def test_it_has_a_row_for_the_fleet_for_one_rollout_for_aws_and_for_the_operator() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Fleet", "Rollout $name", "AWS", "Operator"]


def test_it_asks_for_its_data_source_namespace_and_rollout() -> None:
    assert {name: variable["type"] for name, variable in VARIABLES.items()} == {
        "datasource": "datasource",
        "namespace": "query",
        "name": "query",
    }
    used = {json.dumps(each["datasource"]) for each in [*PANELS.values(), *(target for _, target in queries())]}
    assert used == {json.dumps({"type": "prometheus", "uid": "${datasource}"})}


def test_it_belongs_to_no_grafana_yet() -> None:
    assert DASHBOARD["id"] is None
    assert DASHBOARD["schemaVersion"] >= 39


def test_no_id_and_no_place_is_taken_twice() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_says_what_it_shows_and_in_which_unit(title: str) -> None:
    panel = PANELS[title]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    references = [target["refId"] for target in panel["targets"]]
    assert references
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("title", PANELS)
def test_its_queries_use_only_what_exists(title: str, page: Page) -> None:
    for target in PANELS[title]["targets"]:
        checked = check(filled_in(target["expr"]), page.samples)
        assert checked.names
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert shown <= (checked.labels or frozenset())


@pytest.mark.parametrize("name", ["namespace", "name"])
def test_a_variable_is_filled_from_a_label_that_exists(name: str, page: Page) -> None:
    selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", VARIABLES[name]["query"]["query"]).groups()  # type: ignore[union-attr]
    assert label == name
    assert label in (check(selector, page.samples).labels or frozenset())


def test_every_variable_is_used() -> None:
    text = json.dumps(DASHBOARD["panels"])
    assert all(f"${name}" in text or f"${{{name}}}" in text for name in VARIABLES)
