"""A leader and one that stands by: who holds the lease, and how long it takes until another does.

The lease is the shipped one, in the operator's own namespace, with the shipped rights. Bounds are those of
docs/reliability.md, asserted as deadlines; what was seen is printed (`pytest -rP`) and stands there as a figure.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane
from devenv.control_plane.proxy import CuttableProxy
from devenv.operator_process import OperatorProcess
from devenv.waiting import wait_until
from tests.e2e.cluster import Cluster

LEASE_NAMESPACE, LEASE_NAME = "sfn-rollouts", "sfn-rollouts"
LEASE_LOST = 7
"""Exit code of a leader that could not renew."""

POLL_S = 1.0
"""How often the stories' alarms are read."""

AFTER_SIGKILL_S = 20.0
"""The lease of 15 s, and 5 s."""

AFTER_SIGTERM_S = 3.0
_START_DEADLINE_S = 60.0
_CONNECTED_DEADLINE_S = 30.0


@dataclass(frozen=True)
class Pair:
    """Both run, and the first leads."""

    leader: OperatorProcess
    standby: OperatorProcess
    leader_network: CuttableProxy
    standby_network: CuttableProxy
    cluster: Cluster

    def holder(self) -> str:
        """Identity of who holds the lease, empty while nobody does."""
        return self.cluster.lease(LEASE_NAMESPACE, LEASE_NAME)[0]

    def changes_of_leader(self) -> int:
        """How often the lease has changed hands."""
        return self.cluster.lease(LEASE_NAMESPACE, LEASE_NAME)[1]

    def cut_watches(self) -> None:
        """Cut every connection of either to the API server, watches among them, as soon as each has one to cut."""
        for network in (self.leader_network, self.standby_network):
            wait_until(network.cut, _CONNECTED_DEADLINE_S, "a connection to the API server")

    def kill_leader(self) -> str:
        """SIGKILL; gives the identity that the lease still names."""
        before = self.holder()
        self.leader.kill()
        return before

    def wait_for_takeover(self, before: str, within_s: float, after: str) -> float:
        """Another holds the lease; gives the seconds since the call, and prints them."""
        began = time.monotonic()
        wait_until(lambda: self.holder() not in ("", before), within_s, "the standby to take over")
        return measured(f"takeover after {after}", time.monotonic() - began)


def measured(what: str, seconds: float) -> float:
    """Print a figure for docs/reliability.md."""
    print(f"measured: {what}: {seconds:.1f} s")
    return seconds


@contextmanager
def running_pair(
    control_plane: ControlPlane, cluster: Cluster, aws: Emulator, namespace: str, environment: Mapping[str, str]
) -> Iterator[Pair]:
    """Both are ready, one of them leads, and each has a way of its own to the API server. The lease of an earlier test
    is taken away: its holder is dead."""
    arguments = ("--leader-elect", "--leader-elect-namespace", LEASE_NAMESPACE)

    def one(network: CuttableProxy) -> OperatorProcess:
        return OperatorProcess(
            control_plane, aws, namespaces=[namespace], network=network, arguments=arguments, environment=environment
        )

    cluster.delete_lease(LEASE_NAMESPACE, LEASE_NAME)
    with (
        control_plane.new_network() as here,
        control_plane.new_network() as there,
        one(here) as first,
        one(there) as second,
    ):
        first.wait_ready()
        second.wait_ready()
        wait_until(lambda: _leads(first) or _leads(second), _START_DEADLINE_S, "a leader")
        yield Pair(first, second, here, there, cluster) if _leads(first) else Pair(second, first, there, here, cluster)


def _leads(operator: OperatorProcess) -> bool:
    return any(line.get("message") == "leading" for line in operator.log_lines())
