"""The Lease at the API server, and the way to it: what the operators' election is about."""

from sfn_rollouts.errors import Conflict
from sfn_rollouts.leading.candidate import Lease
from sfn_rollouts.sim.history import History, LeaseWritten
from sfn_rollouts.sim.network import Caller, Network
from sfn_rollouts.sim.timeline import Timeline

READ_LEASE, CREATE_LEASE, WRITE_LEASE = (f"kubernetes.{verb}Lease" for verb in ("Get", "Create", "Update"))


class LeaseServer:
    """One Lease; every write names the version that it replaces."""

    def __init__(self) -> None:
        self.lease: Lease | None = None
        self._version = 0

    def put(self, before: Lease | None, holder: str, duration_s: float, renewed: str) -> Lease:
        """Store it.

        Raises:
            Conflict: it is no longer as it was read.
        """
        if self.lease != before:
            raise Conflict("the lease has been modified")
        self._version += 1
        is_new = before is None or before.holder != holder
        transitions = (before.transitions if before is not None else 0) + is_new
        self.lease = Lease(str(self._version), holder, duration_s, renewed, transitions)
        return self.lease


class SimLeases:
    """`candidate.LeaseLock` of one process."""

    def __init__(
        self, caller: Caller, network: Network, server: LeaseServer, history: History, timeline: Timeline
    ) -> None:
        self._caller = caller
        self._network = network
        self._server = server
        self._history = history
        self._timeline = timeline

    def read(self) -> Lease | None:
        """Return it."""
        return self._network.call(self._caller, READ_LEASE, lambda _: self._server.lease)

    def create(self, holder: str, duration_s: float) -> Lease:
        """Create it as held."""
        return self._network.call(self._caller, CREATE_LEASE, lambda _: self._put(None, holder, duration_s))

    def write(self, before: Lease, holder: str, duration_s: float) -> Lease:
        """Renew, take over or release it."""
        return self._network.call(self._caller, WRITE_LEASE, lambda _: self._put(before, holder, duration_s))

    def _put(self, before: Lease | None, holder: str, duration_s: float) -> Lease:
        stored = self._server.put(before, holder, duration_s, str(self._timeline.now_us))
        self._history.add(LeaseWritten(self._timeline.now_us, self._caller.number, holder))
        return stored
