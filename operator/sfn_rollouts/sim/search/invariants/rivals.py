"""(15) Of several resources on one alias one acts."""

from sfn_rollouts.sim.history import Decided, History, WriteSent


def only_one_of_rivals_writes(history: History, sent: WriteSent) -> str | None:
    """(15) Nothing is written for one resource while another, which is there, has a rollout of the alias in flight."""
    rival = next((each for each in history.rivals if _is_in_flight(each)), None)
    if rival is None:
        return None
    return f"{sent.routing} was sent for rollout {sent.number}, while another one is in flight: {rival.status}"


def the_younger_begins_nothing(history: History, decided: Decided) -> str | None:
    """(15) No rollout begins for a resource while an older one is there that the process knows of, in flight or not."""
    before, after = decided.rollout.status, decided.decision.status
    if after.started_at in (None, before.started_at) or after.finished_at is not None:
        return None
    is_rival = any(_is_known(older, decided.process) for older in history.rivals[: decided.number])
    return f"rollout {decided.number} begins, and an older resource is there" if is_rival else None


def _is_known(other: History, process: int) -> bool:
    return not other.is_gone and any(each.process == process for each in other.decided)


def _is_in_flight(rival: History) -> bool:
    status = rival.status
    return not rival.is_gone and status is not None and status.is_in_flight
