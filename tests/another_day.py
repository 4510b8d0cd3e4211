"""`--another-day`: the fast tests once more, in the last minute of next year, so that they run into the year after.

A test that compares a date, counts on a year or reads the wall clock of the day on which it was written passes for its
author and fails for everybody else later. `make another-day` gives it another time zone and `LC_ALL=C` too.

Left out is what starts etcd and kube-apiserver: they are processes of their own, whose clock no test can set, and
their certificates would not be valid yet. Processes that a fast test starts have today's date, too.
"""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

OPTION = "--another-day"


@pytest.fixture(scope="session")
def todays_clock() -> None:
    """Whoever starts a control plane asks for it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the option."""
    parser.addoption(OPTION, action="store_true", help="run the fast tests in the last minute of next year")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs today's clock, and count it as deselected."""
    if not config.getoption(OPTION):
        return
    left_out = [item for item in items if "todays_clock" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Move this process, and each of pytest-xdist's workers, to that day; from there on time passes as always."""
    if not session.config.getoption(OPTION):
        return (yield)
    with time_machine.travel(last_minute_of_next_year(dt.datetime.now(dt.UTC))):
        return (yield)


def last_minute_of_next_year(now: dt.datetime) -> dt.datetime:
    """Return a moment that is more than a year after `now`, with a year's end just before it."""
    return dt.datetime(now.year + 1, 12, 31, 23, 59, tzinfo=dt.UTC)
