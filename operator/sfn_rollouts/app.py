"""The operator as a process: what it is made of, who watches its threads, how it stops."""

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import NoReturn

from sfn_rollouts import __version__, acting, logs
from sfn_rollouts.aws.connection import Aws
from sfn_rollouts.aws.connection import connect as connect_aws
from sfn_rollouts.aws.remembered import RememberingInspector
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.config import Settings
from sfn_rollouts.engine.lanes import SIZES, Lanes
from sfn_rollouts.engine.loop import DRAIN_S, EngineLoop
from sfn_rollouts.engine.sweeper import INTERVAL_S
from sfn_rollouts.engine.workers import ThreadPool
from sfn_rollouts.health import HealthServer
from sfn_rollouts.kube.connection import Connection, namespace_of
from sfn_rollouts.kube.crd import crd_problem
from sfn_rollouts.kube.events import EventAnnouncer
from sfn_rollouts.kube.informer import Informer
from sfn_rollouts.kube.lease import LeaseStore
from sfn_rollouts.kube.permissions import LEASE
from sfn_rollouts.kube.store import KubeStore
from sfn_rollouts.leading.candidate import Candidate, LeaseDurations
from sfn_rollouts.leading.election import Election
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.parts import Part, Parts
from sfn_rollouts.ports import Lane, Outside
from sfn_rollouts.repeating import Repeating
from sfn_rollouts.start import Exit, Patience, StartFailure, check_aws, check_rights, first_list, reach_cluster
from sfn_rollouts.wiring import Wiring

_STUCK_AFTER_S = 30.0  # the engine's thread waits for nothing but its inbox, and beats each second
_PLACES = 128
_AWS_CALLERS = _PLACES + sum(size.share + size.extra for lane, size in SIZES.items() if lane is not Lane.REPORT)
"""Of all places together, as all share the clients: the first job of each place begins whatever the others do."""
_MOST_LOST_THREADS = 100
"""Threads held by calls that have no end. Only the end of the process frees them; until then each is dropped, and its
slot given to another, so there is no hurry: one ill place must not restart the operator of all others each minute."""
_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Site:
    """What the operator works on, found and checked before any part is built."""

    settings: Settings
    clock: SteadyClock
    meter: PrometheusMeter
    connection: Connection
    cloud: Aws
    lease_namespace: str


def run(settings: Settings, environ: Mapping[str, str] | None = None) -> int:
    """Run until SIGTERM or SIGINT, in the main thread; return the exit code (`start.Exit`)."""
    logs.configure(settings.log_format, settings.log_level)
    _log.info("sfn-rollouts starts", version=__version__, namespaces=list(settings.namespaces) or "all")
    threading.excepthook = _log_end_of_thread
    stopping, clock = _stop_on_signals(), SteadyClock()
    patience = Patience(clock, settings.start_timeout.seconds, stopping)
    try:
        site = _find_site(settings, clock, patience, os.environ if environ is None else environ)
        return Operator(site).run(patience, stopping)
    except StartFailure as failure:
        if stopping.is_set():
            return Exit.STOPPED
        _log.error(f"cannot start: {failure.message}", exit_code=int(failure.code))
        return failure.code


class Operator:
    """The parts, joined. Whoever adds one adds a row to `_list_parts`."""

    def __init__(self, site: Site) -> None:
        """Build the parts and join them; nothing runs yet, but the health port is taken.

        Raises:
            StartFailure: the port is not free.
        """
        settings, clock, meter, connection, cloud = site.settings, site.clock, site.meter, site.connection, site.cloud
        self._site = site
        self._is_listed = threading.Event()
        self._is_lost = threading.Event()
        self._is_drained = False
        self._loop = EngineLoop(clock)
        self._threads = ThreadPool(self._loop.post)
        self._lanes = Lanes(clock, self._threads, meter)
        self._announcer = EventAnnouncer(connection, clock, meter.event)
        store = KubeStore(connection, settings.namespaces)
        outside = Outside(
            router=cloud.router,
            catalog=cloud.catalog,
            targets=RememberingInspector(cloud.targets, clock, acting.current),
            executions=cloud.executions,
            smokes=cloud.smokes,
            alarms=cloud.alarms,
            reach=cloud.reach,
            store=store,
            accesses=store,
            announcer=self._announcer,
            meter=meter,
            schema_problem=lambda: crd_problem(connection),
        )
        self._wiring = Wiring(
            clock=clock,
            workers=self._lanes,
            outside=outside,
            post=self._loop.post,
            candidate=_candidate(site),
            lost=self._is_lost.set,
            min_poll_interval_s=settings.min_poll_interval.seconds,
            random=Random(),  # noqa: S311 - jitter, no secret
            requires_access=settings.require_access,
        )
        self._loop.attach(self._wiring.engine)
        self._health = self._bind_health(settings.health_port)
        self._parts = Parts(*self._list_parts())
        meter.watch_buckets(cloud.bucket_fills)
        meter.watch_calls(lambda: connection.lost_threads)

    def run(self, patience: Patience, stopping: threading.Event) -> Exit:
        """Start all, watch over it until asked to stop, stop all."""
        self._start(patience)
        while not stopping.wait(0.5):
            if self._is_lost.is_set():
                _exit_now(Exit.LEASE_LOST)
            if ended := self._parts.ended():
                _log.critical("a thread has ended, and so does the operator", threads=ended)
                return Exit.CRASHED
        _log.info("stopping: what is under way is finished, nothing new begins")
        return self.stop()

    def liveness_problems(self) -> list[str]:
        """Return what is wrong, in sentences; /livez shows it."""
        return self._parts.problems()

    def readiness_problems(self) -> list[str]:
        """Return what is not there yet; /readyz shows it."""
        return [] if self._is_listed.is_set() else ["the resources have not been listed yet"]

    def stop(self) -> Exit:
        """Stop all, and close the connections if nothing is under way on them any more."""
        self._parts.stop()
        if not self._is_drained:
            _log.warning("stopped before all was written; the next start goes on from the status")
            _exit_now(Exit.STOPPED)
        self._site.cloud.close()
        self._site.connection.close()
        return Exit.STOPPED

    def _list_parts(self) -> Iterator[Part]:
        """In the order in which they stop: who brings work, who does it, who tells of it."""
        informer = self._informer()
        yield Part(
            "informer", informer.start, informer.is_alive,
            stop=lambda: informer.stop(timeout_s=0), wait=lambda: informer.stop(timeout_s=0.5),
        )  # fmt: skip
        sweeper = Repeating("sweeper", self._wiring.sweeper.sweep, self._site.clock, first_in_s=INTERVAL_S)
        yield Part("sweeper", sweeper.start, sweeper.is_alive, stop=sweeper.stop)
        yield Part("engine", self._loop.start, lambda: self._loop.is_alive, self._engine_problems, self._drain)
        if (election := self._wiring.election) is not None:
            bids = Repeating("election", election.bid, self._site.clock)
            yield Part(
                "election", bids.start, lambda: bids.is_alive() or self._is_lost.is_set(),
                stop=lambda: _resign(bids, election), needs_list=True,
            )  # fmt: skip
        announcer = self._announcer
        yield Part("Events", announcer.start, announcer.is_alive, stop=lambda: announcer.stop(timeout_s=0.5))
        yield Part("workers", problems=self._worker_problems, wait=self._threads.stop)
        yield Part("health", self._start_health, wait=self._health.stop)

    def _informer(self) -> Informer:
        return Informer(
            self._site.connection,
            self._site.settings.namespaces,
            seen=self._wiring.seen,
            gone=self._wiring.gone,
            access_seen=self._wiring.access_seen,
            access_gone=self._wiring.access_gone,
            namespace_seen=self._wiring.namespace_seen,
            namespace_gone=self._wiring.namespace_gone,
            restarted=self._site.meter.kopf_restarted,
            clock=self._site.clock,
        )

    def _start(self, patience: Patience) -> None:
        self._parts.start(lambda: first_list(self._site.connection, self._wiring.sweeper.list_all, patience))
        self._is_listed.set()

    def _start_health(self) -> None:
        self._health.start()
        _log.info("health is served", port=self._health.port)

    def _engine_problems(self) -> list[str]:
        age_s = self._loop.heartbeat_age_s()
        return [f"the engine has not moved for {age_s:.0f} s"] if age_s > _STUCK_AFTER_S else []

    def _worker_problems(self) -> list[str]:
        lost = self._lanes.lost + self._site.connection.lost_threads
        return [f"{lost} threads are held by calls that have no end"] if lost > _MOST_LOST_THREADS else []

    def _drain(self) -> None:
        self._is_drained = self._loop.stop(DRAIN_S)

    def _bind_health(self, port: int) -> HealthServer:
        try:
            return HealthServer(port, self.liveness_problems, self.readiness_problems, self._site.meter.render)
        except OSError as error:
            why = (
                f"port {port} cannot be used for health: {error}; give another --health-port, 0 takes any that is free"
            )
            raise StartFailure(Exit.BAD_CONFIGURATION, why) from error


def _find_site(settings: Settings, clock: SteadyClock, patience: Patience, environ: Mapping[str, str]) -> Site:
    connection = reach_cluster(settings, patience, environ)
    meter = PrometheusMeter()
    cloud = check_aws(lambda: connect_aws(clock, meter, _AWS_CALLERS, caller=acting.current))
    home = settings.leader_elect_namespace or namespace_of(settings.kubeconfig, settings.context, environ)
    check_rights(connection, settings, patience, home)
    return Site(settings, clock, meter, connection, cloud, home)


def _candidate(site: Site) -> Candidate | None:
    """A contender for the lease; None for an operator that is to be alone."""
    if not site.settings.leader_elect:
        return None
    identity = f"{socket.gethostname()}_{uuid.uuid4()}"
    leases = LeaseStore(site.connection, site.lease_namespace, LEASE)
    return Candidate(identity, leases, site.clock, LeaseDurations())


def _resign(bids: Repeating, election: Election) -> None:
    bids.stop(timeout_s=0.5)
    election.release()


def _exit_now(code: Exit) -> NoReturn:
    """End without waiting for workers whose calls have yet to time out."""
    logging.shutdown()
    os._exit(code)


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Log in the log's own format why a thread has ended; Python would print a traceback between lines of JSON."""
    name = ended.thread.name if ended.thread else None
    _log.critical("a thread has failed", thread=name, exc_info=ended.exc_value)


def _stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set; a second SIGINT ends the process at once, for impatient people."""
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping
