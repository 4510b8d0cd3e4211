"""`python -m devenv.judge_bench [--runs 2000]`: prints the tables and the bars; exit code 1 where a bar is missed."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from devenv.judge_bench import judges, whole
from devenv.judge_bench.bars import ERRORS, Bar, share_error
from devenv.judge_bench.worlds import (
    CANARY,
    HALF,
    OUTAGE,
    OWN_BURSTS,
    RISING,
    SHARED_BURSTS,
    STEADY,
    STEPS,
    Schedule,
    World,
    play,
    steady,
)
from sfn_rollouts.analysis import Policy, Verdict
from sfn_rollouts.analysis.evidence import NOT_WORSE_FROM, NotWorse
from sfn_rollouts.analysis.values import Cohort, Split

POLICY = Policy()
NULLS: Sequence[tuple[World, Schedule, int]] = [
    (world, schedule, executions)
    for world in (*STEADY, RISING, OUTAGE, SHARED_BURSTS)
    for schedule in (STEPS, HALF)
    for executions in (10, 100, 1000)
]
LOW_TRAFFIC = [(0.0, 1.0), (0.01, 1.0), (0.01, 0.5), (0.0, 0.2), (0.01, 0.21), (0.05, 0.25)]
BUSY = [
    *((0.0, target) for target in (0.05, 0.2)),
    *((0.001, target) for target in (0.002, 0.005, 0.02, 0.051, 0.201)),
    *((0.01, target) for target in (0.02, 0.05, 0.06, 0.2, 0.21, 0.5)),
    *((0.05, target) for target in (0.1, 0.25)),
    *((0.2, target) for target in (0.25, 0.4)),
]
"""Twice, 5 and 20 times as often, 5 and 20 points more; and half of all."""

SHOWN: Sequence[tuple[int, float, float, Schedule]] = [
    *((10, 0.01, 1.0, schedule) for schedule in (STEPS, HALF)),
    (30, 0.01, 1.0, STEPS),
    (100, 0.01, 0.5, STEPS),
    *((100, 0.01, 0.21, schedule) for schedule in (STEPS, HALF)),
    (300, 0.0, 0.2, STEPS),
    *((1000, *pair, STEPS) for pair in ((0.01, 0.05), (0.01, 0.2), (0.05, 0.25))),
    *((10_000, *pair, STEPS) for pair in ((0.001, 0.005), (0.01, 0.02), (0.01, 0.05))),
    (1000, 0.01, 0.2, CANARY),
    *((10_000, 0.01, target, CANARY) for target in (0.05, 0.2)),
]


@dataclass(frozen=True, slots=True)
class Cell:
    """What the judges said of one world, in percent of its rollouts."""

    title: str
    runs: int
    ours: float
    spent: float
    minute: float
    minute_error: float
    target: float
    kayenta: float
    flagger: float
    z_test: float


def main(arguments: list[str] | None = None) -> int:
    """Measure on all cores, print, and compare with the bars."""
    parser = argparse.ArgumentParser(prog="make judge-bench")
    parser.add_argument("--runs", type=int, default=2000, help="simulated rollouts of a cell [default: 2000]")
    runs = parser.parse_args(arguments).runs
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        bars = [
            *_false_alarms(pool, runs),
            *_power(pool, runs),
            *_means(pool, max(runs // 5, 100)),
            *_others(pool, runs),
        ]
    failures, everything = whole.cpu_ms(has_durations=False), whole.cpu_ms(has_durations=True)
    print(f"\nCPU of the judge for 100,000 executions: {min(failures):.0f} ms, with durations {min(everything):.0f} ms")
    error = float(np.std(failures))  # a busy machine shows in it
    bars.append(Bar("CPU for 100,000 executions", min(failures), 50.0, is_at_most=True, error=error, unit="ms"))
    print(_bars(bars))
    return 0 if all(each.holds for each in bars) else 1


def _measure(runs: int, rivals: int, cell: tuple[World, Schedule, int]) -> Cell:
    """Play one cell; Kayenta's judge, which takes the longest, is asked about `rivals` rollouts."""
    world, schedule, executions = cell
    seed = (executions, *map(ord, world.name + schedule.name))
    rollouts = play(world, schedule, executions, runs, seed)
    ours, flagger, z_test = judges.ours(rollouts, POLICY), judges.flagger(rollouts), judges.z_test_peeked(rollouts)
    kayenta = judges.kayenta(play(world, schedule, executions, rivals, seed))
    title = f"{executions:,}, {schedule.name}, {world.name}"
    spent = float(100 * np.mean(ours.spent))
    figures = (ours.share, spent, ours.median_minute, ours.minute_error, ours.median_target)
    return Cell(title, runs, *figures, kayenta.share, flagger.share, z_test.share)


def _false_alarms(pool: ProcessPoolExecutor, runs: int) -> Iterable[Bar]:
    cells = _measured(pool, [*NULLS, (OWN_BURSTS, STEPS, 1000)], runs, rivals=300)
    _print_cells("False alarms: both versions fail alike (the last line: on average only)", cells)
    alike = cells[:-1]
    worst = max(alike, key=lambda each: each.ours)
    yield Bar(
        f"false Worse, worst of {len(alike)} cells ({worst.title})",
        worst.ours,
        1.0,
        is_at_most=True,
        error=share_error(worst.ours, runs),
    )
    yield Bar(
        "the same by its exact chance, given the outcomes", max(each.spent for each in alike), 0.7, is_at_most=True
    )


def _power(pool: ProcessPoolExecutor, runs: int) -> Iterable[Bar]:
    cells = _measured(pool, [(steady(a, b), schedule, n) for n, a, b, schedule in SHOWN], runs, rivals=300)
    _print_cells("What is noticed", cells)
    by_title = {each.title: each for each in cells}
    for title, at_least in (
        ("10, 50 %, 1 -> 100 %", 90),
        ("30, 10/50/100, 1 -> 100 %", 88),
        ("100, 10/50/100, 1 -> 50 %", 90),
        ("100, 10/50/100, 1 -> 21 %", 28),
        ("100, 50 %, 1 -> 21 %", 65),
        ("300, 10/50/100, 0 -> 20 %", 95),
        ("1,000, 10/50/100, 1 -> 5 %", 40),
        ("1,000, 10/50/100, 1 -> 20 %", 99),
        ("1,000, 10/50/100, 5 -> 25 %", 99),
        ("10,000, 10/50/100, 1 -> 2 %", 48),
        ("10,000, 10/50/100, 1 -> 5 %", 99),
    ):
        yield Bar(title, by_title[title].ours, at_least, error=share_error(by_title[title].ours, runs))
    for title, minute in (
        ("1,000, 10/50/100, 1 -> 20 %", 7.0),
        ("1,000, 10/50/100, 5 -> 25 %", 10.0),
        ("10,000, 10/50/100, 1 -> 5 %", 7.0),
    ):
        cell = by_title[title]
        yield Bar(f"{title}: median", cell.minute, minute, is_at_most=True, error=cell.minute_error, unit="min")
    target = by_title["30, 10/50/100, 1 -> 100 %"].target
    yield Bar("30, 10/50/100, 1 -> 100 %: median", target, 3.0, is_at_most=True, unit="executions of target")


def _means(pool: ProcessPoolExecutor, runs: int) -> Iterable[Bar]:
    print("\nMean over a grid, in percent\n\n| executions, plans, cells | ours | Kayenta | ratio |\n|---|---|---|---|")
    low, busy = (STEPS, HALF), (STEPS, CANARY)
    for executions, schedules, pairs, at_least in (
        *((executions, low, LOW_TRAFFIC, 1.0) for executions in (10, 20, 30, 100)),
        (300, low, LOW_TRAFFIC, None),
        (1000, busy, BUSY, 1.6),
        (10_000, busy, BUSY, 1.5),
        (10_000, (CANARY,), BUSY, 4.0),
    ):
        grid = [(steady(a, b), schedule, executions) for schedule in schedules for a, b in pairs]
        cells = _measured(pool, grid, runs, rivals=runs)
        ours, kayenta = (float(np.mean([getattr(cell, name) for cell in cells])) for name in ("ours", "kayenta"))
        title = f"{executions:,}, {' and '.join(each.name for each in schedules)}, {len(grid)} cells"
        ratio = ours / max(kayenta, 100 / runs / len(grid))
        print(f"| {title} | {ours:.1f} | {kayenta:.1f} | {ratio:.1f} |")
        if at_least is not None:
            error = ratio * sum(share_error(each, runs * len(grid)) / max(each, 0.1) for each in (ours, kayenta))
            yield Bar(f"mean of {title}, against Kayenta", ratio, at_least, error=error, unit="times")


def _others(pool: ProcessPoolExecutor, runs: int) -> Iterable[Bar]:
    failures = Policy(durations=False)
    found = partial(_share_of, pool, runs)
    for name, slower in (("same", 1.0), ("4x slower", 4.0)):
        share = found(Verdict.WORSE, STEPS, 3000, (0.02, 0.02), whole.Durations(120.0, 15.0, slower), failures, 600.0)
        yield _share_bar(f"late outcomes, {name}: false Worse", share, 1.2, runs, is_at_most=True)
    for fails in ((0.0, 1.0), (0.01, 1.0)):
        share = found(Verdict.SUSPECT, STEPS, 10, fails, whole.Durations(spread=0.0), POLICY, 1.0)
        yield _share_bar(f"10, {100 * fails[0]:g} -> 100 %: Suspect", share, 95.0, runs)
    for factor, bar, is_at_most in ((2.0, 95.0, False), (1.2, 0.5, True), (1.0, 0.3, True)):
        share = found(Verdict.SLOWER, STEPS, 1000, (0.0, 0.0), whole.Durations(slower=factor), POLICY, 60.0)
        yield _share_bar(f"1,000, x{factor:g}: Slower", share, bar, runs, is_at_most=is_at_most)
    edge = [
        (base, base + margin, margin, schedule, executions)
        for base in (0.001, 0.01, 0.05)
        for margin in (0.01, 0.02, 0.05, 0.1)
        for schedule in (STEPS, HALF)
        for executions in (100, 1000)
    ]
    claimed = list(pool.map(partial(_not_worse, runs // 4), *zip(*edge, strict=True)))
    worst = max(claimed)
    yield _share_bar(f"NotWorse at the edge, worst of {len(edge)} cells", worst, 5.0, runs // 4, is_at_most=True)
    share = _not_worse(runs // 4, 0.01, 0.01, 0.05, HALF, 1000)
    yield _share_bar("1,000, 50 %, both 1 %: NotWorse by 5 points", share, 98.0, runs // 4)


def _share_bar(goal: str, share: float, bar: float, runs: int, *, is_at_most: bool = False) -> Bar:
    return Bar(goal, share, bar, is_at_most=is_at_most, error=share_error(share, runs))


def _share_of(pool: ProcessPoolExecutor, runs: int, verdict: Verdict, *rollout: Any) -> float:
    """Return in how many of 100 rollouts this verdict stood, played through the whole judge."""
    stood = pool.map(partial(whole.judged, *rollout), [(number, runs) for number in range(runs)], chunksize=20)
    return 100 * sum(verdict in each for each in stood) / runs


def _not_worse(runs: int, stable: float, target: float, margin: float, schedule: Schedule, executions: int) -> float:
    """Return in how many of 100 rollouts NotWorse stood at any look."""
    rollouts, claims = play(steady(stable, target), schedule, executions, runs, (executions, round(1e4 * margin))), 0
    for row in judges.rows(rollouts):
        test = NotWorse(margin)
        for weight, (ran, ran_stable, bad, bad_stable) in zip(schedule.weights, row, strict=True):
            if weight < 1.0:
                test.take([Cohort(weight, Split(bad_stable, bad), Split(ran_stable - bad_stable, ran - bad))])
            if test.evidence >= NOT_WORSE_FROM:
                claims += 1
                break
    return 100 * claims / runs


def _measured(
    pool: ProcessPoolExecutor, grid: Sequence[tuple[World, Schedule, int]], runs: int, *, rivals: int
) -> list[Cell]:
    return list(pool.map(partial(_measure, runs, min(runs, rivals)), grid))


def _print_cells(title: str, cells: Sequence[Cell]) -> None:
    print(f"\n{title}, in percent of {cells[0].runs:,} rollouts\n")
    print(
        "| executions, plan, stable -> target | ours | exact chance | median minute | target executions by then"
        " | Kayenta | Flagger | z test, peeked |\n|---|---|---|---|---|---|---|---|"
    )
    for each in cells:
        when = f"{each.minute:.1f} | {each.target:.0f}" if each.ours else "|"
        print(
            f"| {each.title} | {each.ours:.2f} | {each.spent:.2f} | {when} | {each.kayenta:.1f} | {each.flagger:.0f}"
            f" | {each.z_test:.0f} |"
        )


def _bars(bars: Sequence[Bar]) -> str:
    lines = [
        f"| {each.goal} | {each.measured:.2f} {each.unit} | {'<=' if each.is_at_most else '>='} {each.bar:g} "
        f"| {each.error:.2f} | {'holds' if each.holds else 'MISSED'} |"
        for each in bars
    ]
    head = f"\nBars; missed where {ERRORS:g} standard errors cannot explain it\n\n| goal | measured | bar | error | |"
    return "\n".join([head, "|---|---|---|---|---|", *lines])


if __name__ == "__main__":
    sys.exit(main())
