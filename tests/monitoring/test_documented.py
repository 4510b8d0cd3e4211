"""docs/metrics.md against what a running operator shows, both ways."""

import re
from pathlib import Path

import pytest

from tests.monitoring.exposition import Page, Series
from tests.monitoring.expressions import check

DOC = (Path(__file__).parents[2] / "docs/metrics.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|([\w, ]*)\| .+ \|$", re.MULTILINE)
QUERIES = re.findall(r"```promql\n(.*?)```", DOC, re.DOTALL)


def documented() -> dict[str, Series]:
    rows = ROW.findall(DOC)
    assert len(rows) == len(set(re.findall(r"^\| `(\w+)`", DOC, re.MULTILINE))), "a row that is none, or twice the same"
    return {name: Series(name, kind, frozenset(labels.replace(",", " ").split())) for name, kind, labels in rows}


def test_each_series_is_on_the_page_with_its_type_and_labels_and_no_other_is(page: Page) -> None:
    assert page.ours() == documented()


def test_no_label_of_a_running_operator_holds_an_arn(page: Page) -> None:
    assert [value for value in page.values if "arn:" in value] == []


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_on_the_page_uses_only_what_exists(query: str, page: Page) -> None:
    assert check(query, page.samples).names
