"""Scenarios by chance: a seed says which rollout, which world, and what goes wrong and when."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from sfn_rollouts.sim import scenario as plot
from sfn_rollouts.sim.history import COUNT_MINUTES, LIST_EXECUTIONS
from sfn_rollouts.sim.ports import (
    COUNT_EXECUTIONS,
    FIND_VERSION,
    READ_EXECUTION,
    START_EXECUTION,
    TARGET_APIS,
    UPDATE_ALIAS,
)
from sfn_rollouts.sim.scenario import Create, Event, FaultKind, Quirks, Scenario
from sfn_rollouts.sim.sessions import ASSUME_ROLE

_RIVALRY = 0.15
"""The share of the worlds with two resources on the alias."""

_NAMED, _LOST = 0.3, 0.6
"""The share of the worlds whose manifest has a stableVersion, and of those the share in which the status is lost."""

_TROUBLED = 0.2
"""The share of the worlds with alarms in which CloudWatch has trouble with one of them."""

_ANOTHER_LIFE = 0.1
"""The share of the worlds in which the state machine is created again under its name."""

_ENFORCED = 0.3
"""The share of the worlds in which preflight is enforced, or off; in the others it warns."""

_JUDGED = 0.2
"""The share of the worlds in which the target is judged by its executions."""

_SMOKED = 0.2
"""The share of the worlds in which a smoke is asked for."""

_GOVERNED = 0.15
"""The share of the worlds in which there are AWSAccesses."""

_ROLES = ("arn:aws:iam::123456789012:role/one", "arn:aws:iam::123456789012:role/two", "")
"""What an AWSAccess may name: two sessions, and the operator's own identity."""

_SESSIONS = 0.6
"""The share of the governed worlds in which roles cannot be assumed for a while, or their sessions end."""

_LONG_STRATEGIES: tuple[Mapping[str, Any], ...] = (
    {"canary": {"weight": 20, "interval": "35m"}},
    {"steps": [{"setWeight": 10}, {"pause": {"duration": "20m"}}, {"setWeight": 50}, {"pause": {"duration": "20m"}}]},
    {"steps": [{"setWeight": 30}, {"pause": {"timeout": "25m", "onTimeout": "Continue"}}, {"setWeight": 60}]},
)
"""In a plan of half an hour and more the shortest sessions that AWS grants, 15 minutes, are renewed a few times."""

_ALIASES_AGAIN: tuple[plot.Routing | None, ...] = (((1, 100),), ((2, 100),), ((1, 70), (2, 30)), None)

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor"
ALARMS = ("failures", "p95")

_STRATEGIES: tuple[Mapping[str, Any], ...] = (
    {"canary": {"weight": 20, "interval": "40s"}},
    {"linear": {"increment": 40, "interval": "25s"}},
    {"exponential": {"initialWeight": 5, "factor": 5, "interval": "20s"}},
    {"allAtOnce": {}},
    {"steps": [{"setWeight": 10}, {"pause": {"duration": "20s"}}, {"setWeight": 50}, {"pause": {"duration": "30s"}}]},
    {"steps": [{"pause": {"duration": "15s"}}, {"setWeight": 30}, {"pause": {}}, {"setWeight": 60}]},
    {"steps": [{"setWeight": 25}, {"pause": {"duration": "20s"}}, {"pause": {"duration": "20s"}}]},
    {
        "steps": [
            {"setWeight": 15},
            {"pause": {"timeout": "40s", "onTimeout": "Continue"}},
            {"pause": {"timeout": "45s"}},
        ]
    },
)
_APIS = (
    "stepfunctions.UpdateStateMachineAlias", "stepfunctions.DescribeStateMachineAlias", "stepfunctions.*",
    "cloudwatch.DescribeAlarms", "cloudwatch.DescribeAlarmHistory", "cloudwatch.*",
    "kubernetes.PatchStatus", "kubernetes.Patch", "kubernetes.Get", "kubernetes.*",
)  # fmt: skip


def scenario_of(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    random = Random(f"scenario/{seed}")  # noqa: S311 - a simulation, no secret
    events = [event for _ in range(random.choice((0, 1, 2, 3, 4, 6, 9))) for event in [_event(random)]]
    alias, version = random.choices(_BEGINNINGS, weights=(88, 4, 4, 4))[0]
    scenario = Scenario(
        spec=_spec(random, version),
        seed=seed,
        alias=alias,
        alarms=_alarms(random),
        events=tuple(sorted(events, key=_time)),
        quirks=_quirks(random),
        operators=random.choice((1, 1, 2)),
        name=f"seed-{seed}",
    )
    scenario = _with_troubled_alarm(scenario, Random(f"alarm/{seed}"))  # noqa: S311 - likewise
    scenario = _with_lost_status(scenario, Random(f"lost/{seed}"))  # noqa: S311 - likewise
    scenario = _with_rival(scenario, Random(f"rival/{seed}"))  # noqa: S311 - likewise
    scenario = _with_another_life(scenario, Random(f"life/{seed}"))  # noqa: S311 - likewise
    scenario = _with_preflight(scenario, Random(f"preflight/{seed}"))  # noqa: S311 - likewise
    scenario = _with_analysis(scenario, Random(f"analysis/{seed}"))  # noqa: S311 - likewise
    scenario = _with_smoke(scenario, Random(f"smoke/{seed}"))  # noqa: S311 - likewise
    scenario = _with_accesses(scenario, Random(f"accesses/{seed}"))  # noqa: S311 - likewise
    return _with_sessions(scenario, Random(f"sessions/{seed}"))  # noqa: S311 - likewise


def _with_accesses(scenario: Scenario, random: Random) -> Scenario:
    """One AWSAccess or none at first; then they are edited, revoked, granted again, and a second one comes and goes."""
    if random.random() >= _GOVERNED:
        return scenario
    first = {"first": _access(random)} if random.random() < 0.8 else {}
    events = [
        plot.Grant(
            round(random.uniform(0.0, 240.0), 1),
            random.choice(("first", "first", "second")),
            _access(random) if random.random() < 0.6 else None,
        )
        for _ in range(random.choice((0, 1, 2, 3, 5)))
    ]
    together = sorted((*scenario.events, *events), key=_time)
    return replace(scenario, accesses=first, events=tuple(together))


def _with_sessions(scenario: Scenario, random: Random) -> Scenario:
    """In some governed worlds a role is gone or trusts nobody for a while, STS fails, and sessions are short."""
    if not scenario.has_accesses or random.random() >= _SESSIONS:
        return scenario
    is_long = scenario.callers is None and random.random() < 0.4
    latest_s = 3000.0 if is_long else 200.0
    events = [each for _ in range(random.choice((0, 1, 1, 2))) for each in _role_trouble(random, scenario, latest_s)]
    events += [_sts_fault(random, latest_s) for _ in range(random.choice((0, 0, 1, 2)))]
    if is_long:
        events += [_seldom(random, latest_s) for _ in range(random.choice((0, 1, 2, 3)))]
    dated = scenario.with_events(tuple(sorted((*scenario.events, *events), key=_time)))
    session_s = 900.0 if is_long else random.choice((3600.0, 900.0))
    quirks = replace(scenario.quirks, session_s=session_s, sts_is_dated=random.random() < 0.8)
    spec = {**scenario.spec, "strategy": random.choice(_LONG_STRATEGIES)} if is_long else scenario.spec
    return replace(dated, quirks=quirks, spec=spec)


def _role_trouble(random: Random, scenario: Scenario, latest_s: float) -> list[Event]:
    """Mostly of a role that is in use, and often an alarm fires meanwhile."""
    roles = [str(spec["roleArn"]) for spec in scenario.accesses.values() if "roleArn" in spec] or [*_ROLES[:2]]
    at_s = round(random.choice((0.0, random.uniform(0.0, latest_s))), 3)
    lasts_s = random.choice((5.0, 40.0, 200.0, 200.0, 1200.0, None))
    until_s = at_s + lasts_s if lasts_s is not None else None
    trouble = plot.RoleTrouble(at_s, until_s, random.choice(roles), random.choice(list(plot.RoleTroubleKind)))
    if random.random() < 0.5:
        return [trouble]
    fires_s = round(at_s + random.uniform(-10.0, lasts_s or 60.0), 3)
    return [trouble, plot.AlarmChange(max(fires_s, 0.0), random.choice(ALARMS), "ALARM")]


def _sts_fault(random: Random, latest_s: float) -> Event:
    at_s, lasts_s = round(random.uniform(0.0, latest_s), 3), random.choice((2.0, 20.0, 90.0, 900.0))
    kind = random.choice((FaultKind.THROTTLE, *_KINDS))
    return plot.Fault(at_s, at_s + lasts_s, ASSUME_ROLE, kind, random.choice((1.0, 1.0, 0.5)))


def _seldom(random: Random, latest_s: float) -> Event:
    """What befalls the operator or its alarms later in a long plan."""
    at_s, operator = round(random.uniform(0.0, latest_s), 3), random.randrange(2)
    match random.choices(("alarm", "kill", "freeze", "jump", "grant"), weights=(3, 2, 2, 2, 2))[0]:
        case "alarm":
            return plot.AlarmChange(at_s, random.choice(ALARMS), "ALARM")
        case "kill":
            return plot.Kill(at_s, at_s + random.choice((0.0, 40.0, 900.0)), operator)
        case "freeze":
            return plot.Freeze(at_s, at_s + random.choice((15.0, 300.0, 900.0)), operator)
        case "jump":
            return plot.ClockJump(at_s, random.choice((-3600.0, -600.0, 600.0, 3600.0)), operator)
        case _:
            return plot.Grant(at_s, "first", _access(random) if random.random() < 0.7 else None)


def _access(random: Random) -> Mapping[str, Any]:
    """Mostly one that matches; else it is another team's."""
    namespace = "default" if random.random() < 0.85 else "another"
    role = random.choice(_ROLES)
    more = {"roleArn": role} if role else {}
    return {"namespaces": {"names": [namespace]}, "stateMachines": [MACHINE], **more}


_KINDS = tuple(kind for kind in FaultKind if kind not in (FaultKind.DRIP, FaultKind.GARBAGE))
"""Those two are for neighbours: the bounds of one rollout by itself do not hold under them."""

_READ_KINDS = (*_KINDS, FaultKind.DRIP)
"""An answer without an end, too: no bound rests on what is read of executions."""

_BEGINNINGS: tuple[tuple[plot.Routing | None, int], ...] = (
    (((1, 100),), 2),
    (None, 2),
    (((1, 60), (3, 40)), 2),
    (((2, 100),), 2),
)


def _spec(random: Random, version: int) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "stateMachineArn": MACHINE,
        "alias": "live",
        "version": version,
        "strategy": random.choice(_STRATEGIES),
        "progressDeadline": random.choice(("2m", "5m", "10m")),
    }
    if random.random() < 0.7:
        spec["bakeTime"] = random.choice(("0s", "20s", "45s"))
    if random.random() < 0.85:
        spec["alarms"] = _policies(random)
    for name, values, chance in (
        ("driftPolicy", ("Reassert", "Adopt"), 0.4),
        ("deletionPolicy", ("Orphan",), 0.15),
        ("rollbackWindow", ({"revisions": 3, "within": "24h"},), 0.3),
    ):
        if random.random() < chance:
            spec[name] = random.choice(values)
    return spec


def _policies(random: Random) -> dict[str, Any]:
    names, poll = list(ALARMS[: random.choice((1, 2))]), random.choice(("5s", "10s"))
    choices = (
        ("onMissing", "Ignore"),
        ("onFiringAtStart", "IgnoreUntilOk"),
        ("onInsufficientData", random.choice(("Hold", "Rollback"))),
        ("onUnreadable", "Rollback"),
        ("onTransient", "Ignore"),
    )
    policies = {name: value for name, value in choices if random.random() < 0.2}
    return {"names": names, "pollInterval": poll, **policies}


def _alarms(random: Random) -> dict[str, str | None]:
    if random.random() < 0.88:
        return {}
    return {random.choice(ALARMS): random.choice(("ALARM", "INSUFFICIENT_DATA", None))}


def _quirks(random: Random) -> Quirks:
    slowest_s = random.choice((0.05, 0.3, 1.5))
    is_stale = random.random() < 0.3
    return Quirks(
        latency_s=(0.02, slowest_s),
        stale_s=random.uniform(0.5, 3.0) if is_stale else 0.0,
        stale_chance=0.3 if is_stale else 0.0,
        history_lag_s=random.choice((0.0, 0.0, 2.0, 8.0)),
        watch_lag_s=random.choice((0.02, 0.5, 3.0)),
        aws_skew_s=random.choice((0.0, 0.0, -30.0, 2.0, 90.0)),
        host_offset_s=random.choice((0.0, 0.0, -20.0, 7.0)),
        drift_ppm=random.choice((0.0, 0.0, 200.0, -200.0)),
        renews_date=random.random() < 0.5,
    )


def _with_troubled_alarm(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds CloudWatch has trouble with one alarm, for less than a poll or for long."""
    policies = scenario.spec.get("alarms")
    if policies is None or random.random() >= _TROUBLED:
        return scenario
    at_s, lasts_s = _moment(random), random.choice((2.0, 8.0, 25.0, 90.0))
    what = random.choice(list(plot.AlarmTroubleKind))
    trouble = plot.AlarmTrouble(at_s, at_s + lasts_s, random.choice(ALARMS), what)
    wanted = {**policies, "onUnevaluated": random.choice(("Hold", "Hold", "Ignore", "Rollback"))}
    troubled = scenario.with_events(tuple(sorted((*scenario.events, trouble), key=_time)))
    return replace(troubled, spec={**scenario.spec, "alarms": wanted})


def _with_lost_status(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds the cluster is built again in mid-rollout, and a manifest names the stable version, well or badly.

    In others the name has merely stayed in the manifest.
    """
    if random.random() >= _NAMED:
        return scenario
    named = replace(scenario, spec={**scenario.spec, "stableVersion": random.choice((1, 1, 1, 1, 2, 3))})
    if random.random() >= _LOST:
        return named
    at_s = _moment(random)
    lost = plot.LoseStatus(at_s, at_s + random.choice((0.0, 5.0, 40.0)))
    return named.with_events(tuple(sorted((*named.events, lost), key=_time)))


def _with_rival(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds another resource names the same alias, and people edit and delete either."""
    if random.random() >= _RIVALRY:
        return scenario
    rival = Create(_moment(random) + 0.001, _spec(random, random.choice((2, 3))))
    actions = [_rivals_action(random, rival.at_s) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    return scenario.with_events(tuple(sorted((*scenario.events, rival, *actions), key=_time)))


def _with_another_life(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds the state machine is deleted, mostly created again; versions are asked for before and after."""
    if random.random() >= _ANOTHER_LIFE:
        return scenario
    versions = random.choice(((1, 2), (1, 2, 3), (1,), ()))
    aliases = [each for each in _ALIASES_AGAIN if each is None or all(number in versions for number, _ in each)]
    again = plot.Recreate(_moment(random) + 30.0, versions, random.choice(aliases))
    edits = [plot.Edit(at_s, {"version": random.choice((1, 2))}) for at_s in (_moment(random), again.at_s + 20.0)]
    return scenario.with_events(tuple(sorted((*scenario.events, again, *edits), key=_time)))


def _with_preflight(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds checks are enforced, a version is not pinned, functions and permissions come and go."""
    if random.random() >= _ENFORCED:
        return scenario
    strictness = ("Enforce", "Enforce", "Enforce", "Off")
    checks = {name: random.choice(strictness) for name in ("pins", "targets", "permissions")}
    moments = sorted(_moment(random) for _ in range(random.choice((0, 1, 2))))
    changes = [plot.ChangeTargets(at_s, random.random() < 0.7, random.random() < 0.5) for at_s in moments]
    put_right = [plot.ChangeTargets(moments[-1] + 30.0)] if moments and random.random() < 0.7 else []
    faults = [_target_fault(random)] if random.random() < 0.4 else []
    events = tuple(sorted((*scenario.events, *changes, *put_right, *faults), key=_time))
    unpinned = random.choice(((), (), (2,), (3,), (2, 3)))
    return replace(scenario.with_events(events), spec={**scenario.spec, "preflight": checks}, unpinned=unpinned)


def _with_smoke(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds a smoke is asked for; it fails, or never ends, and is put right, and calls about it are lost."""
    if random.random() >= _SMOKED:
        return scenario
    events: list[Event] = []
    for version in (2, 3):
        at_s, (status, after_s) = _moment(random) / 2, random.choice(_ENDINGS)
        events.append(plot.ChangeSmoke(random.choice((0.0, at_s)), version, status, after_s))
    if random.random() < 0.6:
        at_s = _moment(random) + 40.0
        events += [plot.ChangeSmoke(at_s, 2), plot.ChangeSmoke(at_s, 3), plot.Command(at_s + 1.0, "retry")]
    if random.random() < 0.5:
        events.append(_smoke_fault(random))
    if random.random() < 0.4:
        at_s = random.uniform(0.2, 12.0)
        events.append(plot.Kill(at_s, at_s + random.choice((0.0, 5.0, 60.0)), random.randrange(2)))
    checks = {**scenario.spec.get("preflight", {}), "smoke": {"input": {"dryRun": True}, "timeout": "20s"}}
    edited = scenario.with_events(tuple(sorted((*scenario.events, *events), key=_time)))
    return replace(edited, spec={**scenario.spec, "preflight": checks})


_ENDINGS: tuple[tuple[str, float | None], ...] = (
    ("SUCCEEDED", 0.0),
    ("SUCCEEDED", 3.0),
    ("SUCCEEDED", 9.0),
    ("SUCCEEDED", 40.0),
    ("FAILED", 0.5),
    ("FAILED", 6.0),
    ("RUNNING", None),
)


def _smoke_fault(random: Random) -> Event:
    at_s, lasts_s = random.choice((0.0, _moment(random))), random.choice((2.0, 10.0, 60.0))
    return plot.Fault(
        at_s,
        at_s + lasts_s,
        random.choice((START_EXECUTION, START_EXECUTION, READ_EXECUTION)),
        random.choice(_KINDS),
        random.choice((1.0, 0.5)),
    )


def _target_fault(random: Random) -> Event:
    at_s, lasts_s = _moment(random), random.choice((1.0, 5.0, 20.0, 60.0))
    return plot.Fault(
        at_s,
        at_s + lasts_s,
        random.choice((*TARGET_APIS, FIND_VERSION, COUNT_EXECUTIONS, "lambda.*")),
        random.choice(_KINDS),
    )


_SLOW_STRATEGIES: tuple[Mapping[str, Any], ...] = (
    {"canary": {"weight": 30, "interval": "3m"}},
    {"linear": {"increment": 50, "interval": "3m"}},
    {"steps": [{"setWeight": 20}, {"pause": {"duration": "90s"}}, {"setWeight": 50}, {"pause": {"duration": "2m"}}]},
    {"steps": [{"setWeight": 40}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "1m"}}]},
)
"""In a plan of minutes the judge looks a few times."""

_EXPRESS = 0.15
"""The share of the judged worlds whose executions are only counted."""

_COUNTED_STRATEGIES: tuple[Mapping[str, Any], ...] = (
    {"canary": {"weight": 40, "interval": "10m"}},
    {"steps": [{"setWeight": 20}, {"pause": {"duration": "5m"}}, {"setWeight": 50}, {"pause": {"duration": "7m"}}]},
)

_KEPT = 0.3
"""Of what goes wrong in a plan of seconds so much is left: few rollouts would live to be judged."""

_LATER_S = 240.0
"""A plan that is judged lasts longer, so more goes wrong later."""


def _with_analysis(scenario: Scenario, random: Random) -> Scenario:
    """In some worlds executions start and end, well or badly, and the target is judged by them."""
    if random.random() >= _JUDGED:
        return scenario
    changes: dict[str, Any] = {"strategy": random.choice(_SLOW_STRATEGIES), "analysis": _analysis(random)}
    kept = [event for event in scenario.events if random.random() < _KEPT]
    later = [_later(random) for _ in range(random.choice((0, 1, 2, 3)))]
    faults = [_evidence_fault(random) for _ in range(random.choice((0, 0, 1, 2)))]
    events = tuple(sorted((*kept, *later, *faults), key=_time))
    judged = replace(scenario.with_events(events), spec={**scenario.spec, **changes}, callers=_callers(random))
    return _counted(replace(judged, alarms={}), random) if random.random() < _EXPRESS else replace(judged, alarms={})


def _counted(scenario: Scenario, random: Random) -> Scenario:
    """The state machine is an Express one, which is judged by the minute: its plan takes longer."""
    events = tuple(map(_of_counts, scenario.events))
    callers = replace(scenario.callers or _callers(random), is_express=True)
    spec = {**scenario.spec, "strategy": random.choice(_COUNTED_STRATEGIES)}
    return replace(scenario.with_events(events), spec=spec, callers=callers)


def _of_counts(event: Event) -> Event:
    """What goes wrong with the list goes wrong with the counts."""
    if isinstance(event, plot.Fault) and event.api == LIST_EXECUTIONS:
        return replace(event, api=COUNT_MINUTES)
    return event


def _analysis(random: Random) -> dict[str, Any]:
    choices = (
        ("falseAlarmRate", "10%", 0.6),
        ("horizon", random.choice(("5s", "10s")), 0.7),
        ("durations", False, 0.3),
        ("onWorse", random.choice(("Hold", "Ignore")), 0.1),
        ("onSlower", "Rollback", 0.5),
        ("onSuspect", "Ignore", 0.5),
        ("onBlind", "Ignore", 0.2),
        ("promoteEarly", True, 0.2),
        ("requireNotWorse", True, 0.1),
    )
    return {name: value for name, value, chance in choices if random.random() < chance}


def _callers(random: Random) -> plot.Callers:
    """The target is mostly no worse; then all versions behave alike, however badly.

    Few have had callers before: to foresee what a plan can notice takes longer than the rest of such a world.
    """
    usual = plot.Behaviour(random.choice((0.0, 0.05, 0.3, 0.6)), random.choice((2.0, 4.0)))
    worse = plot.Behaviour(random.choice((0.8, 1.0)), usual.lasts_s)
    slower = replace(usual, lasts_s=usual.lasts_s * 3)
    wanted = random.choices((usual, worse, slower), weights=(6, 3, 1))[0]
    outage_s, burst_s = random.uniform(0.0, _LATER_S), random.uniform(0.0, _LATER_S)
    return plot.Callers(
        starts_per_hour=random.choice((200.0, 400.0, 800.0)),
        behaviours=((1, usual), (2, wanted), (3, usual)),
        outage=plot.Outage(outage_s, outage_s + random.choice((20.0, 60.0))) if random.random() < 0.3 else None,
        burst=plot.Burst(burst_s, burst_s + 30.0, random.choice((5.0, 10.0))) if random.random() < 0.3 else None,
        past_s=random.choices((0.0, 900.0), weights=(6, 1))[0],
    )


def _later(random: Random) -> Event:
    at_s, operator = round(random.uniform(0.0, _LATER_S), 3), random.randrange(2)
    lasts_s = random.choice((1.0, 10.0, 60.0, 120.0))
    match random.choices(("kill", "freeze", "lost write", "jump"), weights=(4, 2, 3, 1))[0]:
        case "kill":
            return plot.Kill(at_s, at_s + lasts_s, operator)
        case "freeze":
            return plot.Freeze(at_s, at_s + lasts_s, operator)
        case "lost write":
            kind = random.choice((FaultKind.TIMEOUT_AFTER, FaultKind.RESET_AFTER))
            return plot.Fault(at_s, at_s + lasts_s, UPDATE_ALIAS, kind)
        case _:
            return plot.ClockJump(at_s, random.choice((-30.0, 30.0)), operator)


def _evidence_fault(random: Random) -> Event:
    at_s, lasts_s = round(random.uniform(0.0, _LATER_S), 3), random.choice((5.0, 40.0, 150.0, 300.0))
    return plot.Fault(at_s, at_s + lasts_s, LIST_EXECUTIONS, random.choice(_READ_KINDS), random.choice((1.0, 0.5)))


def _rivals_action(random: Random, since_s: float) -> Event:
    at_s, which = since_s + _moment(random), random.randrange(2)
    match random.choices(("delete", "edit", "command", "cut"), weights=(5, 3, 2, 1))[0]:
        case "delete":
            return plot.Delete(at_s, rollout=random.choice((0, 0, 1)))
        case "edit":
            return plot.Edit(at_s, {"version": random.choice((1, 2, 3))}, rollout=which)
        case "command":
            return plot.Command(at_s, random.choice(("promote-full", "abort", "retry", "pause")), rollout=which)
        case _:
            return plot.CutWatch(max(since_s - 1.0, 0.0), at_s)


def _time(event: Event) -> float:
    return getattr(event, "at_s", 0.0)


# -- what happens --


def _moment(random: Random) -> float:
    return round(random.uniform(0.0, random.choice((2.0, 60.0, 150.0))), 3)


def _event(random: Random) -> Event:
    makers, weights = zip(*_EVENTS, strict=True)
    make: Callable[[Random], Event] = random.choices(makers, weights=weights)[0]
    return make(random)


def _fault(random: Random) -> Event:
    at_s, lasts_s = _moment(random), random.choice((1.0, 5.0, 20.0, 60.0))
    chance = random.choice((1.0, 0.5))
    kinds = [kind for kind in _KINDS if kind is not FaultKind.DENIED or random.random() < 0.3]
    return plot.Fault(at_s, at_s + lasts_s, random.choice(_APIS), random.choice(kinds), chance)


def _alarm(random: Random) -> Event:
    state = random.choice(("ALARM", "ALARM", "ALARM", "OK", "INSUFFICIENT_DATA", None))
    return plot.AlarmChange(_moment(random), random.choice(ALARMS), state)


def _clearing(random: Random) -> Event:
    return plot.AlarmChange(_moment(random), random.choice(ALARMS), "OK")


def _command(random: Random) -> Event:
    actions = ("promote", "promote-full", "pause", "resume", "abort", "retry")
    return plot.Command(_moment(random), random.choice(actions), is_late=random.random() < 0.1)


def _edit(random: Random) -> Event:
    changes: tuple[dict[str, Any], ...] = (
        {"version": random.choice((1, 2, 3))},
        {"version": random.choice((3, 9))},
        {"paused": random.random() < 0.5},
        {"strategy": random.choice(_STRATEGIES)},
        {"retryToken": str(random.randrange(3))},
        {"driftPolicy": random.choice(("Hold", "Reassert", "Adopt"))},
        {"bakeTime": random.choice(("0s", "30s"))},
    )
    return plot.Edit(_moment(random), random.choice(changes))


def _reroute(random: Random) -> Event:
    routings: tuple[plot.Routing | None, ...] = (
        ((1, 100),), ((2, 100),), ((3, 100),), ((1, 50), (2, 50)), ((1, 95), (2, 5)), ((1, 30), (3, 70)), None,
    )  # fmt: skip
    return plot.Reroute(_moment(random), random.choice(routings))


def _kill(random: Random) -> Event:
    at_s = _moment(random)
    return plot.Kill(at_s, at_s + random.choice((0.0, 5.0, 40.0, 200.0)), random.randrange(2))


def _crash(random: Random) -> Event:
    return plot.CrashAtCall(random.randrange(1, 60), random.random() < 0.5, random.choice((0.0, 10.0, 60.0)))


def _stop(random: Random) -> Event:
    at_s = _moment(random)
    return plot.Stop(at_s, at_s + random.choice((10.0, 30.0)), random.randrange(2))


def _freeze(random: Random) -> Event:
    at_s = _moment(random)
    return plot.Freeze(at_s, at_s + random.choice((3.0, 15.0, 60.0, 300.0)), random.randrange(2))


def _jump(random: Random) -> Event:
    return plot.ClockJump(_moment(random), random.choice((-3600.0, -30.0, 30.0, 3600.0)), random.randrange(2))


def _cut(random: Random) -> Event:
    at_s = _moment(random)
    return plot.CutWatch(at_s, at_s + random.choice((5.0, 60.0)), is_noticed=random.random() < 0.7)


def _outage(random: Random) -> Event:
    at_s = _moment(random)
    return plot.Fault(at_s, at_s + random.choice((10.0, 60.0)), "kubernetes.*", FaultKind.ERROR)


_EVENTS: tuple[tuple[Callable[[Random], Event], int], ...] = (
    (_fault, 28), (_alarm, 16), (_clearing, 5), (_command, 10), (_edit, 8), (_reroute, 6), (_kill, 7), (_crash, 8),
    (_stop, 3), (_freeze, 5), (_jump, 4), (_cut, 4), (_outage, 5), (lambda random: plot.Touch(_moment(random)), 3),
    (lambda random: plot.Delete(_moment(random)), 2),
)  # fmt: skip
