"""The limit of a call as a whole, on real threads."""

import threading

import pytest

from devenv.waiting import wait_until
from sfn_rollouts.engine.time_limit import TimeLimit
from sfn_rollouts.errors import Denied, NoAnswer


def test_what_a_call_gives_comes_back_and_so_does_what_it_raises() -> None:
    limit = TimeLimit(10)
    assert limit.call("get leases", lambda: "a lease") == "a lease"
    assert limit.call("get leases", lambda: None) is None
    refused = Denied("no")

    def refuse() -> None:
        raise refused

    with pytest.raises(Denied) as caught:
        limit.call("get leases", refuse)
    assert caught.value is refused
    assert limit.lost == 0


def test_a_call_without_an_end_is_given_up_and_its_thread_is_lost_until_it_ends() -> None:
    limit, may_end = TimeLimit(0.01), threading.Event()
    with pytest.raises(NoAnswer, match=r"^get leases: the answer had no end within 0\.01 s$"):
        limit.call("get leases", lambda: may_end.wait(10))
    assert limit.lost == 1
    may_end.set()
    wait_until(lambda: limit.lost == 0, 10, "the thread to come back")


def test_an_answer_that_comes_at_the_last_moment_counts() -> None:
    limit = TimeLimit(0.01)
    begun, may_end = threading.Event(), threading.Event()

    class Lock:
        """Held by whoever gives up until the answer is there."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            if threading.current_thread() is threading.main_thread():
                may_end.set()
                wait_until(lambda: begun.is_set() and ended.is_set(), 10, "the answer")
            self._lock.acquire()

        def __exit__(self, *exception: object) -> None:
            self._lock.release()
            ended.set()

    ended = threading.Event()
    limit._lock = Lock()  # type: ignore[assignment]  # the only way to have both at one moment

    def work() -> str:
        begun.set()
        may_end.wait(10)
        return "an answer"

    assert limit.call("get leases", work) == "an answer"
    assert limit.lost == 0


def test_each_call_without_an_end_costs_a_thread() -> None:
    limit, may_end = TimeLimit(0.01), threading.Event()
    for lost in (1, 2):
        with pytest.raises(NoAnswer):
            limit.call("get leases", lambda: may_end.wait(10))
        assert limit.lost == lost
    may_end.set()
    wait_until(lambda: limit.lost == 0, 10, "the threads to come back")
