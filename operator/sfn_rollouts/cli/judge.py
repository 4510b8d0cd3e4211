"""`sfn-rollouts judge`: outcomes from a file, judged as the operator would have judged them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import click

from sfn_rollouts.analysis import (
    Counts,
    Ended,
    Execution,
    Horizon,
    Judgement,
    Policy,
    horizon_of,
    is_possible,
    message,
    outlasting,
)
from sfn_rollouts.analysis.replay import changes
from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.problems import shown
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.cli.rollouts import rollout_in
from sfn_rollouts.core.values.judging import fixed_horizon_s, judged_plan, policy_of
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.durations import clock
from sfn_rollouts.printable import json_text, one_line

UNREADABLE = 2
"""Exit code: the outcomes cannot be read."""

_VERSIONS = {"target": True, "stable": False}
_STATUSES = {str(each): each for each in Ended}

Chosen = TypeVar("Chosen")


def judge_file(manifest_file: str, outcomes_file: str, name: str | None, output: str) -> Iterator[str]:
    """Yield a line for each change of verdict, as text or as JSON.

    Raises:
        click.UsageError: the manifest has no rollout, or more than one.
        SystemExit: 1, the manifest would be refused; 2, the outcomes cannot be read; standard error says why.
    """
    spec = Spec.model_validate(rollout_in(manifest_file, name)["spec"])
    analysis = spec.analysis or Analysis()
    policy, plan = policy_of(analysis), judged_plan(compile_plan(spec))
    executions = read_outcomes(outcomes_file)
    past = [each for each in executions if each.started_at < 0.0]
    begun = [each for each in executions if not each.started_at < 0.0]  # with what is no number: it is counted there
    horizon = horizon_of(past, plan, fixed_horizon_s(analysis))
    _mention(executions, horizon)
    for judgement in changes(policy, plan, horizon.seconds, past, begun):
        yield shown_as(output, judgement, policy)


def read_outcomes(file: str) -> Sequence[Execution]:
    """Read executions, a JSON object on each line; empty lines are passed over. `-` is standard input.

    Raises:
        SystemExit: 2, it cannot be read; standard error names the line, and says what is wrong with it.
    """
    found = []
    try:
        with click.open_file(file, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    found.append(_read(line, f"{file}: line {number}"))
    except OSError as error:
        raise _unreadable(f"{file}: cannot be read: {error.strerror}") from None
    return found


def _read(line: bytes, where: str) -> Execution:
    try:
        return _execution(json.loads(line))
    except json.JSONDecodeError as error:
        raise _unreadable(f"{where}: is no JSON: {error.msg} at character {error.pos + 1}") from None
    except UnicodeDecodeError:
        raise _unreadable(f"{where}: is no text in UTF-8") from None
    except RecursionError:
        raise _unreadable(f"{where}: is nested too deeply") from None
    except ValueError as error:
        raise _unreadable(f"{where}: {error}") from None


def _execution(line: Any) -> Execution:
    if not isinstance(line, Mapping):
        raise ValueError(f"{shown(line)} is no JSON object: write one execution a line, in braces")  # noqa: TRY004 - all end alike
    return Execution(
        started_at=_number(line, "startedAt"),
        is_target=_one_of(line, "version", _VERSIONS),
        weight=_number(line, "weight") / 100,
        ended_at=None if "endedAt" in line and line["endedAt"] is None else _number(line, "endedAt"),
        status=_one_of(line, "status", _STATUSES),
    )


def _number(line: Mapping[str, Any], field: str) -> float:
    value = _field(line, field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        allowed = "a number, or null while it runs" if field == "endedAt" else "a number"
        raise ValueError(f"{field}: {shown(value)} is no number: write {allowed}")  # noqa: TRY004 - all end alike
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{field}: the number is too large") from None


def _one_of(line: Mapping[str, Any], field: str, known: Mapping[str, Chosen]) -> Chosen:
    value = _field(line, field)
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{field}: {shown(value)} is not known: write one of {', '.join(known)}")
    return known[value]


def _field(line: Mapping[str, Any], field: str) -> Any:
    if field not in line:
        raise ValueError(f"{field} is missing: add it")
    return line[field]


def _mention(executions: Sequence[Execution], horizon: Horizon) -> None:
    left_out = sum(not is_possible(each) for each in executions)
    if left_out:
        why = "they ended before they started, have an end while they run or none when they have ended, or no number"
        click.echo(f"note: {left_out} of {len(executions)} executions are left out: {why}", err=True)
    if horizon.is_capped:
        click.echo(f"note: {outlasting(horizon.seconds)}", err=True)


def shown_as(output: str, judgement: Judgement, policy: Policy) -> str:
    """Return a change of the verdict on a line, as text or as JSON."""
    return _as_json(judgement, policy) if output == "json" else _as_text(judgement, policy)


def _as_text(judgement: Judgement, policy: Policy) -> str:
    said = message(judgement.strongest, policy)
    return one_line(f"{clock(judgement.at):>9}  {judgement.verdict:<9}  {said}")


def _as_json(judgement: Judgement, policy: Policy) -> str:
    found = judgement.strongest
    data = {
        "at": judgement.at,
        "verdict": str(found.verdict),
        "message": message(found, policy),
        "target": _counts(found.target),
        "stable": _counts(found.stable),
        "byChance": found.by_chance,
        "needed": found.needed,
    }
    return json_text(data, indent=None)


def _counts(counts: Counts) -> dict[str, int]:
    return {"started": counts.started, "judged": counts.judged, "bad": counts.bad}


def _unreadable(why: str) -> SystemExit:
    click.echo(one_line(why), err=True)
    return SystemExit(UNREADABLE)
