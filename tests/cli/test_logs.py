"""Log lines, ours and those of libraries, in both formats."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from sfn_rollouts import logs
from sfn_rollouts.config import LogFormat, LogLevel


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configured(log_format: LogFormat, level: LogLevel = LogLevel.INFO) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(log_format, level, stream)
    return stream


def test_a_line_about_a_rollout_carries_what_was_bound() -> None:
    stream = configured(LogFormat.JSON)

    logs.get_logger("engine").bind(rollout="shop/orders", generation=3, step="2/5").warning(
        "held", reason="AlarmFiring"
    )

    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "held",
        "level": "warning",
        "logger": "engine",
        "rollout": "shop/orders",
        "generation": 3,
        "step": "2/5",
        "reason": "AlarmFiring",
    }


def test_a_logger_made_before_the_configuration_obeys_it() -> None:
    log = logs.get_logger("early")
    log.debug("nobody hears")
    stream = configured(LogFormat.JSON, LogLevel.WARNING)

    log.info("too quiet")
    log.error("loud")

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["loud"]


def test_libraries_lines_look_like_ours() -> None:
    stream = configured(LogFormat.JSON)

    reference = {"namespace": "shop", "name": "orders", "uid": "x"}
    logging.getLogger("kopf.handlers").warning(
        "Handler %r failed", "observe", extra={"k8s_ref": reference, "settings": 1}
    )

    line = json.loads(stream.getvalue())
    assert line["message"] == "Handler 'observe' failed"
    assert (line["logger"], line["level"], line["rollout"]) == ("kopf.handlers", "warning", "shop/orders")
    assert "settings" not in line


def test_an_exception_stays_on_one_line() -> None:
    stream = configured(LogFormat.JSON)

    try:
        int("boom")
    except ValueError:
        logs.get_logger("engine").exception("tick failed")

    [line] = stream.getvalue().splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


def test_text_is_for_people() -> None:
    stream = configured(LogFormat.TEXT)

    logs.get_logger("engine").info("shifted", rollout="shop/orders", step="2/5")

    assert stream.getvalue().rstrip().endswith("[info] shifted [engine] rollout=shop/orders step=2/5")


HOSTILE = "x\n2026-11-28T10:00:00Z [info] promoted rollout=a/b\x1b[2J\x07\u2028y"


def test_no_words_of_anybody_begin_a_line_of_a_text_log() -> None:
    stream = configured(LogFormat.TEXT)

    logs.get_logger("engine").warning(HOSTILE, reason=HOSTILE, rollout="a/b")
    logging.getLogger("kopf").warning(HOSTILE)

    assert len(stream.getvalue().splitlines()) == 2
    assert all(line.isprintable() and "[warning" in line for line in stream.getvalue().splitlines())


def test_a_traceback_in_a_text_log_is_indented() -> None:
    stream = configured(LogFormat.TEXT)

    try:
        int(HOSTILE)
    except ValueError:
        logs.get_logger("engine").exception(f"tick failed: {HOSTILE}")

    first, *more = stream.getvalue().splitlines()
    assert "tick failed" in first
    assert any("ValueError: invalid literal" in line for line in more)
    assert all(line.startswith("    ") and line.isprintable() for line in more)


def test_libraries_keep_credentials_to_themselves_even_at_debug() -> None:
    stream = configured(LogFormat.JSON, LogLevel.DEBUG)

    for name in ("urllib3.connectionpool", "botocore.auth", "kubernetes.client.rest"):
        logging.getLogger(name).debug("Authorization: Bearer secret")

    assert stream.getvalue() == ""
