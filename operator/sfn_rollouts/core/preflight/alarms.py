"""Alarms must be able to see the target, and in time: one that fires after the wait has guarded nothing."""

from collections.abc import Iterator

from sfn_rollouts.api.preflight import PreflightFinding
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject
from sfn_rollouts.core.values.looks import ReadAlarms
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import Plan, compile_plan
from sfn_rollouts.core.values.readings import AlarmMissing, AlarmReading, Unseen
from sfn_rollouts.core.values.targets import AlarmScope


def alarms(subject: Subject, seen: Observation, findings: Findings) -> Found:
    """Find alarms that cannot fire for the target, or not within the waits of the plan."""
    names = subject.spec.alarms.names if subject.spec.alarms is not None else ()
    if not names:
        message = "no alarm guards this rollout: whatever the target does, it gets all traffic; name some"
        return findings.conclude([findings.problem("spec.alarms.names", message)], "", "")
    wait_s = _shortest_wait_s(compile_plan(subject.spec))
    found = [finding for name in names for finding in _of_alarm(name, wait_s, subject, seen, findings)]
    looks = [ReadAlarms()] if any(seen.alarms.get(name) is None for name in names) else []
    count = len(names)
    alarm = "the alarm" if count == 1 else f"each of the {count} alarms"
    passed = f"as far as CloudWatch tells what it looks at, {alarm} can fire within the waits of the plan"
    return findings.conclude(found, "spec.alarms.names", passed, looks)


def _of_alarm(
    name: str, wait_s: float | None, subject: Subject, seen: Observation, findings: Findings
) -> Iterator[PreflightFinding]:
    match seen.alarms.get(name):
        case AlarmReading(snapshot):
            if not snapshot.is_evaluated:
                why = f"({snapshot.evaluation}): CloudWatch shows the reason with the alarm; correct it"
                message = f"alarm {name} is not evaluated {why}"
                yield findings.problem(name, message)
            yield from (findings.problem(name, each) for each in _out_of_scope(name, snapshot.scope, subject))
            if (late := _too_late(name, snapshot.scope, wait_s)) is not None:
                yield findings.problem(name, late)
        case AlarmMissing():
            yield findings.problem(
                name, f"alarm {name} does not exist: create it, or leave it out of spec.alarms.names"
            )
        case Unseen(why):
            yield findings.unknown(name, f"alarm {name} could not be read: {why}")


def _out_of_scope(name: str, scope: AlarmScope, subject: Subject) -> Iterator[str]:
    machines = {value for key, value in scope.dimensions if key == "StateMachineArn"}
    versions = {value for key, value in scope.dimensions if key == "Version"}
    aliases = {value for key, value in scope.dimensions if key == "Alias"}
    if not machines:
        pass  # of something else than executions, like errors of a function: its Version is not ours
    elif str(subject.machine) not in machines:
        yield f"alarm {name} looks at {min(machines)}, not at the state machine of this rollout: name one that does"
    elif versions and str(subject.version) not in versions:
        yield (
            f"alarm {name} looks at version {min(versions)}, and version {subject.version} is the target: let it look "
            "at the alias (dimension Alias), which holds for every version"
        )
    elif aliases and subject.spec.alias not in aliases:
        yield (
            f"alarm {name} looks at alias {min(aliases)}, and this rollout shifts {subject.spec.alias}: let it look "
            "at that alias"
        )


def _too_late(name: str, scope: AlarmScope, wait_s: float | None) -> str | None:
    if scope.window_s is None or wait_s is None or scope.window_s <= wait_s:
        return None
    return (
        f"alarm {name} needs {_seconds(scope.window_s)} to fire (period x evaluation periods), and the shortest "
        f"wait with traffic on the target is {_seconds(wait_s)}: it may fire too late; make that wait longer, or the "
        "alarm's period shorter"
    )


def _shortest_wait_s(plan: Plan) -> float | None:
    """The shortest wait of the plan with traffic on the target, the bake among them; None where all end by a person.

    A step without a wait is passed through, so the wait behind it counts; without any wait nothing is ever watched.
    """
    waits = [step.wait_s for step in plan.steps if step.weight > 0]
    timed = [wait for wait in (*waits, plan.bake_s) if wait is not None]
    positive = [wait for wait in timed if wait > 0]
    if positive:
        return min(positive)
    return 0.0 if len(timed) == len(waits) + 1 else None


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s"
