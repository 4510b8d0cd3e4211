"""Log lines: structlog for our own, one renderer for those of kopf, urllib3 and boto3 too.

A line about a rollout carries rollout=namespace/name, generation, step and reason; who speaks of a rollout binds them
with `get_logger(__name__).bind(rollout=..., ...)`. Lines go to standard error.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from sfn_rollouts.config import LogFormat, LogLevel
from sfn_rollouts.printable import one_line

if TYPE_CHECKING:
    from structlog.typing import BindableLogger, ExcInfo, Processor

_CHATTY = ("urllib3", "botocore", "boto3", "asyncio", "kubernetes")


def get_logger(name: str) -> "structlog.stdlib.BoundLogger":
    """Return a logger; `name` is the module's."""
    return structlog.stdlib.get_logger(name)


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send every line of the process to `stream` (standard error) in one format."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(), _kopf_object],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(log_format, out)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:  # at debug they would print each byte on the wire, credentials' headers among them
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a second call, as in tests, must reach loggers that exist already
    )


def _shared() -> "list[Processor]":
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=("k8s_ref",)),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(log_format: LogFormat, stream: TextIO) -> "list[Processor]":
    if log_format is LogFormat.TEXT:
        console = structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), pad_event_to=0, pad_level=False, exception_formatter=_indented_traceback
        )
        return [_on_one_line, console]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(default=str),
    ]


def _on_one_line(_logger: "BindableLogger", _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line begins with our time, whatever the words are of: nobody else's text passes for a line of ours."""
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = one_line(value)
    return fields


def _indented_traceback(stream: TextIO, found: "ExcInfo") -> None:
    lines = "".join(traceback.format_exception(*found)).splitlines()
    stream.write("".join(f"\n    {one_line(line)}" for line in lines))


def _kopf_object(
    _logger: "BindableLogger",
    _name: str,
    fields: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """Name the resource that kopf speaks of as our own lines do."""
    reference = fields.pop("k8s_ref", None)
    if reference:
        fields["rollout"] = f"{reference.get('namespace')}/{reference.get('name')}"
    return fields
