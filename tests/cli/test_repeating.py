"""A thread that takes steps, each at the moment that the one before named."""

import threading

from devenv.waiting import wait_until
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.repeating import Repeating


class Steps:
    """Returns the next of these delays after each step; None at the end of them."""

    def __init__(self, *delays_s: float | None) -> None:
        self.clock = SteadyClock()
        self.at: list[float] = []
        self._delays_s = list(delays_s)

    def __call__(self) -> float | None:
        self.at.append(self.clock.monotonic())
        delay_s = self._delays_s.pop(0) if self._delays_s else None
        return None if delay_s is None else self.clock.monotonic() + delay_s


def test_steps_follow_each_other_until_one_is_the_last() -> None:
    steps = Steps(0.02, -1.0, None, 0.0)
    thread = Repeating("steps", steps, steps.clock)
    thread.start()
    wait_until(lambda: not thread.is_alive(), 10, "the last step")
    assert len(steps.at) == 3
    assert steps.at[1] - steps.at[0] >= 0.02


def test_the_first_step_may_wait() -> None:
    steps = Steps()
    began = steps.clock.monotonic()
    thread = Repeating("steps", steps, steps.clock, first_in_s=0.05)
    thread.start()
    wait_until(lambda: not thread.is_alive(), 10, "the only step")
    assert steps.at[0] - began >= 0.05


def test_it_stops_before_its_next_step() -> None:
    steps = Steps()
    thread = Repeating("steps", steps, steps.clock, first_in_s=600.0)
    thread.start()
    assert thread.is_alive()
    thread.stop(timeout_s=10)
    assert not thread.is_alive()
    assert steps.at == []


def test_a_step_that_hangs_holds_nobody_up() -> None:
    """Its thread is a daemon, and stopping waits for as long as it is given and no longer."""
    has_begun, may_go_on = threading.Event(), threading.Event()

    def step() -> None:
        has_begun.set()
        may_go_on.wait(60)

    thread = Repeating("a step that hangs", step, SteadyClock())
    thread.start()
    wait_until(has_begun.is_set, 10, "the step")
    [found] = [each for each in threading.enumerate() if each.name == "a step that hangs"]
    assert found.daemon
    thread.stop(timeout_s=0.05)
    assert thread.is_alive()
    may_go_on.set()
    wait_until(lambda: not thread.is_alive(), 10, "the step to end")
