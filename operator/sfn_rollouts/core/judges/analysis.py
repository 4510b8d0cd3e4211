"""Judging the target by its executions: which share of the alias each one was started under, and what that says.

The arithmetic is `sfn_rollouts.analysis`; here its verdict meets the policy. The memory is in `status.analysis`: the
plan as the rollout began, by which falseAlarmRate is spent, and the target's share over time by AWS's clock. With
these the same executions give the same verdict, whoever was killed in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.analysis import SETTLE_S, Counts, Plan, outlasting
from sfn_rollouts.analysis import Finding as Found
from sfn_rollouts.analysis import Judgement as Said
from sfn_rollouts.analysis import message as message_of
from sfn_rollouts.api.analysis import (
    Analysis,
    AnalysisStatus,
    ForecastStatus,
    Judged,
    Noticed,
    OnBlind,
    OnSlower,
    OnSuspect,
    OnWorse,
    PlannedTime,
    Verdict,
    WeightSince,
)
from sfn_rollouts.api.durations import Duration
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Shortcut, Status
from sfn_rollouts.core.alias_state import AliasState, alias_state
from sfn_rollouts.core.judges.judge import Judge, Judgement, News
from sfn_rollouts.core.values.analysis import AnalysisReading, ForecastReading
from sfn_rollouts.core.values.conditions import ANALYSIS_HEALTHY, ConditionValue
from sfn_rollouts.core.values.findings import Finding, Hold, Trip
from sfn_rollouts.core.values.judging import fixed_horizon_s, judged_plan, policy_of
from sfn_rollouts.core.values.looks import ForecastAnalysis, JudgeExecutions, ReadAlias
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.readings import AliasReading, Trouble, Unseen
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.durations import written

BLIND_AFTER_S = 90.0
"""Three looks of the judge that could not be made are no accident any more."""

REPORTED_EVERY_S = 60.0
"""How often the figures are renewed while the verdict stays: each renewal is a write of the status."""

_NO_EVIDENCE = "no execution has been judged yet"


def judge_analysis(spec: Spec, status: Status, seen: Observation, now: datetime) -> Judgement:
    """Judge the target by its executions, while traffic is split by steps and until the rollout ends."""
    if spec.analysis is None:
        return Judgement(remembered={"analysis": None})
    known = status.analysis
    if status.started_at is None or status.finished_at is not None:
        return _before_the_start(spec, spec.analysis, seen, now, known)
    if not status.knows_its_way or status.shortcut in _NOT_BY_STEPS:
        return Judgement(remembered={"analysis": known})
    case = _Case(spec, spec.analysis, status, seen, now, _begun(spec, status, seen, now))
    return case.standing() if status.trip is not None else case.judged()


_NOT_BY_STEPS = (Shortcut.NEW_ALIAS, Shortcut.REASSERT, Shortcut.ROLLBACK_WINDOW)


def was_passed(status: Status, since: datetime) -> bool:
    """Whether a person has promoted this step while a verdict stood; that time was over for others has not."""
    ended_at, timeout = status.wait_ended_at, status.approval_timeout
    is_by_person = timeout is None or timeout.at != ended_at
    return ended_at is not None and ended_at >= since and is_by_person


def _planned_times(spec: Spec) -> tuple[PlannedTime, ...]:
    steps = judged_plan(compile_plan(spec)).steps
    return tuple(PlannedTime(weight=round(weight * 100), seconds=seconds) for weight, seconds in steps)


def forecast_look(spec: Spec, analysis: Analysis) -> ForecastAnalysis:
    """Return the look at what the plan can notice."""
    plan = compile_plan(spec)
    return ForecastAnalysis(judged_plan(plan), policy_of(analysis), plan.bake_s)


def _before_the_start(
    spec: Spec, analysis: Analysis, seen: Observation, now: datetime, known: AnalysisStatus | None
) -> Judgement:
    """There is nothing to judge yet; what the plan can notice is reported as soon as it is known."""
    forecast = seen.of(forecast_look(spec, analysis))
    if not isinstance(forecast, ForecastReading):
        return Judgement(remembered={"analysis": known})
    since = known.since if known is not None else now
    reported = AnalysisStatus(
        verdict=Verdict.NOT_ENOUGH, since=since, message=_NO_EVIDENCE, forecast=_forecast_status(forecast)
    )
    return Judgement(remembered={"analysis": reported})


def _begun(spec: Spec, status: Status, seen: Observation, now: datetime) -> AnalysisStatus:
    """Return what is remembered, with the plan as the rollout began and each change of the weight so far."""
    known = status.analysis or AnalysisStatus(verdict=Verdict.NOT_ENOUGH, since=now, message=_NO_EVIDENCE)
    return known.with_(
        accepted=known.verdict if known.verdict in _ACCEPTABLE and was_passed(status, known.since) else known.accepted,
        plan=known.plan or _planned_times(spec),
        weights=_bounded(tuple(_weights(known.weights, spec, status, seen))),
        forecast=known.forecast or _forecast(spec, seen),
    )


_ACCEPTABLE = (Verdict.WORSE, Verdict.SLOWER, Verdict.SUSPECT, Verdict.SKEWED, Verdict.BLIND)
"""Verdicts that may hold, and that a person may go on in spite of."""

_MOST_WEIGHTS = 100
"""What a status holds; a plan has fifty steps."""


def _bounded(weights: tuple[WeightSince, ...]) -> tuple[WeightSince, ...]:
    """Return what a status holds of them. From the last one on nothing is judged: the first may not go, time counts
    from it.
    """
    if len(weights) <= _MOST_WEIGHTS:
        return weights
    return (*weights[: _MOST_WEIGHTS - 1], weights[_MOST_WEIGHTS - 1].with_(weight=None))


def _weights(known: tuple[WeightSince, ...], spec: Spec, status: Status, seen: Observation) -> Iterator[WeightSince]:
    """Each verified write, and each change by somebody else, by AWS's time of it."""
    yield from known
    last = known[-1].at if known else None
    own = status.alias.update_date if status.alias is not None else None
    weight = status.weight or 0
    if own is not None and (own > last if last is not None else weight > 0):
        yield WeightSince(at=own, weight=weight)
        last = own
    reading = seen.alias
    is_newer = isinstance(reading, AliasReading) and last is not None and reading.update_date > last
    if isinstance(reading, AliasReading) and is_newer and alias_state(spec, status, seen) is AliasState.FOREIGN:
        yield WeightSince(at=reading.update_date, weight=None)


def _forecast(spec: Spec, seen: Observation) -> ForecastStatus | None:
    reading = seen.of(forecast_look(spec, spec.analysis)) if spec.analysis is not None else None
    return _forecast_status(reading) if isinstance(reading, ForecastReading) else None


def _forecast_status(reading: ForecastReading) -> ForecastStatus:
    forecast = reading.forecast
    noticed = Noticed(always=forecast.always, half=forecast.half, fifth=forecast.fifth, twentieth=forecast.twentieth)
    return ForecastStatus(starts_per_hour=round(reading.starts_per_hour, 1), noticed=noticed, message=reading.message)


def look_of(policy: Analysis, status: Status, begun: AnalysisStatus) -> JudgeExecutions | None:
    """Return the look at a rollout's executions by what is remembered of it; None before the first verified write."""
    if not begun.weights:
        return None
    return JudgeExecutions(
        stable=status.stable_version or 0,
        target=status.target_version or 0,
        plan=Plan(tuple((time.weight / 100, time.seconds) for time in begun.plan)),
        policy=policy_of(policy),
        horizon_s=fixed_horizon_s(policy),
        weights=tuple((since.at, since.weight) for since in begun.weights),
        counted=begun.counted,
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """A rollout in flight by steps. `begun` is what is remembered of it."""

    spec: Spec
    policy: Analysis
    status: Status
    seen: Observation
    now: datetime
    begun: AnalysisStatus

    def standing(self) -> Judgement:
        """What was judged stands: it goes back already."""
        return Judgement(condition=_condition(self.begun), remembered={"analysis": self.begun})

    def judged(self) -> Judgement:
        """By the newest look, if there is one and it is not too old."""
        look = look_of(self.policy, self.status, self.begun)
        if look is None:
            return self.standing()
        if not self._knows_the_weights:
            return self._unverified()
        match self.seen.of(look):
            case None:
                return self._waiting(look)
            case Unseen() as unseen if self._is_blind(unseen):
                return self._blind(look, f"the executions cannot be read: {unseen.why}")
            case Unseen() as unseen:
                return self._retrying(look, unseen)
            case AnalysisReading() as reading if self.now >= after(reading.next_at, BLIND_AFTER_S):
                return self._blind(look, "the executions have not been read for three looks")
            case reading:
                return self._read(look, reading)

    @property
    def _knows_the_weights(self) -> bool:
        """Whether no write that nobody has verified may have been in force for what is judged now.

        One that was lost with its process took effect after its intent. What is judged started SETTLE_S ago or
        earlier; by the old weight, if the alias was as it was since then.
        """
        intent, reading = self.status.intent, self.seen.alias
        if intent is None:
            return True
        state = alias_state(self.spec, self.status, self.seen)
        known_at = intent.at
        if isinstance(reading, AliasReading) and state in (AliasState.IN_SYNC, AliasState.FOREIGN):
            known_at = max(intent.at, reading.read_at)
        return self.now < after(known_at, SETTLE_S)

    def _unverified(self) -> Judgement:
        """Nothing is said until it is known whether the last write took effect."""
        words = "the alias is being read: an unverified write may have changed the target's share"
        hold = Hold(Reason.INITIALIZING, words, looks=frozenset({ReadAlias()}))
        return Judgement(
            findings=(hold,),
            condition=_condition(self.begun),
            remembered={"analysis": self.begun},
            is_fresh=lambda _: False,
        )

    def _is_blind(self, unseen: Unseen) -> bool:
        is_persistent = unseen.trouble not in (Trouble.TRANSIENT, Trouble.CONFLICT)
        return is_persistent or self.now >= after(unseen.since, BLIND_AFTER_S)

    def _waiting(self, look: JudgeExecutions) -> Judgement:
        """After a restart too: whoever went back for what the executions say must hear it again first."""
        hold = Hold(Reason.INITIALIZING, "the executions are being read", looks=frozenset({look}))
        return self._pending(look, hold)

    def _retrying(self, look: JudgeExecutions, unseen: Unseen) -> Judgement:
        words = f"the executions could not be read: {unseen.why}; trying again"
        return self._pending(look, Hold(Reason.RETRYING_AWS, words), after(unseen.since, BLIND_AFTER_S))

    def _pending(self, look: JudgeExecutions, hold: Hold, lapses_at: datetime | None = None) -> Judgement:
        return Judgement(
            findings=(hold,),
            condition=_condition(self.begun),
            remembered={"analysis": self.begun},
            looks=frozenset({look}),
            is_fresh=lambda _: False,
            lapses_at=lapses_at,
        )

    def _blind(self, look: JudgeExecutions, why: str) -> Judgement:
        reported = self._as_verdict(Verdict.BLIND, why)
        is_hold = self.policy.on_blind is OnBlind.HOLD and reported.accepted is not Verdict.BLIND and self._has_control
        return Judgement(
            findings=(Hold(Reason.ANALYSIS_BLIND, why, ends_by_promote=True),) if is_hold else (),
            condition=_condition(reported),
            remembered={"analysis": reported},
            looks=frozenset({look}),
        )

    def _read(self, look: JudgeExecutions, reading: AnalysisReading) -> Judgement:
        reported = self._reported_of(reading)
        is_due = self.now >= reading.next_at
        return Judgement(
            findings=tuple(self._findings(reading.judgement, is_accepted=reported.accepted is reported.verdict)),
            condition=_condition(reported),
            remembered={"analysis": reported},
            looks=frozenset({look}) if is_due else frozenset(),
            refresh=frozenset({look}),
            is_fresh=lambda since: since < reading.next_at,
            lapses_at=after(reading.next_at, BLIND_AFTER_S) if is_due else reading.next_at,
            ends_wait=self.policy.promote_early and reported.verdict is Verdict.NOT_WORSE,
        )

    def _findings(self, said: Said, *, is_accepted: bool) -> Iterator[Finding]:
        """What each verdict that stands leads to, the gravest first. What a person has accepted holds nothing."""
        for found in said.findings:
            verdict = Verdict(found.verdict)
            action = self._action(verdict)
            if action == OnWorse.ROLLBACK:
                yield Trip(_REASONS[verdict], self._message(found))
            elif action == OnWorse.HOLD and not is_accepted:
                is_final = verdict in (Verdict.WORSE, Verdict.SLOWER)
                yield Hold(_REASONS[verdict], self._message(found), needs_person=is_final, ends_by_promote=True)

    def _message(self, found: Found) -> str:
        return message_of(found, policy_of(self.policy))

    @property
    def _has_control(self) -> bool:
        """Whether both versions run: once all traffic is on the target there is nothing to compare it with."""
        return (self.status.weight or 0) < 100

    def _action(self, verdict: Verdict) -> OnWorse | OnSlower | OnSuspect | OnBlind | None:
        actions: dict[Verdict, OnWorse | OnSlower | OnSuspect | OnBlind] = {
            Verdict.WORSE: self.policy.on_worse,
            Verdict.SLOWER: self.policy.on_slower,
            Verdict.SUSPECT: self.policy.on_suspect,
        }
        if verdict is Verdict.SKEWED and self._has_control:
            return self.policy.on_blind
        return actions.get(verdict)

    def _reported_of(self, reading: AnalysisReading) -> AnalysisStatus:
        """As it was reported last while the verdict stays and its figures are recent: else each look were a write."""
        said, known = reading.judgement, self.begun
        verdict = Verdict(said.verdict)
        looked_at = known.looked_at
        is_recent = looked_at is not None and reading.looked_at < after(looked_at, REPORTED_EVERY_S)
        if known.verdict is verdict and is_recent:
            return known
        notes = [outlasting(reading.horizon_s)] if reading.is_horizon_capped else []
        if reading.left_out:
            notes.append(f"executions left out, as they cannot be as AWS reported them: {reading.left_out}")
        return self._as_verdict(verdict, "; ".join((self._message(said.strongest), *notes))).with_(
            target=_judged(said.target),
            stable=_judged(said.stable),
            by_chance=said.by_chance,
            needed=said.needed,
            horizon=Duration(written(round(reading.horizon_s, 1))),
            source=reading.source,
            looked_at=reading.looked_at,
            counted=reading.counted,
        )

    def _as_verdict(self, verdict: Verdict, message: str) -> AnalysisStatus:
        if self.begun.verdict is verdict:
            return self.begun.with_(message=message)
        return self.begun.with_(verdict=verdict, since=self.now, message=message, accepted=None)


def _judged(counts: Counts) -> Judged:
    return Judged(started=counts.started, judged=counts.judged, bad=counts.bad)


_REASONS = {
    Verdict.WORSE: Reason.VERSION_WORSE,
    Verdict.SLOWER: Reason.VERSION_SLOWER,
    Verdict.SUSPECT: Reason.VERSION_SUSPECT,
    Verdict.SKEWED: Reason.TRAFFIC_SKEWED,
    Verdict.BLIND: Reason.ANALYSIS_BLIND,
    Verdict.NOT_ENOUGH: Reason.ANALYSIS_NOT_ENOUGH,
    Verdict.NOT_WORSE: Reason.VERSION_NOT_WORSE,
}


def _condition(reported: AnalysisStatus) -> ConditionValue:
    reason = _REASONS[reported.verdict]
    if reported.verdict is Verdict.NOT_WORSE:
        return ConditionValue.true(reason, reported.message)
    if reported.verdict is Verdict.NOT_ENOUGH:
        return ConditionValue.unknown(reason, reported.message)
    return ConditionValue.false(reason, reported.message)


def _news(before: Status, after: Status) -> Iterator[News]:
    """Each change of the verdict once, and never a look; what sends it back is announced as the trip.

    A rollout begins as NotEnough, whatever was said of the one before: that is news after a bad verdict only.
    """
    old, new = before.analysis, after.analysis
    if new is None or after.trip is not None or after.finished_at is not None or not after.is_in_flight:
        return
    was = old.verdict if old is not None and before.started_at == after.started_at else Verdict.NOT_ENOUGH
    if was is new.verdict:
        return
    is_bad = new.verdict in _ACCEPTABLE
    message = f"no longer {was}: {new.message}" if was in _ACCEPTABLE and not is_bad else new.message
    yield News(_REASONS[new.verdict], message, is_warning=is_bad)


def _is_judged(spec: Spec) -> bool:
    return spec.analysis is not None


ANALYSIS = Judge(ANALYSIS_HEALTHY, judge_analysis, blank={"analysis": None}, is_shown=_is_judged, news=_news)
