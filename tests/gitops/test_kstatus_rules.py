"""kstatus's five rules in their order, on resources as short as the rule needs them."""

import pytest

from tests.core.kstatus import kstatus


def conditions(*reported: str) -> dict[str, object]:
    """`Ready=True`, in their order."""
    pairs = [each.split("=") for each in reported]
    return {"conditions": [{"type": kind, "status": value} for kind, value in pairs]}


# rule: (metadata, status, verdict)
RULES = {
    "1 deletion comes before all else": (
        {"deletionTimestamp": "now", "generation": 1},
        {"observedGeneration": 1} | conditions("Ready=True"),
        "Terminating",
    ),
    "2 another generation has been observed": (
        {"generation": 2},
        {"observedGeneration": 1} | conditions("Ready=True"),
        "InProgress",
    ),
    "2 a generation from before creation": ({"generation": 1}, {"observedGeneration": -1}, "InProgress"),
    "2 a verdict of the generation before": (
        {"generation": 2},
        {"observedGeneration": 1} | conditions("Stalled=True"),
        "InProgress",
    ),
    "2 without observedGeneration nothing is compared": ({"generation": 2}, conditions("Ready=True"), "Current"),
    "3 Reconciling comes before Ready": ({}, conditions("Ready=True", "Reconciling=True"), "InProgress"),
    "3 Stalled comes before Ready": ({}, conditions("Ready=True", "Stalled=True"), "Failed"),
    "3 of the two the first in the list": ({}, conditions("Stalled=True", "Reconciling=True"), "Failed"),
    "3 of the two the first, the other way round": ({}, conditions("Reconciling=True", "Stalled=True"), "InProgress"),
    "3 those that are False count for nothing": (
        {},
        conditions("Reconciling=False", "Stalled=False", "Ready=True"),
        "Current",
    ),
    "3 those that are Unknown count for nothing": ({}, conditions("Stalled=Unknown", "Ready=True"), "Current"),
    "4 Ready is True": ({}, conditions("Ready=True"), "Current"),
    "4 Ready is False: not yet, never failed": ({}, conditions("Ready=False"), "InProgress"),
    "4 Ready is Unknown": ({}, conditions("Ready=Unknown"), "InProgress"),
    "5 other conditions say nothing": ({}, conditions("Promoted=False"), "Current"),
    "5 no conditions": ({"generation": 1}, {"observedGeneration": 1}, "Current"),
    "5 no status": ({"generation": 1}, None, "Current"),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    metadata, status, verdict = RULES[rule]
    assert kstatus({"metadata": metadata, "status": status}) == verdict
