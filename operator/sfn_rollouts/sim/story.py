"""A run as shown to people who review a rollout before it is merged, and the same as data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.analysis import LOOK_EVERY_S
from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.preflight import PROBLEMS, PreflightFinding
from sfn_rollouts.api.status import Outcome, Status
from sfn_rollouts.core.values.conditions import READY, condition
from sfn_rollouts.core.values.plan import Plan, PlannedStep, compile_plan
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.durations import clock
from sfn_rollouts.printable import one_line
from sfn_rollouts.sim.history import (
    AlarmChanged,
    AliasChanged,
    Decided,
    Happening,
    ProcessChanged,
    SmokeStarted,
    SpecEdited,
)
from sfn_rollouts.sim.quiet import waits_for_a_person
from sfn_rollouts.sim.world import Run


@dataclass(frozen=True, slots=True)
class Transition:
    """Phase or reason changed; seconds from the start."""

    at_s: float
    phase: str
    reason: str
    message: str


def as_data(run: Run) -> dict[str, Any]:
    """Return outcome, duration_s, writes, transitions and AWS calls; times in seconds from the start.

    Where preflight finds something wrong with the version that is asked for first, that too.
    """
    found = [
        {"check": str(each.check), "verdict": str(each.verdict), "subject": each.subject, "message": each.message}
        for each in _problems(run)
    ]
    return {
        "outcome": _outcome(run),
        "duration_s": _duration_s(run),
        "writes": [{"at_s": _s(each), "routing": _entries(each.after)} for each in _writes(run)],
        "transitions": [
            {"at_s": each.at_s, "phase": each.phase, "reason": each.reason, "message": each.message}
            for each in transitions(run)
        ],
        "calls": _aws_calls(run),
        **({"preflight": found} if found else {}),
    }


def as_text(run: Run) -> str:
    """Return the story: what was asked for, what happens when, how it ends, what it costs."""
    return "\n".join(map(one_line, [*_head(run), "", *_lines(run), "", *_end(run)])) + "\n"


def transitions(run: Run) -> list[Transition]:
    """Return each change of phase or reason, in the order in which they were decided."""
    found: list[Transition] = []
    for decided in run.history.decided:
        status, ready = decided.decision.status, condition(decided.decision.status, READY)
        if status.phase is None or ready is None:
            continue
        if not found or (found[-1].phase, found[-1].reason) != (status.phase, ready.reason):
            found.append(Transition(_s(decided), str(status.phase), ready.reason, ready.message))
    return found


# -- the head --


def _head(run: Run) -> Iterator[str]:
    spec = run.history.edits[0].spec
    before, plan = run.scenario.alias, compile_plan(spec)
    live = f"from {_routing(Routing(before))}" if before is not None else "which does not exist yet"
    yield f"{run.scenario.name}: alias {spec.alias}, {live}, to version {spec.version}"
    yield f"plan: {_plan(plan)}"
    if spec.alarms is not None and spec.alarms.names:
        yield f"alarms: {', '.join(spec.alarms.names)}; read every {spec.alarms.poll_interval}"
    smoke = spec.preflight.smoke if spec.preflight is not None else None
    if smoke is not None:
        yield (
            f"smoke: one execution of version {spec.version} before any traffic, for up to {smoke.timeout}; "
            "here it ends as expected after a second"
        )
    if spec.analysis is not None:
        yield f"analysis: {_judging(spec.analysis, plan)}"
    for found in _problems(run):
        yield f"preflight: {found.verdict}: {found.check}: {found.subject}: {found.message}"


def _problems(run: Run) -> Sequence[PreflightFinding]:
    """What is wrong with the first version, as found before its first shift: what is undecided here may be well."""
    version = run.history.edits[0].spec.version
    found = (decided.decision.status.preflight for decided in run.history.decided)
    first = next((each for each in found if each is not None and each.version == version), None)
    return [each for each in first.findings if each.verdict in PROBLEMS] if first is not None else []


def _plan(plan: Plan) -> str:
    steps = ", ".join(_step(step) for step in plan.steps)
    return f"{steps}, then a bake of {clock(plan.bake_s)}" if plan.bake_s else f"{steps}, no bake"


def _step(step: PlannedStep) -> str:
    if step.timeout is not None:
        then = "on" if step.timeout.goes_on else "back"
        return f"{step.weight} % until promoted within {step.timeout.within}, else {then}"
    if step.wait_s is None:
        return f"{step.weight} % until promoted"
    return f"{step.weight} % for {clock(step.wait_s)}" if step.wait_s else f"{step.weight} %"


def _judging(analysis: Analysis, plan: Plan) -> str:
    """Where both versions run they are compared; what is found leads to what the policy says."""
    weights = ", ".join(f"{step.weight} %" for step in plan.steps if 0 < step.weight < 100 and step.wait_s != 0.0)
    actions = (
        f"Worse: {analysis.on_worse}, Slower: {analysis.on_slower}, Suspect: {analysis.on_suspect}, "
        f"Blind: {analysis.on_blind}"
    )
    where = f"a look every {LOOK_EVERY_S:.0f}s compares the versions at {weights}" if weights else "nothing to compare"
    return f"{where}; {actions}; no executions are played here"


# -- line by line --


def _lines(run: Run) -> Iterator[str]:
    settled = _settled(run.history.decided)
    shown = ("", "")
    for happening in run.history.all:
        if not isinstance(happening, Decided):
            yield from (f"{clock(_s(happening)):>9}  {'':<12} {words}" for words in _words(happening))
        elif id(happening) in settled and (words := _standing(happening)) is not None and _is_news(words, shown):
            shown = words
            phase = happening.decision.status.phase
            yield f"{clock(_s(happening)):>9}  {phase:<12} {words[0]}{words[1]}"


def _words(happening: Happening) -> Iterator[str]:
    match happening:
        case AliasChanged(sent=None):
            yield f"somebody else routes the alias: {_routing(happening.after)}"
        case AliasChanged():
            yield f"the alias is written: {_routing(happening.after)}"
        case SmokeStarted(version=version):
            yield f"the smoke execution of version {version} begins"
        case AlarmChanged():
            yield f"alarm {happening.name} is {happening.state or 'deleted'}"
        case SpecEdited(what=what) if what != "created":
            yield f"somebody {what}"
        case ProcessChanged(what=what) if what != "started" or happening.process > 1:
            yield f"the operator is {what}"
        case _:
            return


def _settled(decided: Sequence[Decided]) -> set[int]:
    """The decisions that stand at the end of their tick: what was passed on the way there says nothing to people."""
    last = {each.at_us: id(each) for each in decided if each.decision.status != each.rollout.status}
    return set(last.values())


def _standing(decided: Decided) -> tuple[str, str] | None:
    """What the status says and until when; that something is being read is no news but once."""
    status, ready = decided.decision.status, condition(decided.decision.status, READY)
    is_reading = ready is not None and ready.reason == Reason.INITIALIZING and decided.rollout.status.phase is not None
    if ready is None or is_reading:
        return None
    if status.next_action_at is None:
        return ready.message, ""
    return ready.message, f"; until {clock((status.next_action_at - decided.now).total_seconds() + _s(decided))}"


def _is_news(words: tuple[str, str], shown: tuple[str, str]) -> bool:
    return words[0] != shown[0] or words[1] not in ("", shown[1])


# -- the end --


def _end(run: Run) -> Iterator[str]:
    outcome, took = _outcome(run), clock(_duration_s(run))
    status = _last(run)
    if status is not None and status.finished_at is None and outcome is None and waits_for_a_person(status):
        yield f"waits for a person since {took}: add --user promote@TIME to see what follows"
    elif status is not None and status.finished_at is None:
        yield f"not ended: {status.message}"
    else:
        yield f"{outcome or 'nothing to do'} after {took}"
    calls = ", ".join(f"{count} {api}" for api, count in _aws_calls(run).items())
    yield f"AWS calls: {calls or 'none'}"


def _last(run: Run) -> Status | None:
    return run.history.decided[-1].decision.status if run.history.decided else None


def _outcome(run: Run) -> Outcome | None:
    """How the last rollout ended; None while one is under way, or where none began."""
    status = _last(run)
    is_over = status is not None and status.finished_at is not None and bool(status.history)
    return status.history[0].outcome if status is not None and is_over else None


def _duration_s(run: Run) -> float:
    """When the last thing happened that a person would call one."""
    moments = [each.at_s for each in transitions(run)] + [_s(each) for each in _writes(run)]
    return max(moments, default=0.0)


def _writes(run: Run) -> list[AliasChanged]:
    return [each for each in run.history.alias if each.sent is not None]


def _aws_calls(run: Run) -> Mapping[str, int]:
    counted = {api.partition(".")[2]: count for api, count in run.history.calls.items() if "kubernetes" not in api}
    return dict(sorted(counted.items()))


def _entries(routing: Routing | None) -> list[dict[str, int]]:
    entries = routing.entries if routing is not None else ()
    return [{"version": version, "weight": weight} for version, weight in entries]


def _routing(routing: Routing | None) -> str:
    return str(routing) if routing is not None else "deleted"


def _s(happening: Happening) -> float:
    return round(happening.at_us / 1_000_000, 3)
