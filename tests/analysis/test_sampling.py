"""Which executions stand for all of them: those of whole seconds, whichever list they are on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_rollouts.analysis.sampling import sampled
from tests.analysis.rollouts import execution

TENTHS = [execution(number / 10, target=number % 3 == 0) for number in range(18_000)]


@pytest.mark.parametrize("share", [0.005, 0.02, 0.5])
def test_the_share_of_seconds_is_what_was_asked_for(share: float) -> None:
    assert len(sampled(TENTHS, share)) == pytest.approx(share * len(TENTHS), abs=20)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_every_second_of_a_minute_has_its_turn(share: float) -> None:
    """A machine that is started by the minute is sampled like any other."""
    by_minute = [execution(60.0 * minute + 7.0) for minute in range(1000)]
    assert len(sampled(by_minute, share)) == pytest.approx(share * len(by_minute), rel=0.2)


@given(cuts=st.lists(st.integers(0, 18_000), max_size=5).map(sorted), share=st.sampled_from([0.02, 0.5, 1.0]))
def test_in_parts_the_same_are_chosen_as_in_one_list(cuts: list[int], share: float) -> None:
    parts = zip([0, *cuts], [*cuts, len(TENTHS)], strict=True)
    assert [each for begin, end in parts for each in sampled(TENTHS[begin:end], share)] == list(sampled(TENTHS, share))


def test_a_second_is_chosen_as_a_whole() -> None:
    chosen = [each.started_at // 1 for each in sampled(TENTHS, 0.02)]
    assert all(chosen.count(second) == 10 for second in chosen)
