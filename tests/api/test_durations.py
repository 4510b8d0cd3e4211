"""How long a duration is, and what is none."""

import pytest

from sfn_rollouts.api.durations import Duration

LENGTHS_S: dict[str, float] = {
    "0s": 0,
    "1500ms": 1.5,
    "90s": 90,
    "10m": 600,
    "1h30m": 5400,
    "1.5h": 5400,
    "0.1s0.2s": 0.3,
    "720h": 2592000,
}


@pytest.mark.parametrize(("text", "expected_s"), LENGTHS_S.items())
def test_a_duration_has_a_length_and_keeps_its_text(text: str, expected_s: float) -> None:
    duration = Duration.parse(text)

    assert (duration.seconds, str(duration)) == (expected_s, text)


@pytest.mark.parametrize("text", ["", "10", "m", "1d", "-1s", "1 s", "1s\n", "٣s", ".5s", "1.s", "1.2345s", "1e3s"])
def test_what_is_no_duration_is_reported_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration: write a number with a unit, like 30s, 10m or 1h30m"):
        Duration.parse(text)
