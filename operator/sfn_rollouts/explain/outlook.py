"""What happens next, and when, or what a person must do: one sentence, then the commands to choose from.

The conditions' reasons are the words of the runbook; each that needs a person has its row in `cures`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.durations import rounded
from sfn_rollouts.explain.course import OVERDUE_S, Course, CourseStep
from sfn_rollouts.explain.ownership import owner_of
from sfn_rollouts.explain.remedies import CURES, Deed, Outlook, command, routed_back
from sfn_rollouts.explain.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Scene:
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


def outlook(rollout: Rollout, course: Course | None, now: datetime) -> Outlook:
    """Give the sentence and the commands; the first of the findings that fits."""
    scene = Scene(rollout, course, now)
    return next(found for check in _CHECKS if (found := check(scene)) is not None)


# -- findings, each None where it does not apply --


def _deleting(scene: Scene) -> Outlook | None:
    if not scene.rollout.is_deleting:
        return None
    if not scene.rollout.is_in_flight:
        return Outlook("the resource goes, the alias stays as it is")
    return Outlook("the alias is settled by spec.deletionPolicy, then the resource goes")


def _not_seen(scene: Scene) -> Outlook | None:
    rollout = scene.rollout
    if rollout.is_observed:
        return None
    if rollout.observed_generation < 0 or not rollout.phase:
        waits_s = (scene.now - rollout.created_at).total_seconds() if rollout.created_at is not None else 0.0
        if waits_s < OVERDUE_S:
            return Outlook("the operator will look at it in a moment")
        return Outlook(f"nothing: no operator has looked at it for {rounded(waits_s)}", _is_operator_there())
    sentence = f"the operator takes up generation {rollout.generation}; what is said here is of the one before"
    return Outlook(sentence, _is_operator_there())


def _stalled(scene: Scene) -> Outlook | None:
    rollout = scene.rollout
    if not rollout.is_stalled:
        return None
    cure = CURES.get(rollout.reason)
    found = cure(rollout) if cure is not None else Outlook("nothing by itself: a person must act")
    sentence = f"{found.sentence}{_unless_deadline(scene)}"
    return Outlook(sentence, (*_way_back(scene), *found.deeds), runbook=rollout.reason)


def _going_back(scene: Scene) -> Outlook | None:
    if scene.rollout.phase != "RollingBack":
        return None
    trip, stable = scene.rollout.trip, scene.rollout.stable
    reason = trip.reason if trip is not None else scene.rollout.reason
    tried_s = (scene.now - trip.at).total_seconds() if trip is not None and trip.at is not None else 0.0
    if tried_s < OVERDUE_S:
        return Outlook(f"all traffic is put back on version {stable}, in one write and within seconds", runbook=reason)
    sentence = f"it is tried again and again, for {rounded(tried_s)} by now: the alias may be split, act"
    return Outlook(sentence, (*_is_operator_there(), routed_back(scene.rollout)), runbook=reason)


def _not_begun(scene: Scene) -> Outlook | None:
    rollout, first = scene.rollout, scene.course.next_step if scene.course is not None else None
    if rollout.phase != "Pending":
        return None
    then = f", then {_entering(first)}"
    if rollout.reason == "Initializing":
        return Outlook(f"the alias, the version and the alarms are read{then}")
    if rollout.reason == "RetryingAWS":
        return Outlook(f"AWS is asked again by itself{then}", runbook=rollout.reason)
    deeds = (Deed(scene.command("abort"), f"give version {rollout.version} up"),)
    return Outlook(f"{_entering(first)} as soon as that is over, by itself", deeds, rollout.reason)


def _awaiting_approval(scene: Scene) -> Outlook | None:
    if scene.rollout.reason != "AwaitingApproval":
        return None
    promote = Deed(scene.command("promote"), f"go on: {_following(scene)}")
    ends_at = scene.course.approval_ends_at if scene.course is not None else None
    if ends_at is not None and (scene.now - ends_at).total_seconds() >= OVERDUE_S:
        late = rounded((scene.now - ends_at).total_seconds())
        sentence = f"the time to promote it was over {late} ago, and nobody has acted on that"
        return Outlook(sentence, (*_is_operator_there(), promote, *_way_back(scene)))
    return Outlook(f"nothing until somebody promotes it{_unless_promoted(scene)}", (promote, *_way_back(scene)))


def _paused(scene: Scene) -> Outlook | None:
    rollout = scene.rollout
    if rollout.phase != "Paused":
        return None
    after_it = f"; then {_following(scene)}{_when_resumed(scene)}"
    if scene.course is not None and scene.course.approval_ends_at is not None:
        is_over = scene.course.approval_ends_at <= scene.now
        after_it = f"{'' if is_over else '; then it waits for promote'}{_unless_promoted(scene)}"
    if rollout.is_paused_by_spec:
        where = " in Git" if owner_of(rollout) is not None else ""
        return Outlook(f"nothing until spec.paused is false: edit the manifest{where}{after_it}", _way_back(scene))
    resume = Deed(scene.command("resume"), "lift the pause")
    return Outlook(f"nothing until somebody resumes it{after_it}", (resume, *_way_back(scene)))


def _done(scene: Scene) -> Outlook | None:
    if scene.rollout.phase != "Succeeded":
        return None
    return Outlook("nothing to do; another spec.version begins the next rollout")


def _being_written(scene: Scene) -> Outlook | None:
    if not _is_moving(scene) or scene.rollout.is_held:
        return None
    return Outlook(f"{_following(scene)} is being written now", _way_back(scene))


def _waiting(scene: Scene) -> Outlook | None:
    due = scene.course.due_at if scene.course is not None else None
    if due is None or due <= scene.now:
        return None
    return Outlook(f"{_following(scene)} in {scene.until(due)}{_unless_alarm(scene)}", _way_back(scene))


def _overdue(scene: Scene) -> Outlook | None:
    """Nobody says what holds it, and it should have happened."""
    due = scene.rollout.next_action_at
    if due is None or (scene.now - due).total_seconds() < OVERDUE_S or scene.rollout.is_held:
        return None
    late = rounded((scene.now - due).total_seconds())
    deeds = (*_is_operator_there(), *_way_back(scene))
    return Outlook(f"{_following(scene)} was due {late} ago, and no condition says what holds it", deeds)


def _held(scene: Scene) -> Outlook | None:
    if not scene.rollout.is_held:
        return None
    sentence = f"{_following(scene)} as soon as that is over, by itself{_unless_deadline(scene)}"
    return Outlook(sentence, _way_back(scene), runbook=scene.rollout.reason)


def _due(scene: Scene) -> Outlook:
    return Outlook(f"{_following(scene)} now, once the alarms have been read again", _way_back(scene))


_CHECKS: tuple[Callable[[Scene], Outlook | None], ...] = (
    _deleting,
    _not_seen,  # before all that the status says: it speaks of an older wish
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


def _is_moving(scene: Scene) -> bool:
    return scene.course is not None and scene.course.is_moving


def _following(scene: Scene) -> str:
    if scene.course is None:
        return "the next step"
    if _is_moving(scene):
        return f"weight {scene.rollout.intended_weight} %"
    return _entering(scene.course.next_step)


def _entering(step: CourseStep | None) -> str:
    if step is None:
        return "the rollout is done"
    if step.label == "bake":
        return "the bake begins"
    return f"weight {step.weight} %"


def _when_resumed(scene: Scene) -> str:
    """The step's clock runs through a pause."""
    due = scene.course.due_at if scene.course is not None else None
    if due is None or due <= scene.now:
        return " at once"
    return f" when its wait is over, in {scene.until(due)}"


def _unless_promoted(scene: Scene) -> str:
    """What happens if nobody does, and when."""
    course = scene.course
    if course is None or course.approval_ends_at is None or course.current is None or course.current.timeout is None:
        return ""
    goes_on = course.current.timeout.goes_on
    then = f"{_following(scene)} all the same" if goes_on else f"back to version {scene.rollout.stable}"
    is_over = course.approval_ends_at <= scene.now
    return (
        f"; the time to promote it is over, so then {then} at once"
        if is_over
        else f"; else {then} in {scene.until(course.approval_ends_at)}"
    )


def _unless_alarm(scene: Scene) -> str:
    count = len(scene.rollout.alarms)
    if not count:
        return "; no alarm is watched"
    return ", unless an alarm fires" if count > 1 else f", unless alarm {scene.rollout.alarms[0].name} fires"


def _unless_deadline(scene: Scene) -> str:
    deadline = scene.course.deadline_at if scene.course is not None else None
    if deadline is None or scene.rollout.trip is not None:
        return ""
    return f"; else {_its_end(scene)} in {scene.until(deadline)}"


def _way_back(scene: Scene) -> tuple[Deed, ...]:
    """At hand whenever traffic may have moved: who looks at night may want nothing else."""
    if not scene.rollout.is_in_flight or scene.rollout.trip is not None:
        return ()
    return (Deed(scene.command("abort"), f"{_its_end(scene)} now"),)


def _its_end(scene: Scene) -> str:
    """Where an abort or the deadline leads. Without an alias there is nothing to put back."""
    return "it ends as Failed" if scene.rollout.reason == "NotFound" else f"back to version {scene.rollout.stable}"


def _is_operator_there() -> tuple[Deed, ...]:
    return (Deed("kubectl sfnrollout version", "is an operator running?"),)
