"""The operator as a process: what it is made of, who watches its threads, how it stops."""

import logging
import os
import signal
import socket
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import NoReturn

from sfn_rollouts import __version__, logs
from sfn_rollouts.aws.connection import Aws
from sfn_rollouts.aws.connection import connect as connect_aws
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.config import Settings
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.engine.lanes import SIZES, Lanes
from sfn_rollouts.engine.loop import EngineLoop
from sfn_rollouts.engine.workers import ThreadPool
from sfn_rollouts.errors import PortError
from sfn_rollouts.health import HealthServer
from sfn_rollouts.kube.connection import Connection, namespace_of
from sfn_rollouts.kube.crd import crd_problem
from sfn_rollouts.kube.events import EventAnnouncer
from sfn_rollouts.kube.informer import Informer
from sfn_rollouts.kube.lease import LeaseStore
from sfn_rollouts.kube.permissions import LEASE
from sfn_rollouts.kube.store import KubeStore
from sfn_rollouts.kube.sweeper import Sweeper
from sfn_rollouts.leading.candidate import Candidate, Terms
from sfn_rollouts.leading.election import Election
from sfn_rollouts.leading.fence import fenced
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.ports import Lane, Outside
from sfn_rollouts.start import Exit, Patience, StartFailure, check_aws, check_rights, first_list, reach_cluster

_STUCK_AFTER_S = 30.0  # the engine's thread waits for nothing but its inbox, and beats each second
_DRAIN_S = 8.0  # of the 10 s that a stop may take; the rest is for Events and the watch
_AWS_CALLERS = sum(size.share for lane, size in SIZES.items() if lane is not Lane.REPORT)  # of one place
_MOST_LOST_THREADS = 100
"""Threads held by calls that have no end. Only the end of the process frees them; until then each is dropped, and its
slot given to another, so there is no hurry: one ill place must not restart the operator of all others each minute."""
_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class World:
    """What the operator works on, found and checked before any part is built."""

    settings: Settings
    clock: SteadyClock
    meter: PrometheusMeter
    connection: Connection
    cloud: Aws
    lease_namespace: str


def run(settings: Settings, environ: Mapping[str, str] | None = None) -> int:
    """Run until SIGTERM or SIGINT, in the main thread; gives the exit code (`start.Exit`)."""
    logs.configure(settings.log_format, settings.log_level)
    _log.info("sfn-rollouts starts", version=__version__, namespaces=list(settings.namespaces) or "all")
    threading.excepthook = _log_end_of_thread
    stopping, clock = _stop_on_signals(), SteadyClock()
    patience = Patience(clock, settings.start_timeout.seconds, stopping)
    try:
        world = _find_world(settings, clock, patience, os.environ if environ is None else environ)
        return Operator(world).run(patience, stopping)
    except StartFailure as failure:
        if stopping.is_set():
            return Exit.STOPPED
        _log.error(f"cannot start: {failure.message}", exit_code=int(failure.code))
        return failure.code


class Operator:
    """The parts and their threads. Whoever adds a part adds it to `_start`, `ailments` and `_stop`."""

    def __init__(self, world: World) -> None:
        """Build the parts and join them; nothing runs yet, but the health port is taken.

        Raises:
            StartFailure: the port is not free.
        """
        settings, clock, meter, connection, cloud = (
            world.settings, world.clock, world.meter, world.connection, world.cloud,
        )  # fmt: skip
        self._world = world
        self._is_listed = threading.Event()
        self._is_lost = threading.Event()
        self._store = KubeStore(connection, settings.namespaces)
        self._loop = EngineLoop(clock)
        self._threads = ThreadPool(self._loop.post)
        self._lanes = Lanes(clock, self._threads, meter)
        self._announcer = EventAnnouncer(connection, clock, meter.event)
        outside = Outside(
            router=cloud.router,
            catalog=cloud.catalog,
            alarms=cloud.alarms,
            reach=cloud.reach,
            store=self._store,
            announcer=self._announcer,
            meter=meter,
            schema_problem=lambda: crd_problem(connection),
        )
        candidate = _candidate(world)
        self._engine = Engine(
            clock=clock,
            workers=self._lanes,
            outside=fenced(outside, candidate.is_leader) if candidate else outside,
            min_poll_interval_s=settings.min_poll_interval.seconds,
            stands_by=candidate is not None,
        )
        self._loop.attach(self._engine)
        self._informer = Informer(
            connection,
            settings.namespaces,
            seen=lambda resource: self._loop.post(lambda: self._engine.upsert(resource)),
            gone=lambda uid: self._loop.post(lambda: self._engine.forget(uid)),
            restarted=meter.kopf_restarted,
            clock=clock,
        )
        self._sweeper = Sweeper(self._sweep)
        self._election = (
            Election(candidate, self._elected, self._is_lost.set, Random())  # noqa: S311 - jitter, no secret
            if candidate
            else None
        )
        meter.leads(is_leader=self._election is None)
        meter.watch_buckets(cloud.bucket_fills)
        meter.watch_calls(lambda: connection.lost_threads)
        self._health = self._bind_health(settings.health_port)

    def run(self, patience: Patience, stopping: threading.Event) -> Exit:
        """Start all, watch over it until asked to stop, stop all."""
        self._start(patience)
        while not stopping.wait(0.5):
            if self._is_lost.is_set():
                _exit_now(Exit.LEASE_LOST)
            if ended := self._ended():
                _log.critical("a thread has ended, and so does the operator", threads=ended)
                return Exit.CRASHED
        _log.info("stopping: what is under way is finished, nothing new begins")
        return self._stop()

    def ailments(self) -> list[str]:
        """What is wrong, in sentences; /livez shows it."""
        age_s = self._loop.heartbeat_age_s()
        stuck = [f"the engine has not moved for {age_s:.0f} s"] if age_s > _STUCK_AFTER_S else []
        lost = self._lanes.lost + self._world.connection.lost_threads
        if lost > _MOST_LOST_THREADS:
            stuck.append(f"{lost} threads are held by calls that have no end")
        return stuck + [f"the thread of the {part} has ended" for part in self._ended()]

    def unready(self) -> list[str]:
        """What is not there yet; /readyz shows it."""
        return [] if self._is_listed.is_set() else ["the resources have not been listed yet"]

    def _start(self, patience: Patience) -> None:
        for part in (self._loop, self._announcer, self._informer, self._sweeper, self._health):
            part.start()
        _log.info("health is served", port=self._health.port)
        first_list(self._world.connection, self._sweep, patience)
        if self._election is not None:
            self._election.start()
        self._is_listed.set()

    def _stop(self) -> Exit:
        self._sweeper.stop()
        self._informer.stop(timeout_s=0)
        is_drained = self._loop.stop(_DRAIN_S)
        if self._election is not None:
            self._election.stop(timeout_s=0.5)
        self._announcer.stop(timeout_s=0.5)
        self._informer.stop(timeout_s=0.5)
        self._threads.stop()
        self._health.stop()
        if not is_drained:
            _log.warning("stopped before all was written; the next start goes on from the status")
            _exit_now(Exit.STOPPED)
        self._world.cloud.close()
        self._world.connection.close()
        return Exit.STOPPED

    def _ended(self) -> list[str]:
        """Parts whose thread should run and does not."""
        parts = {
            "engine": self._loop.is_alive,
            "informer": self._informer.is_alive(),
            "sweeper": self._sweeper.is_alive(),
            "Events": self._announcer.is_alive(),
            "election": self._election is None or self._election.is_alive() or self._is_lost.is_set(),
        }
        return [part for part, is_alive in parts.items() if not is_alive]

    def _elected(self) -> None:
        """Take over from what the API server has now; if it does not answer, from what the watch brought."""
        try:
            self._sweep()
        except PortError as error:
            _log.warning("leading from what the watch has brought", why=error.why)
        self._world.meter.leads(is_leader=True)
        self._loop.post(self._engine.lead)

    def _sweep(self) -> int:
        resources = self._store.list()
        self._world.meter.swept(self._world.clock.now())
        self._loop.post(lambda: self._engine.sweep(resources))
        return len(resources)

    def _bind_health(self, port: int) -> HealthServer:
        try:
            return HealthServer(port, self.ailments, self.unready, self._world.meter.render)
        except OSError as error:
            why = (
                f"port {port} cannot be used for health: {error}; give another --health-port, 0 takes any that is free"
            )
            raise StartFailure(Exit.BAD_CONFIGURATION, why) from error


def _find_world(settings: Settings, clock: SteadyClock, patience: Patience, environ: Mapping[str, str]) -> World:
    connection = reach_cluster(settings, patience, environ)
    meter = PrometheusMeter()
    cloud = check_aws(lambda: connect_aws(clock, meter, _AWS_CALLERS))
    home = settings.leader_elect_namespace or namespace_of(settings.kubeconfig, settings.context, environ)
    check_rights(connection, settings, patience, home)
    return World(settings, clock, meter, connection, cloud, home)


def _candidate(world: World) -> Candidate | None:
    """A contender for the lease; None for an operator that is told to be alone."""
    if not world.settings.leader_elect:
        return None
    identity = f"{socket.gethostname()}_{uuid.uuid4()}"
    leases = LeaseStore(world.connection, world.lease_namespace, LEASE)
    return Candidate(identity, leases, world.clock, Terms())


def _exit_now(code: Exit) -> NoReturn:
    """End without waiting for workers whose calls have yet to time out."""
    logging.shutdown()
    os._exit(code)


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Tell in the log's own format why a thread has ended; Python would print a traceback between lines of JSON."""
    name = ended.thread.name if ended.thread else None
    _log.critical("a thread has failed", thread=name, exc_info=ended.exc_value)


def _stop_on_signals() -> threading.Event:
    """Give an event that SIGTERM and SIGINT set; a second SIGINT ends the process at once, for impatient people."""
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.set()
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping
