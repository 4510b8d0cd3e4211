"""Lengths of time as texts: what is written is read back, and each format for what it is for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_rollouts.durations import age, clock, is_duration, rounded, seconds_of, written
from sfn_rollouts.explain import times

MICROSECONDS = st.integers(min_value=0, max_value=8760 * 3_600_000_000)
TERMS = st.lists(st.sampled_from(["0s", "1500ms", "0.001ms", "90s", "1.5h", "7m", "26h", "999.999s"]), min_size=1)


@given(MICROSECONDS)
def test_what_is_written_is_read_back_as_the_same_length(length_us: int) -> None:
    assert seconds_of(written(length_us / 1_000_000)) == length_us / 1_000_000


@given(TERMS)
def test_however_a_length_was_written_it_is_written_in_one_way(terms: list[str]) -> None:
    length_s = seconds_of("".join(terms))
    assert is_duration(written(length_s))
    assert seconds_of(written(length_s)) == length_s


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((-3, "0s"), (0, "0s"), (0.0005, "0.5ms"), (0.5, "0.5s"), (90, "1m30s"), (600, "10m"), (5400, "1h30m")),
        *((60.25, "1m0.25s"), (86400, "24h"), (93600, "26h"), (86400 * 30, "720h")),
    ],
)
def test_a_length_is_written_as_in_a_manifest(seconds: float, text: str) -> None:
    """Days are no unit of a manifest: 26h, which can be copied into one, rather than 1d2h."""
    assert written(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0s"), (0.4, "0s"), (59.4, "59s"), (59.6, "1m00s"), (192, "3m12s"), (7500, "2h05m"), (3600 * 99, "4d03h")],
)
def test_a_length_that_passes_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert rounded(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((-3, "0s"), (119.9, "119s"), (120, "2m"), (194, "3m14s"), (720, "12m"), (10799, "179m"), (12000, "3h20m")),
        *((3600 * 9 + 60, "9h"), (86400 * 2, "2d"), (86400 * 2 + 3600 * 5, "2d5h"), (86400 * 40, "40d")),
    ],
)
def test_an_age_is_as_short_as_kubectls(seconds: float, text: str) -> None:
    """As `duration.HumanDuration` of k8s.io/apimachinery, below a year."""
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0m00s"), (723.9, "12m03s"), (3723, "1h02m03s"), (90000, "25h00m00s")]
)
def test_a_clock_counts_from_the_start(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_an_age_of_a_moment_that_is_not_known_is_empty() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert (times.age(None, now), times.age(now - timedelta(minutes=12), now)) == ("", "12m")
