"""For whom this thread acts: whose credentials sign the calls to AWS that it makes.

Ambient, as a trace is: the engine says it once for each job (`ports.Errand.caller`), and no port, adapter or source
between there and the signature has to hand it on. Who acts for nobody cannot call (decision 0035).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from sfn_rollouts.core.values.identity import Caller, Identity

Result = TypeVar("Result")
_CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current() -> Caller:
    """Return for whom this thread acts.

    Raises:
        LookupError: for nobody. A defect: the operator's own identity must not stand in for a tenant's.
    """
    caller = _CALLER.get()
    if caller is None:
        raise LookupError("a call to AWS without a caller")
    return caller


def identity() -> Identity | None:
    """Return as whom this thread calls, for whoever keeps answers of one identity apart from those of others."""
    caller = _CALLER.get()
    return caller.identity if caller is not None else None


@contextmanager
def acting_for(caller: Caller | None) -> Iterator[None]:
    """Act for somebody in this block; None: for nobody."""
    token = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(token)


def on_behalf_of(caller: Caller | None, work: Callable[[], Result]) -> Callable[[], Result]:
    """Return the same work, done for somebody, in whatever thread it is done."""

    def act() -> Result:
        with acting_for(caller):
            return work()

    return act
