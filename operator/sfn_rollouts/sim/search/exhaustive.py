"""Small cases, all of them: each crash point with each single fault at each of three steps, alarm or none; and each
crash point of an alias that goes from one resource to the next.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sfn_rollouts.sim import ports
from sfn_rollouts.sim.scenario import (
    AlarmChange,
    CrashAtCall,
    Create,
    Delete,
    Event,
    Fault,
    FaultKind,
    Scenario,
    Touch,
)
from sfn_rollouts.sim.search.chance import MACHINE
from sfn_rollouts.sim.world import Run, World

STEPS = 3
WAIT_S = 15
DOWN_S = 4.0
SPEC: Mapping[str, Any] = {
    "stateMachineArn": MACHINE,
    "alias": "live",
    "version": 2,
    "strategy": {
        "steps": [
            {"setWeight": 10}, {"pause": {"duration": f"{WAIT_S}s"}}, {"setWeight": 50},
            {"pause": {"duration": f"{WAIT_S}s"}}, {"setWeight": 100},
        ]
    },
    "bakeTime": f"{WAIT_S}s",
    "alarms": {"names": ["failures"], "pollInterval": "10s"},
}  # fmt: skip
HANDOVER = Scenario(
    spec=SPEC,
    name="the older of two resources is deleted",
    events=(Create(5.0, {**SPEC, "version": 3}), Delete(22.0)),
)
"""The first acts and the second does nothing; the first is deleted at its second step, and the second acts."""

_BY_CALL = (
    (ports.UPDATE_ALIAS, FaultKind.THROTTLE, 1),
    (ports.UPDATE_ALIAS, FaultKind.ERROR, 1),
    (ports.UPDATE_ALIAS, FaultKind.TIMEOUT_BEFORE, 1),
    (ports.UPDATE_ALIAS, FaultKind.TIMEOUT_AFTER, 1),
    (ports.UPDATE_ALIAS, FaultKind.RESET_AFTER, 1),
    (ports.READ_ALIAS, FaultKind.ERROR, 3),
    (ports.READ_ALIAS, FaultKind.STALE, 3),
    (ports.READ_ALARMS, FaultKind.ERROR, 2),
    (ports.PATCH_STATUS, FaultKind.ERROR, 3),
    (ports.PATCH_STATUS, FaultKind.TIMEOUT_AFTER, 3),
)
"""Which call of which API fails how; the last is about how many of these calls a step makes."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run, and the same without its crash."""

    name: str
    scenario: Scenario
    smooth: Scenario


def cases() -> Iterator[Case]:
    """Yield every case; the crash points are those of the undisturbed run, with and without the alarm."""
    for alarm in (False, True):
        for step in range(1, STEPS + 1):
            for name, faults in _faults(step):
                smooth = _scenario(f"{name} at step {step}{', alarm' if alarm else ''}", step, alarm, faults)
                yield from _crashed(smooth, _crash_points(alarm, step))
    yield from _crashed(HANDOVER, _handover_points())


def _crashed(smooth: Scenario, calls: Iterable[int]) -> Iterator[Case]:
    for call in calls:
        for is_after in (False, True):
            crash = CrashAtCall(call, is_after, DOWN_S)
            where = f"crash {'after' if is_after else 'before'} call {call}, {smooth.name}"
            yield Case(where, replace(smooth, name=where, events=(*smooth.events, crash)), smooth)


def _scenario(name: str, step: int, alarm: bool, faults: tuple[Event, ...]) -> Scenario:
    """The alarm fires in the middle of the step's wait and goes on firing."""
    fires = (AlarmChange((step - 0.5) * (WAIT_S + 1), "failures", "ALARM"),) if alarm else ()
    return Scenario(spec=SPEC, name=name, events=(*faults, *fires))


def _faults(step: int) -> Iterator[tuple[str, tuple[Event, ...]]]:
    at_s = (step - 1) * (WAIT_S + 1)
    yield "no fault", ()
    for api, kind, per_step in _BY_CALL:
        nth = (step - 1) * per_step + max(per_step, 1)
        yield f"{api} {kind}", (Fault(0.0, None, api, kind, nth=nth),)
    yield "API server away", (Fault(at_s, at_s + 10.0, "kubernetes.*", FaultKind.ERROR),)
    yield "conflict", (Touch(at_s + 0.3), Touch(at_s + 0.45))


@cache
def _handover_points() -> tuple[int, ...]:
    return tuple(_interesting(World(HANDOVER).run()))


@cache
def _crash_points(alarm: bool, step: int) -> tuple[int, ...]:
    """Numbers of the calls of the undisturbed run; of the polls, which are all alike, every sixth."""
    run = World(_scenario("undisturbed", step, alarm, ())).run()
    return tuple(_interesting(run))


def _interesting(run: Run) -> Iterator[int]:
    polls = 0
    for number, called in enumerate(run.history.called, start=1):
        if called.api == ports.READ_ALARMS:
            polls += 1
            if polls % 6:
                continue
        if called.api != ports.LIST or number == 1:
            yield number
