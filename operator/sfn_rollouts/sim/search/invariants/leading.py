"""(11) At most one leader writes."""

from sfn_rollouts.leading.candidate import LeaseDurations
from sfn_rollouts.sim.history import AliasChanged, History, WriteSent
from sfn_rollouts.sim.timeline import us

TERMS = LeaseDurations()
DRIFT_S = 0.05
"""How much longer than true a host's seconds may be, over one term."""


def only_a_leader_writes(history: History, sent: WriteSent) -> str | None:
    """(11) A write leaves a process only within its term, counted from its last renewal."""
    if not history.leases:
        return None
    renewed_us = _renewed_us(history, sent.process)
    if renewed_us is None:
        return f"process {sent.process} wrote {sent.routing} and never led"
    late_us = sent.at_us - renewed_us - us(TERMS.renew_s + DRIFT_S)
    return f"process {sent.process} wrote {sent.routing} {late_us / 1e6:.1f} s after its term" if late_us > 0 else None


def no_deposed_leader_takes_effect(history: History, change: AliasChanged) -> str | None:
    """(11) When a write takes effect, nobody else has taken the Lease since it was sent for."""
    if not history.leases or change.sent is None:
        return None
    holder = next((each for each in reversed(history.leases) if each.holder), None)
    if holder is None or holder.process == change.sent.process:
        return None
    return f"a write of process {change.sent.process} took effect, and process {holder.process} leads"


def _renewed_us(history: History, process: int) -> int | None:
    return next((each.at_us for each in reversed(history.leases) if each.process == process and each.holder), None)
