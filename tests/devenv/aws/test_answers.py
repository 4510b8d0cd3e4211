"""An answer that AWS would not give is a defect of the emulator, and says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from devenv.aws import answers

AT = datetime(2026, 11, 20, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "executionArn": "arn",
    "stateMachineArn": "arn",
    "status": "SUCCEEDED",
    "startDate": AT,
    "name": "n",
}

MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown member": ({"color": "red"}, "DescribeExecution.color does not exist"),
    "a member that is always sent": ({"status": ...}, "DescribeExecution.status is missing"),
    "a wrong type": ({"startDate": 12.5}, "DescribeExecution.startDate is float, not timestamp"),
    "a word that AWS does not use": ({"status": "DONE"}, "DescribeExecution.status is 'DONE', not one of RUNNING, "),
    "deep inside": ({"inputDetails": {"all": True}}, "DescribeExecution.inputDetails.all does not exist"),
}


def test_what_fits_is_let_through() -> None:
    answers.check("stepfunctions", "DescribeExecution", GOOD)
    answers.check("stepfunctions", "TagResource", {})
    answers.check("cloudwatch", "DeleteAlarms", {})


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_is_named(case: str) -> None:
    changes, wanted = MISFITS[case]
    answer = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    with pytest.raises(ValueError, match="no answer of AWS") as caught:
        answers.check("stepfunctions", "DescribeExecution", answer)
    assert wanted in str(caught.value)


def test_an_item_of_a_list_is_named_by_its_place() -> None:
    items = [GOOD, {name: value for name, value in GOOD.items() if name != "name"}]
    with pytest.raises(ValueError, match=r"ListExecutions.executions\[1\].name is missing"):
        answers.check("stepfunctions", "ListExecutions", {"executions": items})
