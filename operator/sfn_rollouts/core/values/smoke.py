"""The smoke execution of a version: its name, and how it went."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
"""As AWS spells them; the other ends are in `api.preflight.ExecutionEnd`."""


@dataclass(frozen=True, slots=True)
class Run:
    """An execution as AWS describes it. `started_at`, `stopped_at` and `answered_at` are AWS's clock,
    `read_at` is ours.

    `output` is JSON, empty where there is none.
    """

    arn: str
    status: str
    started_at: datetime
    answered_at: datetime
    read_at: datetime
    stopped_at: datetime | None = None
    output: str = ""
    error: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class SmokeReading:
    """The same as a rollout keeps it: not the output, which may be large, but what it lacks of what is expected.

    `lacking`: a path and what is there instead; empty where nothing is lacking, or there is no output to look at.
    """

    arn: str
    status: str
    started_at: datetime
    answered_at: datetime
    read_at: datetime
    stopped_at: datetime | None = None
    lacking: str = ""
    error: str = ""
    cause: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status == RUNNING

    @property
    def took_s(self) -> float:
        """How long it took, or has taken when AWS answered."""
        return ((self.stopped_at or self.answered_at) - self.started_at).total_seconds()


def read_run(run: Run, expected: str) -> SmokeReading:
    """Return what a rollout keeps of an execution; `expected` is the JSON object that its output must contain."""
    wanted = json.loads(expected)
    lacking = _lacking_in(run.output, wanted) if wanted and run.status == SUCCEEDED else ""
    return SmokeReading(
        run.arn, run.status, run.started_at, run.answered_at, run.read_at, run.stopped_at, lacking, run.error, run.cause
    )


def _lacking_in(output: str, wanted: dict[str, Any]) -> str:
    try:
        found = json.loads(output)
    except (ValueError, RecursionError):
        return "its output is no JSON that can be read"
    return lacking(wanted, found, "output")


def lacking(wanted: Any, found: Any, path: str) -> str:
    """Return the first place at which what was found does not contain what is wanted; empty where it does.

    An object may have more fields than are wanted; a list is as long as the wanted one.
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            place = f"{path}.{name}"
            missing = lacking(value, found[name], place) if name in found else f"{place} is not there"
            if missing:
                return missing
        return ""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return next((each for index, (a, b) in pairs if (each := lacking(a, b, f"{path}[{index}]"))), "")
    if isinstance(wanted, bool) == isinstance(found, bool) and wanted == found:
        return ""
    return f"{path} is {_shown(found)}, not {_shown(wanted)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


_LONGEST_VALUE = 100
