"""The one way to wait for something outside this process: a named condition with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NotReachedInTimeError(AssertionError):
    """A condition did not hold before its deadline. An AssertionError, so that a test that waited fails, not errs."""


def wait_until(condition: Callable[[], T], deadline_s: float, what: str, interval_s: float = 0.05) -> T:
    """Poll `condition` until it is truthy and return that value.

    `what` completes the sentence "waited 10 s for ...". The condition is tried at least once, and once more after the
    deadline, so that a machine that stood still for the whole wait does not fail it. What it raises passes through.
    Raises NotReachedInTimeError, with the last value seen.
    """
    deadline = time.monotonic() + deadline_s
    while True:
        is_last_try = time.monotonic() >= deadline
        value = condition()
        if value:
            return value
        if is_last_try:
            raise NotReachedInTimeError(f"waited {deadline_s:g} s for {what}; last seen: {value!r}")
        time.sleep(interval_s)
