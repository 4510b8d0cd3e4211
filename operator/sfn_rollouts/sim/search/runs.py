"""The search: thousands of scenarios by chance and all small ones, each judged; what fails is kept as a seed."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from sfn_rollouts.api.status import Outcome
from sfn_rollouts.core.decide import decide
from sfn_rollouts.engine.settle import Decide
from sfn_rollouts.sim.history import Broken
from sfn_rollouts.sim.scenario import Scenario, from_json
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.search.exhaustive import Case, cases
from sfn_rollouts.sim.search.false_alarms import FalseAlarms
from sfn_rollouts.sim.search.invariants.ending import crashes_change_no_end
from sfn_rollouts.sim.search.invariants.judging import Judge
from sfn_rollouts.sim.world import Run, World

_BACK = (Outcome.ROLLED_BACK, Outcome.ABORTED, Outcome.SUPERSEDED)
_CHUNK = 25
_SHARE = 200
"""The cases that share a smooth run follow each other: long shares play few of those twice."""

Share = list[Case] | range
"""Small cases, or seeds."""


@dataclass(frozen=True)
class Failure:
    """A scenario that broke an invariant."""

    scenario: Scenario
    broken: Broken


@dataclass
class Tally:
    """What a search went through."""

    runs: int = 0
    small_cases: int = 0
    rivalries: int = 0
    simulated_s: float = 0.0
    ticks: int = 0
    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    crashes: int = 0
    rollbacks: int = 0
    takeovers: int = 0
    failures: list[Failure] = field(default_factory=list)
    judged: int = 0
    false_alarms: FalseAlarms = field(default_factory=FalseAlarms)

    def note(self, run: Run, judge: Judge) -> None:
        """Count a run."""
        self.runs += 1
        self.rivalries += run.scenario.rollouts > 1
        self.simulated_s += run.timeline.now_s
        self.ticks += len(run.history.decided)
        self.calls += run.calls
        self.faults += run.faults.injected
        self.checked += judge.checked
        self.crashes += sum(each.what == "killed" for each in run.history.processes)
        statuses = [view.status for view in run.history.views if view.status is not None]
        self.rollbacks += sum(each.outcome in _BACK for status in statuses for each in status.history)
        self.takeovers += run.history.takeovers
        self.judged += run.scenario.callers is not None
        self.false_alarms.note(run)
        if run.broken is not None:
            self.failures.append(Failure(run.scenario, run.broken))

    def add(self, other: "Tally") -> None:
        """Take another's counts."""
        self.runs += other.runs
        self.small_cases += other.small_cases
        self.rivalries += other.rivalries
        self.simulated_s += other.simulated_s
        self.ticks += other.ticks
        self.calls += other.calls
        self.faults += other.faults
        self.checked += other.checked
        self.crashes += other.crashes
        self.rollbacks += other.rollbacks
        self.takeovers += other.takeovers
        self.failures += other.failures
        self.judged += other.judged
        self.false_alarms.add(other.false_alarms)

    @property
    def is_clean(self) -> bool:
        """Whether no world broke an invariant, nor all of them together the one of false alarms."""
        return not self.failures and not self.false_alarms.is_too_many

    def lines(self) -> Iterator[str]:
        """Return it for people, a line each."""
        yield f"small cases          {self.small_cases}"
        yield f"runs                 {self.runs}, of them {self.rivalries} with two resources on one alias"
        yield f"simulated hours      {self.simulated_s / 3600:.1f}"
        yield f"ticks (decisions)    {self.ticks}"
        yield f"calls                {self.calls}"
        yield f"processes killed     {self.crashes}"
        yield f"rollbacks            {self.rollbacks}"
        yield f"takeovers            {self.takeovers}"
        yield f"judged by executions {self.judged}"
        yield f"false alarms         {self.false_alarms}{': TOO MANY' if self.false_alarms.is_too_many else ''}"
        yield f"faults injected      {sum(self.faults.values())}"
        yield from (f"  {kind:<18} {count}" for kind, count in sorted(self.faults.items()))
        yield f"invariants checked   {len(self.checked)}, {sum(self.checked.values())} times"
        yield from (f"  {name:<45} {count}" for name, count in sorted(self.checked.items()))


def play(scenario: Scenario, decide: Decide = decide) -> tuple[Run, Judge]:
    """Play one scenario before the judge."""
    judge = Judge()
    return World(scenario, judge, decide).run(), judge


def by_chance(seeds: Iterable[int]) -> Tally:
    """Play the scenarios of these seeds."""
    tally = Tally()
    for seed in seeds:
        tally.note(*play(scenario_of(seed)))
    return tally


def exhaustively(chosen: Iterable[Case]) -> Tally:
    """Play these small cases; each must end as it does without its crash."""
    tally, ends = Tally(), dict[str, Run]()
    for case in chosen:
        smooth = ends.get(case.smooth.name)
        if smooth is None:
            smooth, judge = play(case.smooth)
            ends[case.smooth.name] = smooth
            tally.note(smooth, judge)
        run, judge = play(case.scenario)
        tally.note(run, judge)
        tally.small_cases += 1
        tally.checked[crashes_change_no_end.__name__] += 1
        differs = crashes_change_no_end(run, smooth) if run.broken is None else None
        if differs is not None:
            tally.failures.append(Failure(case.scenario, Broken(crashes_change_no_end.__name__, differs)))
    return tally


def corpus(folder: Path) -> Tally:
    """Play the scenarios of former failures, one a file."""
    tally = Tally()
    for file in sorted(folder.glob("*.json")):
        tally.note(*play(from_json(json.loads(file.read_text()))))
    return tally


def everywhere(
    seeds: range,
    processes: int | None = None,
    report: Callable[[Tally], None] = lambda _: None,
    small: Iterable[Case] | None = None,
) -> Tally:
    """Play all small cases (or those given) and these seeds on all cores; `report` gets the sum so far."""
    tally = Tally()
    chosen = list(cases() if small is None else small)
    shares: list[Share] = [chosen[start : start + _SHARE] for start in range(0, len(chosen), _SHARE)]
    shares += [range(start, min(start + _CHUNK, seeds.stop)) for start in seeds[::_CHUNK]]
    with get_context("fork").Pool(processes or os.cpu_count() or 1) as pool:
        for part in pool.imap(_work, shares):
            tally.add(part)
            report(tally)
    return tally


def _work(share: Share) -> Tally:
    return by_chance(share) if isinstance(share, range) else exhaustively(share)


def rate(tally: Tally, since: float) -> str:
    """Return how fast it went, in true seconds since a moment of `time.monotonic`."""
    took_s = max(time.monotonic() - since, 0.001)
    hours = tally.simulated_s / 3600
    return f"{took_s:.0f} s: {tally.runs / took_s:.1f} runs and {hours / took_s:.2f} simulated hours a second"
