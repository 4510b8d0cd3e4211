"""The engine's log lines during a run: kept off people's terminals, and its errors handed on as findings."""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


@contextmanager
def engine_log(found: Callable[[str], None]) -> Iterator[None]:
    """While this lasts, each line of level error or worse goes to `found`, and nothing is printed."""
    before, was_configured = structlog.get_config(), structlog.is_configured()

    def sink(_logger: Any, method: str, line: MutableMapping[str, Any]) -> Any:
        if method in ("error", "exception", "critical"):
            error = line.get("exc_info")
            found(f"{line['event']}: {error if isinstance(error, BaseException) else _current(line)}")
        raise structlog.DropEvent

    structlog.configure(processors=[sink], wrapper_class=structlog.BoundLogger, cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.reset_defaults()
        if was_configured:
            structlog.configure(**before)


def _current(line: MutableMapping[str, Any]) -> str:
    import sys  # noqa: PLC0415 - only for a line that should never be written

    error = sys.exc_info()[1]
    return f"{type(error).__name__}: {error}" if error is not None else str(line.get("error", ""))
