"""The head of the page: which rollout, where it stands, how traffic is split."""

from datetime import datetime

from rich.text import Text

from sfn_rollouts.explain.ownership import owner_of
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.view.marks import Marks, Tone
from sfn_rollouts.plugin.view.rows import words

_BAR_WIDTH = 40
_TONES = {
    "Pending": Tone.WAITING,
    "Progressing": Tone.MOVING,
    "Paused": Tone.WAITING,
    "Baking": Tone.MOVING,
    "RollingBack": Tone.BAD,
    "Succeeded": Tone.GOOD,
    "RolledBack": Tone.BAD,
    "Failed": Tone.BAD,
}


def tone_of(rollout: Rollout) -> Tone:
    """Return the state as a colour: stalled outranks the phase."""
    return Tone.BAD if rollout.is_stalled else _TONES.get(rollout.phase, Tone.WAITING)


def title(rollout: Rollout, marks: Marks) -> Text:
    """Like `order-processor in shop   > Progressing, step 2/4`."""
    name = Text.assemble((rollout.name, "bold"), (f" in {rollout.namespace}", "dim"), "   ")
    step = f", step {rollout.step}" if rollout.step and rollout.is_in_flight else ""
    is_stuck = rollout.is_stalled and rollout.phase not in ("RolledBack", "Failed")
    stalled = ", stalled" if is_stuck else ""
    deleting = ", being deleted" if rollout.is_deleting else ""
    phase = rollout.phase or "Not seen yet"
    standing = words(f"{_mark(rollout, marks)} {phase}{stalled}", tone_of(rollout), is_strong=True)
    return name.append_text(standing).append(f"{step}{deleting}")


def subtitle(rollout: Rollout, now: datetime, marks: Marks) -> Text:
    """Like `OrderProcessor:live   version 41 -> 42   started 13m22s ago`."""
    text = words(f"{rollout.machine}:{rollout.alias}   ").append(_versions(rollout, marks), "bold")
    since = _since(rollout, now)
    return text.append(f"   {since}" if since else "", "dim")


def owned(rollout: Rollout) -> Text | None:
    """Whose changes win over those made by hand; None where nobody's do."""
    owner = owner_of(rollout)
    return words(f"applied from Git by {owner.who}", Tone.QUIET) if owner is not None else None


def access_line(rollout: Rollout) -> Text | None:
    """By which AWSAccess it calls AWS; None where its status names none."""
    if rollout.access is None:
        return None
    text = words(f"Access  {rollout.access}", Tone.QUIET)
    return text.append(", revoked", str(Tone.BAD)) if rollout.is_access_revoked else text


def bar(rollout: Rollout, width: int, marks: Marks) -> Text | None:
    """The share of the target as last verified; None while nothing is known of the alias."""
    target, stable = rollout.target or rollout.version, rollout.stable
    if rollout.weight is None and not rollout.routing:
        return None
    weight = dict(rollout.routing).get(target or 0, 0) if rollout.routing else rollout.weight or 0
    cells = max(min(_BAR_WIDTH, width - 52), 10)
    full = max(cells * min(max(weight, 0), 100) // 100, 1 if weight > 0 else 0)
    text = Text("  ").append(marks.full * full, str(_bar_tone(rollout))).append(marks.empty * (cells - full), "dim")
    text.append(f"  {weight} % on version {target}", "bold")
    text.append(_rest(rollout, weight, stable, target))
    if (sync := rollout.condition("AliasInSync")) is not None and sync.status == "False":
        return text.append(", changed since", str(Tone.BAD))
    is_moving = rollout.intended_weight is not None and rollout.intended_weight != weight and rollout.is_in_flight
    return text.append(f" {marks.arrow} {rollout.intended_weight} %" if is_moving else "", "bold")


def _bar_tone(rollout: Rollout) -> Tone:
    return Tone.GOOD if rollout.phase == "Succeeded" else Tone.MOVING


def _rest(rollout: Rollout, weight: int, stable: int | None, target: int | None) -> str:
    """Who has the other new executions; the alias may hold what nobody planned."""
    others = [(version, share) for version, share in rollout.routing if version != target]
    if not others and weight < 100 and stable not in (None, target):
        others = [(stable or 0, 100 - weight)]
    return "".join(f", {share} % on {version}" for version, share in others)


def _versions(rollout: Rollout, marks: Marks) -> str:
    wanted = rollout.version if not rollout.is_observed else rollout.target or rollout.version
    source = rollout.stable
    if not rollout.is_in_flight and rollout.history and rollout.history[0].version == wanted:
        source = rollout.history[0].stable  # at the end the target is the stable version: say where it came from
    return f"version {source} {marks.arrow} {wanted}" if source not in (None, wanted) else f"version {wanted}"


def _since(rollout: Rollout, now: datetime) -> str:
    if rollout.finished_at is not None and rollout.is_observed:
        return f"ended {age(rollout.finished_at, now)} ago"
    if rollout.is_in_flight:
        return f"started {age(rollout.started_at, now)} ago"
    return f"created {age(rollout.created_at, now)} ago" if rollout.created_at is not None else ""


def _mark(rollout: Rollout, marks: Marks) -> str:
    if rollout.is_stalled:
        return marks.bad
    known = {
        "Pending": marks.coming,
        "Progressing": marks.current,
        "Paused": marks.waiting,
        "Baking": marks.current,
        "RollingBack": marks.back,
        "Succeeded": marks.done,
        "RolledBack": marks.bad,
        "Failed": marks.bad,
    }
    return known.get(rollout.phase, marks.coming)
