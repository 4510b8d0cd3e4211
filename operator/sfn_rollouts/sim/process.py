"""One process of the operator: the real engine, its inbox and its workers, as `app.Operator` joins them.

It may end between any two effects, and be set aside for a while with all that it has under way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.decision import Decision
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.loop import DRAIN_S, QUIET_LOOK_S
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.engine.sweeper import INTERVAL_S
from sfn_rollouts.leading.candidate import Candidate, LeaseDurations
from sfn_rollouts.ports import Clock, Lane, NoAccesses, Outside, Workers
from sfn_rollouts.sim.accesses import AccessServer, SimAccessStore
from sfn_rollouts.sim.api_server import ApiServer
from sfn_rollouts.sim.cloudwatch import CloudWatch
from sfn_rollouts.sim.history import Decided, Defect, ProcessChanged, WholeHistory
from sfn_rollouts.sim.host import HostClock
from sfn_rollouts.sim.lease import LeaseServer, SimLeases
from sfn_rollouts.sim.network import Network
from sfn_rollouts.sim.ports import (
    NopMeter,
    SimAlarmFeed,
    SimAnnouncer,
    SimCatalog,
    SimExecutionFeed,
    SimReach,
    SimRouter,
    SimSmokes,
    SimStore,
    SimTargets,
)
from sfn_rollouts.sim.sessions import Sessions, SessionsOf, Signed, TokenService
from sfn_rollouts.sim.step_functions import StepFunctions
from sfn_rollouts.sim.strand import Strand
from sfn_rollouts.sim.timeline import Timeline, us
from sfn_rollouts.wiring import Wiring

Result = TypeVar("Result")
_LIST_RETRY_S = 1.0
_ASKED_TWICE_EVERY = 3


class CallCounter:
    """Numbers the calls of a run from 1. `fatal` has those at which the process ends (number, and whether after it took
    effect) and for how many seconds it is away; each is met once.
    """

    def __init__(self, fatal: Mapping[tuple[int, bool], float]) -> None:
        self.count = 0
        self._fatal = dict(fatal)

    def next(self) -> int:
        """Return the next number."""
        self.count += 1
        return self.count

    def down_s(self, call: int, is_after_effect: bool) -> float | None:
        """For how long the process is away that ends here; None: it does not."""
        return self._fatal.pop((call, is_after_effect), None)


OutsideOf = Callable[[Outside, "Process", Clock], Outside]


def unchanged(outside: Outside, _process: "Process", _clock: Clock) -> Outside:
    """Return the ports as they are."""
    return outside


@dataclass(frozen=True)
class Surroundings:
    """What a process stands in.

    `decide` is the core's, `outside_of`, `workers_of` and `sessions_of` change nothing, but for the tests of the
    invariants, which put mutants there, and for a world that is more than one alias.
    """

    timeline: Timeline
    history: WholeHistory
    network: Network
    machine: StateMachineArn
    step_functions: StepFunctions
    cloudwatch: CloudWatch
    api_server: ApiServer
    host: HostClock
    random: Random
    calls: CallCounter
    decide: Decide
    min_poll_interval_s: float
    leases: LeaseServer | None
    candidate_type: type[Candidate]
    tokens: TokenService
    random_of_sessions: Random
    sessions_of: SessionsOf = lambda sessions: sessions
    workers_of: Callable[[Workers], Workers] = lambda workers: workers
    outside_of: OutsideOf = unchanged
    accesses: AccessServer | None = None


class Process:
    """`number` counts the processes of a run from 1; one that ends by itself `comes_back` after so many seconds."""

    def __init__(self, number: int, around: Surroundings, comes_back: Callable[[float], None]) -> None:
        self.number = number
        self._comes_back = comes_back
        self._around = around
        self._history, self._timeline = around.history, around.timeline
        self.is_dead = self.is_frozen = False
        self._inbox: list[Callable[[], None]] = []
        self._mine: list[Strand] = []
        self._running: Strand | None = None
        self._timer = 0
        self._rounds: tuple[tuple[datetime, int] | None, int] = (None, 0)
        self._clock = SteadyClock(around.host.wall, around.host.monotonic)
        outside = around.outside_of(self._outside(around), self, self._clock)
        self._is_stopping = self._has_resigned = False
        self._wiring = Wiring(
            clock=self._clock,
            workers=around.workers_of(Lanes(self._clock, self, outside.meter)),
            outside=outside,
            post=self.post,
            candidate=self._candidate(around),
            lost=self._lost,
            min_poll_interval_s=around.min_poll_interval_s,
            random=around.random,
            decide=self._decide,
        )
        self.engine = self._wiring.engine

    def _outside(self, around: Surroundings) -> Outside:
        """One alias in one place."""
        service, history, timeline = around.step_functions, around.history, around.timeline
        network = self.signed(around.network)
        return Outside(
            router=SimRouter(self, network, service, history, timeline, self._clock),
            catalog=SimCatalog(self, network, service, self._clock),
            targets=SimTargets(self, network, service, self._clock),
            executions=SimExecutionFeed(self, network, service),
            smokes=SimSmokes(self, network, service, history, timeline, self._clock),
            alarms=SimAlarmFeed(self, network, around.cloudwatch),
            reach=SimReach(self, network, around.machine),
            store=SimStore(self, around.network, around.api_server, service, history, timeline),
            announcer=SimAnnouncer(history, timeline),
            meter=NopMeter(),
            accesses=SimAccessStore(self, around.network, around.accesses)
            if around.accesses is not None
            else NoAccesses(),
        )

    def signed(self, network: Network) -> Signed:
        """Return a way to AWS: over this network each call is signed for whom the strand acts for."""
        around = self._around
        sessions = Sessions(self, network, around.tokens, self._timeline, self._clock, around.random_of_sessions)
        return Signed(network, around.sessions_of(sessions), around.tokens, self._history, self._timeline)

    # -- its life --

    def start(self) -> None:
        """List, then go on by what the watch brings."""
        self._note("started")
        self._list_first()
        self._timeline.after(INTERVAL_S, self._unless_dead(lambda: self._repeat(self._wiring.sweeper.sweep)))

    def kill(self) -> None:
        """SIGKILL: whatever has not left the process never will."""
        if self.is_dead:
            return
        self._note("killed")
        self.is_dead = True
        self._inbox.clear()
        self.unwind()

    def unwind(self) -> None:
        """Leave nothing under way. The garbage collector does not see a cycle that goes through a call stack."""
        for strand in self._mine:
            if strand.is_busy and strand is not self._running:
                strand.kill()

    def freeze(self) -> None:
        """SIGSTOP."""
        self._note("frozen")
        self.is_frozen = True

    def thaw(self) -> None:
        """SIGCONT: everything that came meanwhile comes now."""
        if self.is_dead or not self.is_frozen:
            return
        self._note("thawed")
        self.is_frozen = False
        waiting, self._inbox = self._inbox, []
        for action in waiting:
            self._enter(action)
        self._enter(lambda: None)

    def stop(self) -> None:
        """SIGTERM: drain, then end."""
        self._note("asked to stop")
        self._is_stopping = True
        self.post(self.engine.drain)
        self._wait_quiet(self._timeline.now_us + us(DRAIN_S))

    def _wait_quiet(self, end_us: int) -> None:
        if self.is_dead:
            return
        if not self.is_frozen and (self.engine.is_quiet or self._timeline.now_us >= end_us):
            self._release()
        else:
            self._timeline.after(QUIET_LOOK_S, lambda: self._wait_quiet(end_us))

    def _note(self, what: str) -> None:
        self._history.add(ProcessChanged(self._timeline.now_us, self.number, what))

    # -- the engine's thread --

    def post(self, action: Callable[[], None]) -> None:
        """Have this called in the engine's thread: at once, or when the process goes on."""
        if self.is_frozen:
            self._inbox.append(action)
        elif not self.is_dead:
            self._enter(action)

    def _enter(self, action: Callable[[], None]) -> None:
        try:
            action()
            next_due = self.engine.run_due()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self._history.add(Defect(self._timeline.now_us, self.number, f"{type(error).__name__}: {error}"))
            return
        self._timer += 1
        if next_due is not None:
            timer = self._timer
            self._timeline.at(self._around.host.true_us_of(next_due), lambda: self._alarm(timer))

    def _alarm(self, timer: int) -> None:
        if timer == self._timer:
            self.post(lambda: None)

    # -- what has threads of its own in the product --

    def _list_first(self) -> None:
        """Read the list, again after a second for as long as it takes; then it may be elected."""

        def done(result: int | Exception) -> None:
            if isinstance(result, Exception):
                self._timeline.after(_LIST_RETRY_S, self._unless_dead(self._list_first))
            elif self._wiring.election is not None:
                self._repeat(self._wiring.election.bid)

        self.run(Lane.REPORT, self._wiring.sweeper.list_all, done)

    def _repeat(self, step: Callable[[], float | None]) -> None:
        """Take a step, and the next one when it says."""

        def done(next_at: float | Exception | None) -> None:
            if isinstance(next_at, Exception):
                raise next_at
            if next_at is not None and not self._has_resigned:
                again = self._unless_dead(lambda: self._repeat(step))
                self._timeline.at(self._around.host.true_us_of(next_at), again)

        self.run(Lane.REPORT, step, done)

    def _unless_dead(self, action: Callable[[], None]) -> Callable[[], None]:
        return lambda: None if self.is_dead else action()

    def hear(self, resource: Mapping[str, Any], is_gone: bool) -> None:
        """The watch brings a change."""
        if is_gone:
            self._wiring.gone(resource["metadata"]["uid"])
        else:
            self._wiring.seen(resource)

    def hear_of_access(self, access: Mapping[str, Any], is_gone: bool) -> None:
        """The watch brings a change of an AWSAccess."""
        if is_gone:
            self._wiring.access_gone(access["metadata"]["uid"])
        else:
            self._wiring.access_seen(access)

    # -- the election --

    def _candidate(self, around: Surroundings) -> Candidate | None:
        if around.leases is None:
            return None
        leases = SimLeases(self, around.network, around.leases, around.history, around.timeline)
        return around.candidate_type(f"operator-{self.number}", leases, self._clock, LeaseDurations())

    def _lost(self) -> None:
        if self._is_stopping:
            return  # it ends anyway
        self._note("has lost the lease and ends")
        self.kill()
        self._comes_back(0.0)

    def _release(self) -> None:
        self._has_resigned = True
        election = self._wiring.election
        if election is None:
            self.kill()
        else:
            self.run(Lane.REPORT, election.release, lambda _: self.kill())

    # -- ports.Threads --

    def run(self, lane: Lane, work: Callable[[], Result], done: Callable[[Result | Exception], None]) -> None:
        """Run `work` in a strand from now on; `done` comes back through the inbox."""

        def call() -> None:
            result: Result | Exception
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - as in `engine.workers`
                result = error
            outcome = result
            self._timeline.after(0.0, lambda: self.post(lambda: done(outcome)))

        self._timeline.after(0.0, lambda: self._begin(call))

    def _begin(self, run: Callable[[], None]) -> None:
        if self.is_frozen:
            self._inbox.append(lambda: self._begin(run))
        elif not self.is_dead:
            strand = Strand(run)
            self._mine.append(strand)
            self._run(strand)

    def _run(self, strand: Strand) -> None:
        self._running = strand
        strand.resume()
        self._running = None
        if self.is_dead and strand.is_busy:
            strand.kill()
        if not strand.is_busy:
            self._mine.remove(strand)

    # -- network.Caller --

    def strand(self) -> Strand:
        """The strand that is running."""
        if self._running is None:
            raise RuntimeError("a blocking call outside of the workers")
        return self._running

    def wake(self, strand: Strand) -> None:
        """Let the strand go on; a frozen process goes on later, a dead one never."""
        if self.is_frozen:
            self._inbox.append(lambda: self.wake(strand))
        elif not self.is_dead:
            self._run(strand)

    def begin_call(self) -> int:
        """Return the number of the call that begins, counted over all processes of the run."""
        return self._around.calls.next()

    def meets_its_end(self, call: int, *, is_after_effect: bool) -> bool:
        """End here if the scenario says so."""
        down_s = None if self.is_dead else self._around.calls.down_s(call, is_after_effect)
        if down_s is None:
            return False
        self.kill()
        self._comes_back(down_s)
        return True

    # -- what is decided --

    def _decide(self, rollout: Rollout, seen: Observation, now: datetime) -> Decision:
        around = self._around
        decision = around.decide(rollout, seen, now)
        is_asked = len(self._history.decided) % _ASKED_TWICE_EVERY == 0
        is_equal_again = not is_asked or around.decide(rollout, seen, now) == decision
        number = self._history.births[rollout.created_at]
        moment, rounds = self._rounds
        follows = moment == (now, number) and decision.status != rollout.status
        self._rounds = ((now, number), rounds + 1 if follows else 1)
        error_us = round((now - self._timeline.now).total_seconds() * 1_000_000)
        self._history.add(
            Decided(
                self._timeline.now_us,
                self.number,
                rollout,
                seen,
                now,
                decision,
                is_equal_again,
                self._rounds[1],
                error_us,
                number,
            )
        )
        return decision
