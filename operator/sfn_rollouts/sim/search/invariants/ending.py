"""(8) and (13): how runs end."""

from sfn_rollouts.sim.history import Ended, History
from sfn_rollouts.sim.transcript import line
from sfn_rollouts.sim.world import Run


def every_rollout_ends(history: History, ended: Ended) -> str | None:
    """(13) Once faults stop, every rollout ends in finite time, or declares what holds it."""
    if ended.is_quiet:
        return None
    last = line(history.statuses[-1]) if history.statuses else "no status was ever written"
    return f"nothing ended by {ended.at_us / 1e6:.0f} s, alias {history.live}: {last}"


def crashes_change_no_end(crashed: Run, smooth: Run) -> str | None:
    """(8) A run with crashes ends where the same run without them ends."""
    found, wanted = _end(crashed), _end(smooth)
    return f"it ended as {found}, without the crash as {wanted}" if found != wanted else None


def _end(run: Run) -> tuple[object, ...]:
    return str(run.alias), *(_standing(view) for view in run.history.views)


def _standing(history: History) -> tuple[object, ...] | None:
    if history.is_gone or history.status is None:
        return None
    return history.status.phase, [entry.outcome for entry in history.status.history]
