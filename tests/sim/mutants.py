"""Operators that are wrong on purpose, one for each invariant, and the scenario in which it shows.

A mutant changes what the real core is asked or what it answers, or stands before a port; no code is changed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sfn_rollouts.acting import on_behalf_of
from sfn_rollouts.analysis import LOOK_EVERY_S, Judgement
from sfn_rollouts.analysis import Verdict as AnalysisVerdict
from sfn_rollouts.api.access_use import AccessUse
from sfn_rollouts.api.analysis import OnBlind
from sfn_rollouts.api.preflight import UNCHECKED
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import AlarmState, LastCommand, Missed, Phase, Status
from sfn_rollouts.core.decide import decide
from sfn_rollouts.core.values.access import Granted
from sfn_rollouts.core.values.analysis import AnalysisReading
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.looks import FindVersion, ReadAlarms, ReadAlias, ReadHistory
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AlarmReading, AliasReading, VersionReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.core.values.smoke import Run
from sfn_rollouts.leading.candidate import Candidate, Held, Lease
from sfn_rollouts.ports import (
    AccessStore,
    AliasRouter,
    Clock,
    Errand,
    Key,
    Outside,
    Report,
    ResourceStore,
    SmokeRunner,
    Workers,
)
from sfn_rollouts.sim.history import LIST_EXECUTIONS, Session
from sfn_rollouts.sim.process import OutsideOf, Process, unchanged
from sfn_rollouts.sim.scenario import (
    AlarmChange,
    AlarmTrouble,
    AlarmTroubleKind,
    Behaviour,
    Callers,
    ChangeSmoke,
    Command,
    Create,
    Edit,
    Event,
    Fault,
    FaultKind,
    Freeze,
    Grant,
    Kill,
    Recreate,
    Reroute,
    RoleTrouble,
    RoleTroubleKind,
    Scenario,
    Touch,
)
from sfn_rollouts.sim.search.chance import MACHINE
from sfn_rollouts.sim.search.invariants.judging import Judge
from sfn_rollouts.sim.sessions import Sessions, SessionsOf
from sfn_rollouts.sim.world import World

Answer = Callable[[Rollout, Observation, datetime, Decision], Decision]
Question = Callable[[Rollout, Observation, datetime], tuple[Rollout, Observation, datetime]]


@dataclass(frozen=True)
class Mutant:
    """What is wrong with it: `question` is put to the core instead, `answer` replaces what the core said."""

    events: tuple[Event, ...] = ()
    with_alarm: bool = True
    pause: Mapping[str, str] = field(default_factory=lambda: {"duration": "15s"})
    question: Question = lambda rollout, seen, now: (rollout, seen, now)
    answer: Answer = lambda rollout, seen, now, decision: decision
    outside_of: OutsideOf = unchanged
    candidate_type: type[Candidate] = Candidate
    operators: int = 1
    preflight: Mapping[str, Any] | None = None
    unpinned: tuple[int, ...] = ()
    callers: Callers | None = None
    accesses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sessions_of: SessionsOf = lambda sessions: sessions

    def decide(self, rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        """As the core, but wrong."""
        asked = self.question(rollout, seen, now)
        return self.answer(rollout, seen, now, decide(*asked))

    @property
    def scenario(self) -> Scenario:
        """10 %, 50 %, 100 %, a pause after each."""
        whole = spec(with_alarm=self.with_alarm, pause=self.pause)
        if self.preflight is not None:
            whole["preflight"] = self.preflight
        if self.callers is not None:
            whole["analysis"] = {"horizon": "5s"}
        return Scenario(
            spec=whole,
            events=self.events,
            operators=self.operators,
            unpinned=self.unpinned,
            callers=self.callers,
            accesses=self.accesses,
        )

    def world(self) -> World:
        """Its scenario, with it, before the judge."""
        return World(
            self.scenario,
            Judge(),
            self.decide,
            outside_of=self.outside_of,
            candidate_type=self.candidate_type,
            sessions_of=self.sessions_of,
        )


def spec(*, with_alarm: bool = True, pause: Mapping[str, str] | None = None) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for weight in (10, 50, 100):
        steps += [{"setWeight": weight}, {"pause": dict(pause or {"duration": "15s"})}]
    alarms = {"alarms": {"names": ["failures"], "pollInterval": "10s"}} if with_alarm else {}
    return {"stateMachineArn": MACHINE, "alias": "live", "version": 2, "strategy": {"steps": steps}, **alarms}


ROLE = "arn:aws:iam::123456789012:role/one"
GRANTED = {
    "first": {
        "namespaces": {"names": ["default"]},
        "stateMachines": [MACHINE],
        "roleArn": ROLE,
    }
}
FIRES = (AlarmChange(22.0, "failures", "ALARM"),)
BLIPS = (AlarmChange(22.0, "failures", "ALARM"), AlarmChange(23.0, "failures", "OK"))
HIDDEN = (AlarmTrouble(18.0, 29.0, "failures", AlarmTroubleKind.HIDDEN),)
ANOTHER_LIFE = (
    Edit(0.5, {"strategy": {"allAtOnce": {}}, "rollbackWindow": {"revisions": 3}}),
    Edit(20.0, {"version": 3}),
    Recreate(60.0, (1, 2, 3), ((1, 100),)),
    Edit(120.0, {"version": 2}),
)
ALIKE = Callers(600.0, ((1, Behaviour(0.2)), (2, Behaviour(0.2))), past_s=0.0)
WORSE = Callers(600.0, ((2, Behaviour(1.0)),), past_s=0.0)
UNREAD = (Fault(100.0, None, LIST_EXECUTIONS, FaultKind.ERROR),)
SLOWLY = {"duration": "90s"}
SMOKED = {"smoke": {"input": {"dryRun": True}}}
RIVAL = (Create(20.0, {**spec(), "version": 3}),)


# -- answers --


def _goes_to_a_stranger(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    write = decision.write
    return decision if write is None else replace(decision, write=replace(write, routing=Routing.split(1, 3, 10)))


def _means_less(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    intent = decision.status.intent
    if intent is None or intent.weight != 50:
        return decision
    return replace(decision, status=decision.status.with_(intent=intent.with_(weight=5)))


def _goes_on_after_the_trip(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    if decision.write is None or decision.write.kind is not WriteKind.RESTORE:
        return decision
    return replace(decision, write=Write(WriteKind.FORWARD, Routing.split(1, 2, 60), Routing.split(1, 2, 50)))


def _never_goes_back(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    is_back = decision.write is not None and decision.write.kind is WriteKind.RESTORE
    return replace(decision, write=None, wake_at=now + timedelta(seconds=5)) if is_back else decision


def _writes_at_rest(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    if decision.status.finished_at is None:
        return decision
    return replace(decision, write=Write(WriteKind.RESTORE, Routing.whole(2), ours=frozenset({Routing.whole(1)})))


def _meddles(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    if not seen.has_older_rival:
        return decision
    return replace(
        decision, write=Write(WriteKind.RESTORE, Routing.whole(1), ours=frozenset({Routing.split(1, 2, 50)}))
    )


def _dreams_of_a_grant(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    return rollout, replace(seen, access=Granted(AccessUse(name="first"))), now


def _toggles(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    message = "tick" if rollout.status.message == "tock" else "tock"
    return replace(decision, write=None, status=decision.status.with_(message=message))


def _says_nothing_of_roles(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    ready, *others = decision.status.conditions
    if "AssumeRole" not in (ready.message or ""):
        return decision
    quiet = ready.model_copy(update={"message": "going on"})
    return replace(decision, status=decision.status.with_(conditions=(quiet, *others)))


def _asks_again(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    is_there = decision.write is None and decision.status.step_index == 0 and decision.status.intent is None
    if not is_there or not isinstance(seen.alias, AliasReading):
        return decision
    return replace(decision, write=Write(WriteKind.FORWARD, seen.alias.routing, seen.alias.routing))


def _fails_in_the_second_step(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    if decision.status.step_index == 1:
        raise KeyError("weight")
    return decision


def _blames_itself(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    return replace(decision, status=_with_reason(decision.status, Reason.INTERNAL_ERROR))


def _bakes_before_it_begins(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    is_beginning = rollout.status.phase is Phase.PENDING and decision.status.phase is Phase.PROGRESSING
    return replace(decision, status=decision.status.with_(phase=Phase.BAKING)) if is_beginning else decision


def _never_stops_reading(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    return replace(decision, looks=decision.looks | {ReadAlarms()})


def _chatters(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    """Each second another answer to a command that nobody sent, and another reason."""
    if rollout.status.last_command is not None and rollout.status.last_command.observed_at > now - timedelta(seconds=1):
        return replace(decision, wake_at=now + timedelta(seconds=1))
    answered = LastCommand(id=f"{now}", action="pause", result="Done", message=f"{now}", observed_at=now)
    before = rollout.status.message or ""
    reason = Reason.PAUSED if "tick" in before else Reason.BAKING
    status = _with_reason(
        decision.status.with_(last_command=answered, message="tock" if "tick" in before else "tick"), reason
    )
    return replace(decision, status=status, write=None, wake_at=now + timedelta(seconds=1))


def _stops_for_good(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    return Decision(rollout.status, holds_finalizer=True) if rollout.status.step_index == 1 else decision


def _dates_wrongly(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    alias = decision.status.alias
    if alias is None or alias.update_date is None or decision.status.step_index is None:
        return decision
    wrong = alias.with_(update_date=alias.update_date.replace(microsecond=1000))
    return replace(decision, status=decision.status.with_(alias=wrong))


def _counts_on_it(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    intent = decision.status.intent
    return decision if intent is None else replace(decision, status=decision.status.with_(weight=intent.weight))


def _knows_what_it_knew(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    if rollout.status.trip is None:
        return _never_goes_back(rollout, seen, now, decision)
    return replace(decision, status=decision.status.with_(alias=rollout.status.alias))


def _wakes_early(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    wake_at = decision.wake_at
    return replace(decision, wake_at=wake_at - timedelta(seconds=5)) if wake_at is not None else decision


def _with_reason(status: Status, reason: Reason) -> Status:
    ready, *others = status.conditions
    return status.with_(conditions=(ready.model_copy(update={"reason": reason}), *others))


class _Counting:
    """Its answer is another one each time it is asked."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
        self._asked += 1
        return replace(decision, wake_at=now + timedelta(seconds=self._asked))


def _goes_back_by_what_it_reads(rollout: Rollout, seen: Observation, now: datetime, decision: Decision) -> Decision:
    """Not before the executions have been looked at."""
    is_read = any(isinstance(fact, AnalysisReading) and now < fact.next_at for fact in seen.answers.values())
    return decision if is_read else _never_goes_back(rollout, seen, now, decision)


# -- questions --


def _sees_no_firing(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    alarms = {name: _calmed(fact) for name, fact in seen.alarms.items()}
    answers = {look: () if isinstance(look, ReadHistory) else answer for look, answer in seen.answers.items()}
    return rollout, replace(seen, alarms=alarms, answers=answers), now


def _calmed(fact: Any) -> Any:
    is_firing = isinstance(fact, AlarmReading) and fact.snapshot.state is AlarmState.ALARM
    return replace(fact, snapshot=replace(fact.snapshot, state=AlarmState.OK)) if is_firing else fact


def _forgets_blips(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    known = {memory.name: memory.since for memory in rollout.status.alarms}
    alarms = {
        name: replace(fact, snapshot=replace(fact.snapshot, since=known.get(name) or fact.snapshot.since))
        for name, fact in seen.alarms.items()
        if isinstance(fact, AlarmReading)
    }
    return rollout, replace(seen, alarms=alarms), now


def _takes_one_poll_for_three(
    rollout: Rollout, seen: Observation, now: datetime
) -> tuple[Rollout, Observation, datetime]:
    """Remembers two polls before the first."""
    missed = Missed(polls=2, at=now - timedelta(seconds=60))
    memories = tuple(memory.with_(missed=memory.missed or missed) for memory in rollout.status.alarms)
    return replace(rollout, status=rollout.status.with_(alarms=memories)), seen, now


def _is_ahead_of_time(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    return rollout, seen, now + timedelta(seconds=5) if rollout.status.step_index == 0 else now


def _knows_no_rival(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    return rollout, replace(seen, has_older_rival=False), now


def _forgets_preflight(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    if not isinstance(rollout.spec, Spec):
        return rollout, seen, now
    return replace(rollout, spec=rollout.spec.model_copy(update={"preflight": UNCHECKED})), seen, now


def _looks_away_in_the_bake(
    rollout: Rollout, seen: Observation, now: datetime
) -> tuple[Rollout, Observation, datetime]:
    if rollout.status.phase is not Phase.BAKING:
        return rollout, seen, now
    return (
        rollout,
        seen.answering(ReadAlias(), AliasReading(Routing.whole(2), max(seen.written_at or now, now), now)),
        now,
    )


def _gives_up_after_a_restart(
    rollout: Rollout, seen: Observation, now: datetime
) -> tuple[Rollout, Observation, datetime]:
    if seen.alias is not None or rollout.status.step_index is None or rollout.status.trip is not None:
        return rollout, seen, now
    command = {"id": "1", "action": "abort", "generation": rollout.generation}
    return replace(rollout, command=json.dumps(command)), seen, now


def _believes_it_is_back(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    if rollout.status.trip is None:
        return rollout, seen, now
    date = max(seen.written_at or now, now)
    return rollout, seen.answering(ReadAlias(), AliasReading(Routing.whole(1), date, now)), now


def _calls_it_worse(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    """Takes whatever the second look says for Worse."""
    return rollout, _with_judgements(seen, _called_worse), now


def _called_worse(said: Judgement) -> Judgement:
    if said.at < LOOK_EVERY_S:
        return said
    return replace(said, findings=(replace(said.findings[-1], verdict=AnalysisVerdict.WORSE), *said.findings))


def _hears_of_no_failure(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    deaf_to = (AnalysisVerdict.WORSE, AnalysisVerdict.SUSPECT)
    return rollout, _with_judgements(seen, lambda said: said.ignoring(deaf_to)), now


def _with_judgements(seen: Observation, changed: Callable[[Judgement], Judgement]) -> Observation:
    answers = {
        look: replace(fact, judgement=changed(fact.judgement)) if isinstance(fact, AnalysisReading) else fact
        for look, fact in seen.answers.items()
    }
    return replace(seen, answers=answers)


def _goes_on_blindly(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    spec = rollout.spec
    if not isinstance(spec, Spec) or spec.analysis is None:
        return rollout, seen, now
    blind = spec.analysis.model_copy(update={"on_blind": OnBlind.IGNORE})
    return replace(rollout, spec=spec.model_copy(update={"analysis": blind})), seen, now


# -- ports --


class _LyingStore:
    """Claims that it stored, and did not."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    def list(self) -> Sequence[Mapping[str, Any]]:
        return self._store.list()

    def get(self, key: Key) -> Mapping[str, Any]:
        return self._store.get(key)

    def report(self, report: Report) -> Mapping[str, Any] | None:
        if report.status is None or "intent" not in report.status:
            return self._store.report(report)
        found = self._store.report(replace(report, status=None))
        return {**found, "status": report.status} if found is not None else None


def _stores_nothing(outside: Outside, process: Process, clock: Clock) -> Outside:
    return replace(outside, store=_LyingStore(outside.store))


class _Renames:
    """Starts executions by names of its own."""

    def __init__(self, executions: SmokeRunner, renamed: Callable[[str], str]) -> None:
        self._executions = executions
        self._renamed = renamed
        self._known: dict[str, str] = {}

    def start(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        self._known[name] = self._renamed(name)
        return self._executions.start(machine, version, self._known[name], given)

    def run(self, machine: StateMachineArn, version: int, name: str, given: str) -> Run:
        return self._executions.run(machine, version, name, given)

    def read(self, machine: StateMachineArn, name: str) -> Run:
        return self._executions.read(machine, self._known[name])


def _names_by_process(outside: Outside, process: Process, clock: Clock) -> Outside:
    """Each process has its own: none finds what another one has started."""
    return replace(outside, smokes=_Renames(outside.smokes, lambda name: f"{process.number}-{name}"))


def _names_by_itself(outside: Outside, process: Process, clock: Clock) -> Outside:
    """By no attempt that anybody has stored."""
    return replace(outside, smokes=_Renames(outside.smokes, lambda name: f"{name}-at-last"))


# -- workers --


class _BlindToPlaces:
    """Takes all places for one: what fails together is not kept apart."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def submit(self, errand: Errand, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self._workers.submit(replace(errand, place=None), work, done)

    def run_due(self) -> float | None:
        return self._workers.run_due()


def blind_to_places(workers: Workers) -> Workers:
    """The mutant of the neighbours."""
    return _BlindToPlaces(workers)


# -- candidates --


class _LeadsForEver(Candidate):
    """Once elected it believes that it leads, whatever the time."""

    def is_leader(self) -> bool:
        return self._valid_until > 0


class _TakesWhatItSees(Candidate):
    """Does not wait for another's lease to run out."""

    def _look(self, lease: Lease | None) -> Held | None:
        return None


def _trusts_numbers(rollout: Rollout, seen: Observation, now: datetime) -> tuple[Rollout, Observation, datetime]:
    """Takes what it finds under a number for what it remembers under it."""
    known = {entry.stable_version: entry.stable_creation_date for entry in rollout.status.history}
    answers = {
        look: replace(fact, created_at=known.get(look.version, fact.created_at))
        if isinstance(look, FindVersion) and isinstance(fact, VersionReading)
        else fact
        for look, fact in seen.answers.items()
    }
    return rollout, replace(seen, answers=answers), now


class _SignsByItself:
    """A router that signs with the operator's own identity, whoever was granted."""

    def __init__(self, router: AliasRouter) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return on_behalf_of_itself(getattr(self._router, name))


def on_behalf_of_itself(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: on_behalf_of(Caller(), lambda: call(*args))()


def _signs_by_itself(outside: Outside, _process: Process, _clock: Clock) -> Outside:
    return replace(outside, router=_SignsByItself(outside.router))


class _OneForAll(Sessions):
    """One session of a role for all: CloudTrail cannot say for which rollout a call was made."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def of(self, caller: Caller, api: str = "") -> Session:
        return self._sessions.of(Caller(caller.identity), api)


class _Elsewhere:
    """An AccessStore that lists what is in another cluster."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def list_accesses(self) -> Sequence[Mapping[str, Any]]:
        metadata = {"name": "other", "uid": "other", "resourceVersion": "1", "generation": 1}
        self._store.list_accesses()
        return [{"metadata": metadata, "spec": {**GRANTED["first"], "roleArn": "arn:aws:iam::123456789012:role/no"}}]

    def list_namespaces(self) -> Sequence[Mapping[str, Any]]:
        return ()

    def report_access(self, *_: object) -> None:
        return None


def _lists_another_cluster(outside: Outside, _process: Process, _clock: Clock) -> Outside:
    return replace(outside, accesses=_Elsewhere(outside.accesses))


MUTANTS: Mapping[str, Mutant] = {
    "what_is_known_of_accesses_was_true": Mutant(outside_of=_lists_another_cluster, accesses=GRANTED),
    "nothing_goes_forward_without_a_grant": Mutant(
        (Grant(20.0, "first"),), question=_dreams_of_a_grant, accesses=GRANTED
    ),
    "each_write_is_signed_by_a_grant_of_its_flight": Mutant(outside_of=_signs_by_itself, accesses=GRANTED),
    "what_is_served_for_a_role_is_signed_by_its_session": Mutant(sessions_of=_OneForAll, accesses=GRANTED),
    "a_role_that_is_refused_is_named": Mutant(
        (RoleTrouble(20.0, None, ROLE, RoleTroubleKind.DELETED),), answer=_says_nothing_of_roles, accesses=GRANTED
    ),
    "alias_has_only_stable_and_target": Mutant(answer=_goes_to_a_stranger),
    "no_shortcut_to_a_version_that_never_served": Mutant(ANOTHER_LIFE, question=_trusts_numbers),
    "weight_never_rises_under_a_bad_alarm": Mutant(FIRES, question=_sees_no_firing),
    "every_firing_has_its_outcome": Mutant(BLIPS, question=_forgets_blips),
    "an_alarm_is_gone_by_the_third_poll_only": Mutant(HIDDEN, question=_takes_one_poll_for_three),
    "weight_only_rises": Mutant(answer=_means_less),
    "nothing_goes_forward_after_a_trip": Mutant((Command(22.0, "abort"),), answer=_goes_on_after_the_trip),
    "only_a_leader_writes": Mutant(
        (Freeze(10.0, 60.0, 0), Freeze(10.0, 60.0, 1), Command(20.0, "abort")),
        candidate_type=_LeadsForEver,
        operators=2,
    ),
    "no_deposed_leader_takes_effect": Mutant(candidate_type=_TakesWhatItSees, operators=2),
    "only_one_of_rivals_writes": Mutant(RIVAL, answer=_meddles),
    "the_younger_begins_nothing": Mutant(RIVAL, question=_knows_no_rival),
    "stable_is_back_soon_after_a_trip": Mutant(FIRES, answer=_never_goes_back),
    "what_is_enforced_gets_no_traffic": Mutant(
        question=_forgets_preflight, preflight={"pins": "Enforce"}, unpinned=(2,)
    ),
    "only_what_passed_its_smoke_gets_traffic": Mutant(
        (ChangeSmoke(0.0, 2, "FAILED"),), question=_forgets_preflight, preflight=SMOKED
    ),
    "nothing_is_run_twice": Mutant(
        (ChangeSmoke(0.0, 2, "SUCCEEDED", 30.0), Kill(10.0, 12.0)), outside_of=_names_by_process, preflight=SMOKED
    ),
    "nothing_is_run_before_its_attempt_is_stored": Mutant(outside_of=_names_by_itself, preflight=SMOKED),
    "forward_writes_follow_their_stored_intent": Mutant(outside_of=_stores_nothing),
    "nothing_is_written_at_rest": Mutant(FIRES, answer=_writes_at_rest),
    "deciding_twice_is_equal": Mutant(answer=_Counting()),
    "deciding_settles": Mutant(answer=_toggles),
    "what_is_done_is_not_asked_again": Mutant(answer=_asks_again),
    "the_operator_has_no_defect": Mutant(answer=_fails_in_the_second_step),
    "no_rollout_is_held_by_a_defect": Mutant(answer=_blames_itself),
    "phases_follow_the_table": Mutant(answer=_bakes_before_it_begins),
    "crashes_change_no_end": Mutant(question=_gives_up_after_a_restart),
    "no_wait_ends_early": Mutant(with_alarm=False, question=_is_ahead_of_time, answer=_wakes_early),
    "calls_stay_within_bounds": Mutant(answer=_never_stops_reading),
    "events_stay_within_bounds": Mutant(answer=_chatters),
    "every_rollout_ends": Mutant(answer=_stops_for_good),
    "no_verdict_but_that_of_an_undisturbed_judge": Mutant(pause=SLOWLY, question=_calls_it_worse, callers=ALIKE),
    "a_worse_version_goes_back_in_time": Mutant(pause=SLOWLY, question=_hears_of_no_failure, callers=WORSE),
    "a_worse_version_goes_back_by_the_end": Mutant(
        (Command(5.0, "pause"), Touch(400.0)), question=_hears_of_no_failure, callers=WORSE
    ),
    "nothing_goes_forward_unread": Mutant(UNREAD, pause={"duration": "4m"}, question=_goes_on_blindly, callers=ALIKE),
    "status_tells_of_an_alias_that_was": Mutant(answer=_dates_wrongly),
    "status_weight_is_not_ahead": Mutant(answer=_counts_on_it),
    "status_ends_only_as_aws_does": Mutant(FIRES, question=_believes_it_is_back, answer=_knows_what_it_knew),
}
"""By the invariant that must find it."""

BLIND_AT_THE_END = Mutant(
    (Edit(1.0, {"bakeTime": "60s"}), Reroute(60.0, ((1, 100),))), question=_looks_away_in_the_bake
)
"""Reports a success that it has not seen, of an alias that somebody has routed away."""

WAITS_FOR_A_LOOK = Mutant(
    (*UNREAD, Command(150.0, "abort")), pause=SLOWLY, answer=_goes_back_by_what_it_reads, callers=ALIKE
)
"""Goes back when the executions can be read again."""

CRIES_WOLF = MUTANTS["no_verdict_but_that_of_an_undisturbed_judge"]

ENDS_APPROVALS_EARLY = {
    on_timeout: Mutant(
        with_alarm=False,
        pause={"timeout": "15s", "onTimeout": on_timeout},
        question=_is_ahead_of_time,
        answer=_wakes_early,
    )
    for on_timeout in ("Rollback", "Continue")
}
