"""A world for `decide`: API server, alias, alarms and executions, with a fake clock. It does what the engine does.

`advance` follows the decisions through time, `settle` until nothing more follows; each decision is held to the
invariants that every rollout keeps. `operator_down` stops deciding, and `restart` forgets all but the stored status.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sfn_rollouts.analysis import Forecast
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.api.status import AlarmState, Phase, Status
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.judges.alarms import judge_alarms
from sfn_rollouts.core.phases import is_allowed
from sfn_rollouts.core.values.analysis import ForecastReading
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.chores import StartSmoke
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.executions import Counted, CountedMinutes, ExecutionPage
from sfn_rollouts.core.values.looks import (
    AskRole,
    CountCallers,
    CountRunning,
    FindCallee,
    FindVersion,
    ForecastAnalysis,
    JudgeExecutions,
    Look,
    ReadAlarms,
    ReadAlias,
    ReadDefinition,
    ReadHistory,
    ReadSmoke,
)
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import (
    AlarmMissing,
    AlarmReading,
    AlarmSnapshot,
    AlarmTransition,
    AliasMissing,
    AliasReading,
    RunningExecutions,
    Trouble,
    Unseen,
    VersionFound,
    VersionReading,
    WriteFailure,
)
from sfn_rollouts.core.values.rollout import InvalidSpec, Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.smoke import SmokeReading, read_run
from sfn_rollouts.engine.apply import apply_write
from sfn_rollouts.engine.facts import Facts, unseen
from sfn_rollouts.engine.permit import Permit
from sfn_rollouts.engine.sources.judging import ExecutionsJudge
from sfn_rollouts.engine.traffic import known_at
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from sfn_rollouts.ports import LARGEST_PAGE, Urgency
from sfn_rollouts.sim.scenario import Behaviour, Callers
from sfn_rollouts.sim.step_functions import StepFunctions
from sfn_rollouts.sim.traffic import Traffic
from tests.core.kstatus import kstatus
from tests.core.specs import MACHINE, raw_spec
from tests.true_time import TrueTime

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
UID = "5f0e"
ALIAS = StateMachineArn.parse(MACHINE).alias("live")
READY_BY_PHASE = {
    Phase.PENDING: "InProgress",
    Phase.PROGRESSING: "InProgress",
    Phase.PAUSED: "InProgress",
    Phase.BAKING: "InProgress",
    Phase.ROLLING_BACK: "InProgress",
    Phase.SUCCEEDED: "Current",
    Phase.ROLLED_BACK: "Failed",
    Phase.FAILED: "Failed",
}
Clear = AlarmState.OK
FORESEEN = Forecast(always=99, half=80, fifth=30, twentieth=5)


class World:
    """One resource and the world around it."""

    def __init__(self, alias: Routing | int | None = 1, **spec: Any) -> None:
        self.now = START
        self.raw = raw_spec(**spec)
        self.generation = 1
        self.status = Status()
        self.command: str | None = None
        self.is_deleting = False
        self.had_status = False
        self.missing_versions: set[int] = set()
        self.machine = VersionFound.FOUND  # or NO_MACHINE, DELETING
        self.published_at = START - timedelta(days=2)  # all versions, when their state machine was created
        self.aws = StepFunctions(TrueTime(lambda: self.now), _routing(alias), range(1, 100), 0.0, renews_date=True)
        self.facts = Facts()  # what the engine knows of the writes that AWS acknowledged
        self.judge = ExecutionsJudge(_Feed(self), _Clock(self))
        self.alarms: dict[str, AlarmSnapshot | None] = {}
        self.changes: dict[str, list[AlarmTransition]] = {}
        self.histories_are_late = False
        self.troubles: dict[
            str, Trouble
        ] = {}  # "alias", "version", "version 1", "alarms", "write", "targets", "start", "execution"
        self.loses_answers = False
        self.board_reads = True  # else alarms are read only where a decision asks for it
        self.stale_alias: Routing | None = None
        self.running = RunningExecutions(3)
        self.is_express = False
        self.outcome: dict[str, Any] = {}  # what an execution says besides how it ended
        self.targets_asked: list[Look[Any]] = []
        self.writes: list[Routing] = []
        self.statuses: list[Status] = []
        self.transcript: list[tuple[datetime, str | Decision]] = []
        self.decision = Decision(self.status)
        self.seen = Observation()
        for name in self.raw.get("alarms", {}).get("names", ()):
            self.alarm(name, AlarmState.OK, START - timedelta(hours=1))

    @property
    def alias(self) -> Routing | None:
        """The alias as it truly is."""
        return self.aws.alias

    @alias.setter
    def alias(self, alias: Routing | None) -> None:
        self.aws.states[-1] = replace(self.aws.states[-1], routing=alias)

    @property
    def alias_date(self) -> datetime:
        """AWS's date of its last change."""
        return self.aws.states[-1].update_date

    @alias_date.setter
    def alias_date(self, date: datetime) -> None:
        self.aws.states[-1] = replace(self.aws.states[-1], update_date=date)

    # -- what happens around it --

    def edit(self, **changes: Any) -> None:
        """Apply a changed manifest."""
        self._note(f"somebody edits {changes}")
        self.raw = {name: value for name, value in {**self.raw, **changes}.items() if value is not None}
        self.generation += 1
        if "version" in changes:
            self.seen = self.seen.without(FindVersion)
        self.settle()

    def say(
        self,
        action: str,
        generation: int | None = None,
        step: int | None = None,
        id_: str = "",
        uid: str | None = UID,
    ) -> None:
        """Send a command, as the plugin does; without a uid as people do who write the annotation themselves."""
        self._note(f"somebody sends {action}")
        command = {"id": id_ or f"{action}-{self.now}", "action": action, "by": "eve", "step": step, "uid": uid}
        self.command = json.dumps({**command, "generation": self.generation if generation is None else generation})
        self.settle()

    def route(self, alias: Routing | int | None) -> None:
        """Somebody else changes the alias, creates or deletes it."""
        self.aws.route(_routing(alias))
        self._note(f"somebody routes the alias: {self.alias}")

    def recreate(self, alias: Routing | int | None) -> None:
        """Somebody deletes the state machine and creates it again under its name, with its versions and the alias."""
        self.published_at = self.now
        self.route(alias)
        self._note("that was another state machine of the same name")

    def alarm(self, name: str, state: AlarmState | None, at: datetime | None = None) -> None:
        """An alarm changes its state; None deletes it."""
        before = self.alarms.get(name)
        moment = at or self.now
        self._note(f"alarm {name} is {state}")
        if before is not None and state is not None:
            self.changes.setdefault(name, []).append(AlarmTransition(moment, before.state, state))
        self.alarms[name] = AlarmSnapshot(state, moment, "threshold crossed") if state is not None else None

    def has_callers(
        self,
        starts_per_hour: float,
        seed: int = 1,
        past_h: float = 2.0,
        *,
        is_express: bool = False,
        lasts_s: float = 2.0,
        **fails: float,
    ) -> None:
        """There is traffic, and has been for a while; `v2=0.5`: half of the executions of version 2 fail."""
        rates = {"v1": 0.0, "v2": 0.0, **fails}
        behaviours = tuple((int(version[1:]), Behaviour(rate, lasts_s)) for version, rate in rates.items())
        callers = Callers(starts_per_hour, behaviours, past_s=past_h * 3600.0, is_express=is_express)
        Traffic(self.aws, self.now, callers, Random(seed))

    def blip(self, name: str = "A") -> None:
        """An alarm fires and clears unseen."""
        for state in (AlarmState.ALARM, AlarmState.OK):
            self.now += timedelta(seconds=1)
            self.alarm(name, state)

    def delete(self) -> None:
        """`kubectl delete`."""
        self._note("somebody deletes the resource")
        self.is_deleting = True
        self.settle()

    def restart(self) -> None:
        """The operator starts again and knows the stored status only."""
        self._note("the operator is restarted")
        self.seen, self.facts = Observation(), Facts()
        self.judge = ExecutionsJudge(_Feed(self), _Clock(self))
        self.settle()

    def _note(self, happening: str) -> None:
        self.transcript.append((self.now, happening))

    # -- time --

    def operator_down(self, seconds: float) -> None:
        """Time goes by and nobody decides."""
        self.now += timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Time goes by; whatever is due happens."""
        end = self.now + timedelta(seconds=seconds)
        self.settle()
        while self.decision.wake_at is not None and self.decision.wake_at < end:
            assert self.decision.wake_at > self.now, "a wake in the past would be a busy loop"
            self.now = self.decision.wake_at
            self.settle()
        self.now = end
        self.settle()

    def poll(self) -> None:
        """The alarm board reads the alarms, now."""
        if self.decision.watches_alarms:
            self._read_alarms()
        self.settle()

    def settle(self) -> None:
        """Decide, and do what was decided, until nothing more follows."""
        self._keep_alarms_fresh()
        for _ in range(40):
            if not self._round():
                return
        raise AssertionError(f"no end: {self.decision}")

    def _round(self) -> bool:
        before, seen = self.status, self.seen
        self.decision = decide(self._rollout(), seen, self.now)
        assert decide(self._rollout(), seen, self.now) == self.decision, "decide must be deterministic"
        self._check(before, self.decision)
        self.transcript.append((self.now, self.decision))
        self.status = self.decision.status
        if self.status != before:
            self.statuses.append(self.status)
        write = self.decision.write
        if write is not None and (write.kind is WriteKind.RESTORE or self.status == before):
            self._write(write)
        if self.status == before and (write is None or self.seen.write_failure is not None):
            self._look(self.decision.looks | self.decision.chores)
        self._keep_alarms_fresh()
        return self.status != before or self.seen != seen

    def _rollout(self) -> Rollout:
        try:
            spec: Any = parse_spec(self.raw)
        except ValueError as error:
            spec = InvalidSpec(str(error))
        return Rollout(self.generation, spec, self.status, START, self.is_deleting, self.command, UID, self.had_status)

    # -- what the engine does --

    def _look(self, looks: frozenset[Look[Any]]) -> None:
        for look in sorted(looks - {ReadAlarms()}, key=lambda look: (look != ReadAlias(), str(look))):
            match look:
                case ReadAlias():
                    self.seen = self._with_alias()
                case FindVersion(version):
                    self.seen = self.seen.answering(look, self._version_fact(version))
                case ReadDefinition() | FindCallee() | AskRole() | CountCallers():
                    self.targets_asked.append(look)
                    self.seen = self.seen.answering(look, self._target_fact(look))
                case JudgeExecutions() | ForecastAnalysis():
                    self.seen = self.seen.answering(look, self._said_of_executions(look))
                case StartSmoke() | ReadSmoke():
                    self.targets_asked.append(look)
                    self.seen = self.seen.answering(look, self._smoke_fact(look))
                case CountRunning():
                    self.seen = self.seen.answering(look, self.running) if self.running is not None else self.seen
                case ReadHistory(name, since):
                    changes = () if self.histories_are_late else self.changes.get(name, ())
                    self.seen = self.seen.answering(look, tuple(item for item in changes if item.at > since))
        if ReadAlarms() in looks:
            self._read_alarms()

    def _target_fact(self, look: Look[Any]) -> Any:
        targets, trouble = self.aws.targets, self.troubles.get("targets")
        if trouble is not None:
            return Unseen("no answer", self.now, trouble)
        match look:
            case ReadDefinition(version):
                return targets.definition(ALIAS.machine, version, self.now)
            case FindCallee():
                return targets.callee(self.now)
            case AskRole(_, rights):
                return targets.permissions(rights, self.now)
        return targets.callers(self.now)

    def _said_of_executions(self, look: Look[Any]) -> Any:
        try:
            if isinstance(look, JudgeExecutions):
                return self.judge.answer(ALIAS, look, Urgency.BACKGROUND)
            _Feed(self).page(ALIAS, None)
            return ForecastReading(40.0, FORESEEN, "this plan notices much", self.now)
        except PortError as error:
            return unseen(error, self.seen.of(look), self.now)

    def _smoke_fact(self, look: StartSmoke | ReadSmoke) -> Any:
        """A chore is done once: an answer that is known stands."""
        known = self.seen.of(look)
        if isinstance(look, StartSmoke) and isinstance(known, SmokeReading):
            return known
        trouble = self.troubles.get("start" if isinstance(look, StartSmoke) else "execution")
        if trouble is not None:
            return Unseen("no answer", self.now, trouble)
        if isinstance(look, StartSmoke):
            self.aws.smokes.start(look.version, look.name)
        run = self.aws.smokes.read(ALIAS.machine.execution(look.name), look.name, self.now)
        return read_run(replace(run, **self.outcome), look.expected)

    def _with_alias(self) -> Observation:
        """What was known of the version while the alias was there does not tell what went with it."""
        fact = self._alias_fact()
        has_gone = isinstance(fact, AliasMissing) and isinstance(self.seen.alias, AliasReading)
        seen = self.seen.answering(ReadAlias(), fact)
        return seen.without(FindVersion) if has_gone else seen

    def _alias_fact(self) -> Any:
        if "alias" in self.troubles:
            return Unseen("no answer", self.now, self.troubles["alias"])
        if self.alias is None:
            return AliasMissing(self.now)
        if self.stale_alias is not None:
            return AliasReading(self.stale_alias, self.alias_date - timedelta(minutes=1), self.now)
        return AliasReading(self.alias, self.alias_date, self.now)

    def _version_fact(self, number: int) -> Any:
        trouble = self.troubles.get("version") or self.troubles.get(f"version {number}")
        if trouble is not None:
            return Unseen("no answer", self.now, trouble)
        if self.machine is not VersionFound.FOUND:
            return VersionReading(self.machine, None, self.now)
        if number in self.missing_versions:
            return VersionReading(VersionFound.NO_VERSION, None, self.now)
        return VersionReading(VersionFound.FOUND, self.published_at, self.now, self.is_express)

    def _read_alarms(self) -> None:
        names = self.raw.get("alarms", {}).get("names", ())
        facts: dict[str, Any] = {}
        for name in names:
            snapshot, old = self.alarms.get(name), self.seen.alarms.get(name)
            if "alarms" in self.troubles:
                since = getattr(old, "since", None) or getattr(old, "read_at", self.now)
                facts[name] = Unseen("no answer", since, self.troubles["alarms"])
            else:
                facts[name] = AlarmReading(snapshot, self.now) if snapshot is not None else AlarmMissing(self.now)
        self.seen = replace(self.seen, alarms=facts)

    def _keep_alarms_fresh(self) -> None:
        """The board reads at every poll while somebody watches."""
        reads = [getattr(fact, "read_at", self.now) for fact in self.seen.alarms.values()]
        if (
            self.board_reads
            and self.decision.watches_alarms
            and (not reads or (self.now - min(reads)).total_seconds() > 9)
        ):
            self._read_alarms()

    def _write(self, write: Write) -> None:
        if "write" in self.troubles:
            failure = self.seen.write_failure or WriteFailure("no answer", self.troubles["write"], self.now)
            self.seen = replace(self.seen, write_failure=replace(failure, trouble=self.troubles["write"]))
            return
        self.seen = replace(self.seen, write_failure=None)
        try:
            known = known_at(self.status, self.facts, write)
            applied = apply_write(_Router(self), ALIAS, write, known, Permit(_Clock(self)))
        except PortError as error:
            self.seen = replace(self.seen, write_failure=WriteFailure(error.why, error.trouble, self.now))
            return
        if applied.is_missing:
            self.seen = replace(self.seen, write_failure=WriteFailure("no such alias", Trouble.GONE, self.now))
            return
        if applied.written_at is not None:
            self.facts.acknowledge(write.kind, applied.written_at, self.now)
            self.seen = replace(self.seen, written_at=self.facts.written_at)
        self.seen = self.seen.answering(ReadAlias(), self._alias_fact())

    # -- what must hold of every decision --

    def _check(self, before: Status, decision: Decision) -> None:
        status = decision.status
        resource = check_status(before, status, self.generation, is_deleting=self.is_deleting)
        assert is_allowed(before.phase, status.phase), f"{before.phase} -> {status.phase}"
        if decision.write is not None:
            self._check_write(before, decision.write, status)
        if self.is_deleting or status.phase is None:
            return
        expected = "Failed" if condition(status, "Stalled") is not None else READY_BY_PHASE[status.phase]
        assert kstatus(resource) == expected

    def _check_write(self, before: Status, write: Write, status: Status) -> None:
        versions = {version for version, _ in write.routing.entries}
        assert versions <= {status.stable_version, status.target_version}
        assert status.finished_at is None, "no write at rest"
        if write.kind is WriteKind.RESTORE:
            assert write.routing.sole == status.stable_version
            return
        assert before.intent is not None, "a forward write needs its intent in the stored status"
        assert write.routing.weight_of(status.target_version) == before.intent.weight
        rollout = self._rollout()
        if status.shortcut in ("NewAlias", "RollbackWindow") or isinstance(rollout.spec, InvalidSpec):
            return
        has_started = status.shortcut != "Reassert"
        verdict = judge_alarms(rollout.spec.alarms, before.alarms, self.seen, self.now, has_started=has_started)
        assert verdict.hold is None
        assert verdict.trip is None

    # -- reading it --

    def ready(self) -> tuple[str, str]:
        """Status and reason of Ready."""
        found = condition(self.status, "Ready")
        assert found is not None
        return found.status.value, found.reason

    def phases(self) -> list[str]:
        """Phases in their order, each once."""
        phases = [str(status.phase) for status in self.statuses]
        return [phase for index, phase in enumerate(phases) if index == 0 or phases[index - 1] != phase]


class _Router:
    """`ports.AliasRouter` for a write, which reads what is true, whatever looks are answered with."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self, alias: AliasArn, urgency: Urgency) -> AliasReading | None:
        state = self._world.aws.states[-1]
        return AliasReading(state.routing, state.update_date, self._world.now) if state.routing is not None else None

    def shift(self, alias: AliasArn, routing: Routing, urgency: Urgency) -> datetime:
        return self._write(routing, self._world.aws.update)

    def create(self, alias: AliasArn, routing: Routing) -> datetime:
        return self._write(routing, self._world.aws.create)

    def _write(self, routing: Routing, write: Callable[[Routing], datetime]) -> datetime:
        world = self._world
        if any(version in world.missing_versions for version, _ in routing.entries):
            raise Gone("no such version")
        date = write(routing)
        world.writes.append(routing)
        if world.loses_answers:
            world.troubles["write"] = Trouble.TRANSIENT
            raise Transient("cut")
        return date


class _Feed:
    """`ports.ExecutionFeed` of the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def page(self, alias: AliasArn, token: str | None, limit: int = LARGEST_PAGE) -> ExecutionPage:
        self._fail("executions")
        return self._world.aws.executions.page(token, limit)

    def minutes(self, place: Place, wanted: Collection[Counted], since: datetime) -> CountedMinutes:
        self._fail("minutes")
        return self._world.aws.executions.minutes(wanted, since)

    def _fail(self, call: str) -> None:
        trouble = self._world.troubles.get(call)
        if trouble is not None:
            raise {Trouble.DENIED: Denied, Trouble.GONE: Gone}.get(trouble, Transient)("no answer")


class _Clock:
    """`ports.Clock` of the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.now

    def monotonic(self) -> float:
        return (self._world.now - START).total_seconds()


def _routing(alias: Routing | int | None) -> Routing | None:
    return Routing.whole(alias) if isinstance(alias, int) else alias


def check_status(before: Status, status: Status, generation: int, *, is_deleting: bool = False) -> Mapping[str, Any]:
    """Hold a status to what every status keeps; gives the resource as the API server would show it."""
    rendered = status.to_resource()
    Status.model_validate(rendered)
    assert len(json.dumps(rendered, ensure_ascii=False).encode()) < 32 * 1024
    kinds = [item.type for item in status.conditions]
    assert kinds == sorted(kinds, key=_ORDER.index), "conditions keep their order"
    assert not {"Reconciling", "Stalled"} <= set(kinds)
    for item in status.conditions:
        old = condition(before, item.type)
        assert len(item.message) <= 1024
        assert item.message.isprintable(), "whoever wrote a part of it writes on no screen and begins no line"
        if old is not None and old.status is item.status:
            assert item.last_transition_time == old.last_transition_time, item.type
    assert len(status.message or "") <= 1024
    assert (status.message or "").isprintable()
    assert len(status.history) <= 10
    if status.outcome is not None and status.history:
        assert status.outcome is status.history[0].outcome
    metadata = {"generation": generation, **({"deletionTimestamp": "now"} if is_deleting else {})}
    return {"metadata": metadata, "status": rendered}


_ORDER = [
    "Ready",
    "Reconciling",
    "Stalled",
    "AwaitingApproval",
    "Promoted",
    "Paused",
    "AlarmsHealthy",
    "AnalysisHealthy",
    "PreflightPassed",
    "AliasInSync",
]
