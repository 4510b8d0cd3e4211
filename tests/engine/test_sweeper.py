"""The slow full list."""

from random import Random

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.engine.sweeper import INTERVAL_S, Resources, Sweeper
from sfn_rollouts.errors import Denied, PortError, Transient
from tests.engine.fake_clock import FakeClock
from tests.engine.world import World, spec


class Swept:
    """A sweeper over the API server of a world, and what it handed on."""

    def __init__(self) -> None:
        self.api = World().api
        self.api.apply("orders", spec())
        self.clock = FakeClock()
        self.lists: list[list[str]] = []
        self.sweeper = Sweeper(self.api, self.clock, Random(1), self._listed)

    def _listed(self, resources: Resources) -> None:
        self.lists.append([each["metadata"]["name"] for each in resources])

    def sweep_in(self) -> float:
        """Sweep; return the seconds until the next one."""
        return self.sweeper.sweep() - self.clock.monotonic()


@pytest.fixture
def swept() -> Swept:
    return Swept()


def test_it_hands_on_all_resources_and_comes_again_after_its_interval(swept: Swept) -> None:
    assert swept.sweep_in() == INTERVAL_S
    assert swept.lists == [["orders"]]


def test_the_first_list_says_how_many_there_are_or_why_it_failed(swept: Swept) -> None:
    assert swept.sweeper.list_all() == 1
    swept.api.faults.add("list", Denied("may not"))
    with pytest.raises(Denied, match="may not"):
        swept.sweeper.list_all()


def test_no_refusal_and_no_foreign_answer_ends_it_and_after_each_it_comes_again_soon(swept: Swept) -> None:
    for error in (Transient("not the API server's"), Denied("may not"), PortError("garbage")):
        swept.api.faults.add("list", error)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as lines:
        pauses = [swept.sweep_in() for _ in range(3)]
    assert [line["why"] for line in lines] == ["not the API server's", "may not", "garbage"]
    for pause_s, whole_s in zip(pauses, (0.5, 1.0, 2.0), strict=True):
        assert whole_s / 2 <= pause_s <= whole_s
    assert swept.lists == []


def test_it_waits_no_longer_than_a_minute_and_begins_again_with_half_a_second(swept: Swept) -> None:
    swept.api.is_down = True
    assert max(swept.sweep_in() for _ in range(12)) <= 60.0
    swept.api.is_down = False
    assert swept.sweep_in() == INTERVAL_S
    swept.api.is_down = True
    assert swept.sweep_in() <= 0.5
