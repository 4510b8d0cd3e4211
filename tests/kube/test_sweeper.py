"""The slow full list."""

from collections.abc import Callable, Iterator

import pytest

from devenv.waiting import wait_until
from sfn_rollouts.errors import Denied, Transient
from sfn_rollouts.kube.sweeper import Sweeper


class Lists:
    """Answers each list with the next of these; the last for ever."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


Sweep = Callable[[Callable[[], int], float], Sweeper]


@pytest.fixture
def sweep() -> Iterator[Sweep]:
    sweepers: list[Sweeper] = []

    def start(lists: Callable[[], int], interval_s: float) -> Sweeper:
        sweepers.append(Sweeper(lists, interval_s))
        sweepers[-1].start()
        return sweepers[-1]

    yield start
    for sweeper in sweepers:
        sweeper.stop()
        wait_until(lambda sweeper=sweeper: not sweeper.is_alive(), 10, "the sweeper to end")


def test_it_lists_again_and_again(sweep: Sweep) -> None:
    lists = Lists(3)

    sweep(lists, 0.01)

    wait_until(lambda: lists.asked >= 3, 10, "a third list")


def test_after_a_failure_it_does_not_wait_for_the_next_interval(sweep: Sweep) -> None:
    lists = Lists(Transient("no answer"), 3)

    sweeper = sweep(lists, 0.01)

    wait_until(lambda: lists.asked >= 2, 10, "a second attempt")
    assert sweeper.is_alive()


def test_no_refusal_and_no_foreign_answer_ends_it(sweep: Sweep, log_lines: list[dict[str, object]]) -> None:
    lists = Lists(Transient("not the API server's"), Denied("may not"), 3)

    sweeper = sweep(lists, 0.01)

    wait_until(lambda: lists.asked >= 3, 10, "a third attempt")
    assert sweeper.is_alive()
    assert [line["why"] for line in log_lines[:2]] == ["not the API server's", "may not"]


def test_it_stops_at_once(sweep: Sweep) -> None:
    sweep(Lists(3), 600.0)  # the fixture waits for its end
