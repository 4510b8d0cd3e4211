"""Which share the target had, and when: all but what is just after a write, or under a weight of somebody else."""

from datetime import UTC, datetime, timedelta

from sfn_rollouts.engine.evidence.weights import known
from tests.engine.fake_clock import NOON


def test_each_write_of_ours_is_known_from_soon_after_it_until_the_next() -> None:
    def at(seconds: float) -> datetime:
        return NOON + timedelta(seconds=seconds)

    assert list(known([(at(0), 10), (at(60), None), (at(120), 100)], timedelta(seconds=10))) == [
        (at(10), at(60), 0.1),
        (at(130), datetime.max.replace(tzinfo=UTC), 1.0),
    ]
