"""The shared wait: what it returns, and what it says when the deadline passes."""

import itertools

import pytest

from devenv.waiting import NotReachedInTimeError, wait_until


def test_the_first_truthy_value_is_returned() -> None:
    values = iter([0, "", None, "ready"])
    assert wait_until(lambda: next(values), 5, "a value", interval_s=0.001) == "ready"


def test_a_missed_deadline_names_what_was_waited_for_and_the_last_value() -> None:
    seen = itertools.count(1)

    def never() -> list[int]:
        next(seen)
        return []

    with pytest.raises(NotReachedInTimeError, match=r"waited 0\.01 s for the moon to rise; last seen: \[\]"):
        wait_until(never, 0.01, "the moon to rise", interval_s=0.001)


def test_a_deadline_of_nothing_still_looks_once() -> None:
    assert wait_until(lambda: "at once", 0, "a value") == "at once"


def test_what_the_condition_raises_passes_through() -> None:
    def broken() -> bool:
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        wait_until(broken, 5, "a value")
