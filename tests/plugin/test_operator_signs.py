"""What a Lease tells of its operator, also one into which somebody wrote odd values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_rollouts.plugin.operator_signs import described

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRESH = {"holderIdentity": "pod-a", "leaseDurationSeconds": 15, "renewTime": "2026-03-01T11:59:55.000000Z"}
OLD = {**FRESH, "renewTime": "2026-01-01T00:00:00.000000Z"}
RUNS, DEAD, STOPPED = "An operator runs", "The operator does not run", "The operator has stopped"
LEASES: dict[str, tuple[dict[str, Any], str]] = {
    "renewed just now": (FRESH, RUNS),
    "renewed long ago": (OLD, DEAD),
    "renewed long ago, though it says that it binds for 68 years": ({**OLD, "leaseDurationSeconds": 2**31 - 1}, DEAD),
    "renewed just now, though it says that it binds for no time": ({**FRESH, "leaseDurationSeconds": 0}, RUNS),
    "renewed just now, with a negative duration": ({**FRESH, "leaseDurationSeconds": -(2**31)}, RUNS),
    "without a holder": ({**FRESH, "holderIdentity": ""}, STOPPED),
    "without anything": ({}, STOPPED),
    "with a time that is none": ({**FRESH, "renewTime": "yesterday"}, STOPPED),
    "with a time of no zone": ({**FRESH, "renewTime": "2026-03-01"}, STOPPED),
}


@pytest.mark.parametrize(("spec", "said"), LEASES.values(), ids=LEASES)
def test_a_lease_tells(spec: dict[str, Any], said: str) -> None:
    assert described(spec, "sfn-rollouts", NOW).startswith(said)


def test_a_holder_is_one_short_printable_text() -> None:
    reported = described({**FRESH, "holderIdentity": "a\n\x1b[2J" + "x" * 1000}, "sfn-rollouts", NOW)
    assert reported.isprintable()
    assert len(reported) < 500
