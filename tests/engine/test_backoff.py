"""How long to wait before the next try; who keeps a moment for it is tested in test_parts.py."""

from itertools import islice
from random import Random

from sfn_rollouts.backoff import Delays, delay_s


class Least(Random):
    """The least jitter that there is."""

    def random(self) -> float:
        return 0.0


def test_delays_double_up_to_their_bound_and_never_overflow() -> None:
    assert [delay_s(tries, 0.5, 5.0, Least()) for tries in (0, 1, 2, 3, 4, 10**6)] == [0.25, 0.5, 1.0, 2.0, 2.5, 2.5]


def test_delays_never_end_and_begin_again_for_each_who_iterates() -> None:
    delays = Delays(0.5, 5.0)
    for _ in range(2):
        pauses = list(islice(delays, 100))
        assert 0.25 <= pauses[0] <= 0.5
        assert all(2.5 <= pause <= 5.0 for pause in pauses[4:])
        assert len(set(pauses)) > 50, "operators of one cluster must not come back in step"
