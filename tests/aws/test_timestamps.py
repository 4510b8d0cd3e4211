"""AWS's times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sfn_rollouts.aws.timestamps import parsed, to_milliseconds

NOON = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            NOON.timestamp(), NOON, id="epoch seconds with a fraction, as Step Functions and CloudWatch answer"
        ),
        pytest.param(1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), id="whole epoch seconds"),
        pytest.param("2026-03-01T12:00:00.123Z", NOON, id="ISO 8601, as STS answers"),
        pytest.param("2026-03-01T13:00:00.123+01:00", NOON, id="ISO 8601 elsewhere"),
        pytest.param("1772366400.123", NOON, id="epoch seconds as a text"),
    ],
)
def test_a_time_is_parsed(value: float | str, expected: datetime) -> None:
    assert parsed(value) == expected
    assert parsed(value).tzinfo is not None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(NOON, NOON, id="whole milliseconds stay"),
        pytest.param(NOON + timedelta(microseconds=999), NOON, id="what is finer is cut, not rounded"),
        pytest.param(NOON.astimezone(timezone(timedelta(hours=5))), NOON, id="another time zone becomes UTC"),
    ],
)
def test_a_time_is_cut_to_milliseconds(moment: datetime, expected: datetime) -> None:
    cut = to_milliseconds(moment)
    assert cut == expected
    assert cut.tzinfo is UTC
    assert cut.microsecond % 1000 == 0
