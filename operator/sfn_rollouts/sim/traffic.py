"""Callers of one alias: who starts executions, under which version each one runs, and how it ends.

Arrivals are a Poisson process; AWS's coin falls by the routing that is in force at that moment. Everything follows from
the random numbers and from what the alias was, so a run that is repeated sees the same executions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sfn_rollouts.core.values.executions import ExecutionReading
from sfn_rollouts.sim.step_functions import StepFunctions


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How executions of one version end: `fails`: which part of them; `lasts_s`: how long one takes on average."""

    fails: float = 0.0
    lasts_s: float = 2.0


class Traffic:
    """Lays down executions of `aws` up to any moment; `past_s`: how long there have been some."""

    def __init__(
        self,
        aws: StepFunctions,
        now: datetime,
        starts_per_hour: float,
        behaviours: Mapping[int, Behaviour],
        random: Random,
        past_s: float = 86_400.0,
    ) -> None:
        self._aws = aws
        self._gap_s = 3600.0 / starts_per_hour
        self._behaviours = behaviours
        self._random = random
        self._next = now - timedelta(seconds=past_s) + self._gap()
        self._count = 0
        aws.executions.comes = self.until

    def until(self, moment: datetime) -> None:
        """Start all that start until then."""
        while self._next <= moment:
            self._start(self._next)
            self._next += self._gap()

    def _start(self, at: datetime) -> None:
        routing = self._aws.routing_at(at)
        coin, fate, length = (self._random.random() for _ in range(3))  # always three, whatever they decide
        if routing is None:
            return
        version = _tossed(routing.entries, coin)
        behaviour = self._behaviours.get(version, Behaviour())
        lasts_s = behaviour.lasts_s * (0.5 + length)
        self._count += 1
        self._aws.executions.laid_down.append(
            ExecutionReading(
                name=f"execution-{self._count}",
                version=version,
                started_at=at,
                ended_at=at + timedelta(seconds=lasts_s),
                status="FAILED" if fate < behaviour.fails else "SUCCEEDED",
            )
        )

    def _gap(self) -> timedelta:
        return timedelta(seconds=self._random.expovariate(1.0) * self._gap_s)


def _tossed(entries: tuple[tuple[int, int], ...], coin: float) -> int:
    """Return the version on which the coin falls; weights are percent."""
    bound = 0.0
    for version, weight in entries:
        bound += weight / 100.0
        if coin < bound:
            return version
    return entries[-1][0]
