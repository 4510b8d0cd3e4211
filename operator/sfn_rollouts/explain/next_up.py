"""What happens next, and when, or what a person must do: one sentence, then the commands to choose from.

The conditions' reasons are the words of the runbook; each that needs a person has its row in `REMEDIES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.durations import rounded
from sfn_rollouts.explain.course import OVERDUE_S, Course, CourseStep
from sfn_rollouts.explain.ownership import owner_of
from sfn_rollouts.explain.remedies import REMEDIES, NextUp, Suggestion, command, routed_back
from sfn_rollouts.explain.rollout import Rollout

PAST_BY_PROMOTE = frozenset({"VersionSuspect", "TrafficSkewed", "AnalysisBlind", "AnalysisNotEnough"})
"""What holds until the evidence changes, or a person has looked."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the sentence is made of. `course` is None where the spec is refused."""

    rollout: Rollout
    course: Course | None
    now: datetime

    def until(self, moment: datetime) -> str:
        """Like 3m12s."""
        return rounded((moment - self.now).total_seconds())

    def command(self, action: str) -> str:
        """What to type to have something done to this rollout."""
        return command(self.rollout, action)


def next_up(rollout: Rollout, course: Course | None, now: datetime) -> NextUp:
    """Return the sentence and the commands; the first of the findings that fits."""
    snapshot = Snapshot(rollout, course, now)
    return next(found for check in _CHECKS if (found := check(snapshot)) is not None)


# -- findings, each None where it does not apply --


def _deleting(snapshot: Snapshot) -> NextUp | None:
    if not snapshot.rollout.is_deleting:
        return None
    if not snapshot.rollout.is_in_flight:
        return NextUp("the resource is deleted, the alias stays as it is")
    return NextUp("the alias is settled by spec.deletionPolicy, then the resource is deleted")


def _not_seen(snapshot: Snapshot) -> NextUp | None:
    rollout = snapshot.rollout
    if rollout.is_observed:
        return None
    if rollout.observed_generation < 0 or not rollout.phase:
        waits_s = (snapshot.now - rollout.created_at).total_seconds() if rollout.created_at is not None else 0.0
        if waits_s < OVERDUE_S:
            return NextUp("the operator will look at it in a moment")
        return NextUp(f"nothing: no operator has looked at it for {rounded(waits_s)}", _is_operator_there())
    sentence = f"the operator is about to read generation {rollout.generation}; this page is about the one before"
    return NextUp(sentence, _is_operator_there())


def _stalled(snapshot: Snapshot) -> NextUp | None:
    rollout = snapshot.rollout
    if not rollout.is_stalled:
        return None
    remedy = REMEDIES.get(rollout.reason)
    found = remedy(rollout) if remedy is not None else NextUp("nothing by itself: a person must act")
    sentence = f"{found.sentence}{_unless_deadline(snapshot)}"
    return NextUp(sentence, (*_way_back(snapshot), *found.suggestions), runbook=rollout.reason)


def _going_back(snapshot: Snapshot) -> NextUp | None:
    if snapshot.rollout.phase != "RollingBack":
        return None
    trip, stable = snapshot.rollout.trip, snapshot.rollout.stable
    reason = trip.reason if trip is not None else snapshot.rollout.reason
    tried_s = (snapshot.now - trip.at).total_seconds() if trip is not None and trip.at is not None else 0.0
    if tried_s < OVERDUE_S:
        return NextUp(f"all traffic is put back on version {stable}, in one write and within seconds", runbook=reason)
    sentence = f"it is tried again and again, for {rounded(tried_s)} by now: the alias may be split, act"
    return NextUp(sentence, (*_is_operator_there(), routed_back(snapshot.rollout)), runbook=reason)


def _not_begun(snapshot: Snapshot) -> NextUp | None:
    rollout, first = snapshot.rollout, snapshot.course.next_step if snapshot.course is not None else None
    if rollout.phase != "Pending":
        return None
    then = f", then {_entering(first)}"
    if rollout.reason == "Initializing":
        return NextUp(f"the alias, the version and the alarms are read{then}")
    if rollout.reason == "RetryingAWS":
        return NextUp(f"AWS is asked again by itself{then}", runbook=rollout.reason)
    suggestions = (Suggestion(snapshot.command("abort"), f"give up version {rollout.version}"),)
    if rollout.reason == "SmokeRunning":
        sentence = f"{_entering(first)} once the smoke execution has ended as expected"
        return NextUp(sentence, suggestions, rollout.reason)
    return NextUp(f"{_entering(first)} as soon as that is over, by itself", suggestions, rollout.reason)


def _awaiting_approval(snapshot: Snapshot) -> NextUp | None:
    if snapshot.rollout.reason != "AwaitingApproval":
        return None
    promote = Suggestion(snapshot.command("promote"), f"go on: {_following(snapshot)}")
    ends_at = snapshot.course.approval_ends_at if snapshot.course is not None else None
    if ends_at is not None and (snapshot.now - ends_at).total_seconds() >= OVERDUE_S:
        late = rounded((snapshot.now - ends_at).total_seconds())
        sentence = f"the time to promote it was over {late} ago, and nobody has acted on that"
        return NextUp(sentence, (*_is_operator_there(), promote, *_way_back(snapshot)))
    return NextUp(f"nothing until somebody promotes it{_unless_promoted(snapshot)}", (promote, *_way_back(snapshot)))


def _paused(snapshot: Snapshot) -> NextUp | None:
    rollout = snapshot.rollout
    if rollout.phase != "Paused":
        return None
    after_it = f"; then {_following(snapshot)}{_when_resumed(snapshot)}"
    if snapshot.course is not None and snapshot.course.approval_ends_at is not None:
        is_over = snapshot.course.approval_ends_at <= snapshot.now
        after_it = f"{'' if is_over else '; then it waits for promote'}{_unless_promoted(snapshot)}"
    if rollout.is_paused_by_spec:
        where = " in Git" if owner_of(rollout) is not None else ""
        return NextUp(f"nothing until spec.paused is false: edit the manifest{where}{after_it}", _way_back(snapshot))
    resume = Suggestion(snapshot.command("resume"), "lift the pause")
    return NextUp(f"nothing until somebody resumes it{after_it}", (resume, *_way_back(snapshot)))


def _done(snapshot: Snapshot) -> NextUp | None:
    if snapshot.rollout.phase != "Succeeded":
        return None
    return NextUp("nothing to do; another spec.version begins the next rollout")


def _being_written(snapshot: Snapshot) -> NextUp | None:
    if not _is_moving(snapshot) or snapshot.rollout.is_held:
        return None
    return NextUp(f"{_following(snapshot)} is being written now", _way_back(snapshot))


def _waiting(snapshot: Snapshot) -> NextUp | None:
    due = snapshot.course.due_at if snapshot.course is not None else None
    if due is None or due <= snapshot.now:
        return None
    return NextUp(f"{_following(snapshot)} in {snapshot.until(due)}{_unless_alarm(snapshot)}", _way_back(snapshot))


def _overdue(snapshot: Snapshot) -> NextUp | None:
    """Nobody says what holds it, and it should have happened."""
    due = snapshot.rollout.next_action_at
    if due is None or (snapshot.now - due).total_seconds() < OVERDUE_S or snapshot.rollout.is_held:
        return None
    late = rounded((snapshot.now - due).total_seconds())
    suggestions = (*_is_operator_there(), *_way_back(snapshot))
    return NextUp(f"{_following(snapshot)} was due {late} ago, and no condition says what holds it", suggestions)


def _held(snapshot: Snapshot) -> NextUp | None:
    if not snapshot.rollout.is_held:
        return None
    sentence = f"{_following(snapshot)} as soon as that is over, by itself{_unless_deadline(snapshot)}"
    past_it: tuple[Suggestion, ...] = ()
    if snapshot.rollout.reason in PAST_BY_PROMOTE:
        past_it = (Suggestion(snapshot.command("promote"), "go on in spite of it: you have looked at the executions"),)
    return NextUp(sentence, (*past_it, *_way_back(snapshot)), runbook=snapshot.rollout.reason)


def _due(snapshot: Snapshot) -> NextUp:
    return NextUp(f"{_following(snapshot)} now, once the alarms have been read again", _way_back(snapshot))


_CHECKS: tuple[Callable[[Snapshot], NextUp | None], ...] = (
    _deleting,
    _not_seen,  # before all that the status says: it is about an older spec
    _stalled,  # outranks the phase, as it does for Argo CD and Flux
    _going_back,
    _not_begun,
    _awaiting_approval,
    _paused,
    _done,
    _being_written,
    _overdue,
    _held,
    _waiting,
    _due,
)


# -- words --


def _is_moving(snapshot: Snapshot) -> bool:
    return snapshot.course is not None and snapshot.course.is_moving


def _following(snapshot: Snapshot) -> str:
    if snapshot.course is None:
        return "the next step"
    if _is_moving(snapshot):
        return f"weight {snapshot.rollout.intended_weight} %"
    return _entering(snapshot.course.next_step)


def _entering(step: CourseStep | None) -> str:
    if step is None:
        return "the rollout is done"
    if step.label == "bake":
        return "the bake begins"
    return f"weight {step.weight} %"


def _when_resumed(snapshot: Snapshot) -> str:
    """The step's clock runs through a pause."""
    due = snapshot.course.due_at if snapshot.course is not None else None
    if due is None or due <= snapshot.now:
        return " at once"
    return f" when its wait is over, in {snapshot.until(due)}"


def _unless_promoted(snapshot: Snapshot) -> str:
    """What happens if nobody does, and when."""
    course = snapshot.course
    if course is None or course.approval_ends_at is None or course.current is None or course.current.timeout is None:
        return ""
    goes_on = course.current.timeout.goes_on
    then = f"{_following(snapshot)} all the same" if goes_on else f"back to version {snapshot.rollout.stable}"
    is_over = course.approval_ends_at <= snapshot.now
    return (
        f"; the time to promote it is over, so then {then} at once"
        if is_over
        else f"; else {then} in {snapshot.until(course.approval_ends_at)}"
    )


def _unless_alarm(snapshot: Snapshot) -> str:
    count = len(snapshot.rollout.alarms)
    if not count:
        return "; no alarm is watched"
    return ", unless an alarm fires" if count > 1 else f", unless alarm {snapshot.rollout.alarms[0].name} fires"


def _unless_deadline(snapshot: Snapshot) -> str:
    deadline = snapshot.course.deadline_at if snapshot.course is not None else None
    if deadline is None or snapshot.rollout.trip is not None:
        return ""
    return f"; else {_its_end(snapshot)} in {snapshot.until(deadline)}"


def _way_back(snapshot: Snapshot) -> tuple[Suggestion, ...]:
    """At hand whenever traffic may have moved: who looks at night may want nothing else."""
    if not snapshot.rollout.is_in_flight or snapshot.rollout.trip is not None:
        return ()
    return (Suggestion(snapshot.command("abort"), f"{_its_end(snapshot)} now"),)


def _its_end(snapshot: Snapshot) -> str:
    """Where an abort or the deadline leads. Without an alias there is nothing to put back."""
    return (
        "it ends as Failed" if snapshot.rollout.reason == "NotFound" else f"back to version {snapshot.rollout.stable}"
    )


def _is_operator_there() -> tuple[Suggestion, ...]:
    return (Suggestion("kubectl sfnrollout version", "is an operator running?"),)
