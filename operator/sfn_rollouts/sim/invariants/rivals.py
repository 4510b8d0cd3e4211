"""(15) Of several resources on one alias one acts."""

from sfn_rollouts.sim.history import History, WriteSent


def only_one_of_rivals_writes(history: History, sent: WriteSent) -> str | None:
    """(15) Nothing is written for one resource while another, which is there, has a rollout of the alias in flight."""
    rival = next((each for each in history.rivals if _is_in_flight(each)), None)
    if rival is None:
        return None
    return f"{sent.routing} was sent for rollout {sent.number}, while another one is in flight: {rival.status}"


def _is_in_flight(rival: History) -> bool:
    status = rival.status
    return not rival.is_gone and status is not None and status.started_at is not None and status.finished_at is None
