"""A breaker: after a few answers lost in a row, jobs of one kind and place are begun one by one, as probes."""

from dataclasses import dataclass

LOST_IN_A_ROW = 3
"""From then on it is taken for ill: one answer is lost now and then, three in a row are not."""

PROBE_S = 2.0
"""Between two probes. Half of what the scarcest quota refills (1 call a second), so that an outage does not spend what
the rollbacks need when it is over; and shorter than a time-out, so that the end of the outage is noticed soon."""

LONGEST_PROBE_S = 60.0
"""Between two probes where the threads of probes are lost for good."""


@dataclass
class Breaker:
    """Open while `lost` has reached the limit. `hanging` counts jobs given up whose threads have not come back."""

    lost: int = 0
    running: int = 0
    hanging: int = 0
    probed_at: float = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether the place is taken for ill."""
        return self.lost >= LOST_IN_A_ROW

    @property
    def is_forgettable(self) -> bool:
        """Whether it is like one that was just made."""
        return not (self.lost or self.running or self.hanging)

    def may_begin(self, now: float) -> bool:
        """Whether a job may begin: any while it is closed, else one probe after the other.

        A job that never ends costs a thread for good, so probes become rarer the more of them hang.
        """
        pause_s = min(PROBE_S * float(1 << min(self.hanging, 8)), LONGEST_PROBE_S)
        return not self.is_open or now - self.probed_at >= pause_s

    def begin(self, now: float) -> None:
        """A job begins."""
        self.running += 1
        self.probed_at = now

    def end(self, *, is_lost: bool | None) -> None:
        """A job ended, its answer was lost or not; None: what came says nothing about that, like a proxy's 503."""
        self.running -= 1
        if is_lost is not None:
            self.lost = self.lost + 1 if is_lost else 0
