"""Callers of one alias: who starts executions, under which version each one runs, and how it ends.

Arrivals are a Poisson process; AWS's coin falls by the routing that is in force at that moment. Everything follows from
the random numbers and from what the alias was, so a run that is repeated sees the same executions.
"""

from datetime import datetime, timedelta
from random import Random

from sfn_rollouts.core.values.executions import ExecutionReading
from sfn_rollouts.sim.scenario import Burst, Callers, Outage
from sfn_rollouts.sim.step_functions import StepFunctions


class Traffic:
    """Lays down executions of `aws` up to any moment. `began_at`: second 0 of the callers, by AWS's clock."""

    def __init__(self, aws: StepFunctions, began_at: datetime, callers: Callers, random: Random) -> None:
        self._aws = aws
        self._began_at = began_at
        self._callers = callers
        self._random = random
        self._next = began_at - timedelta(seconds=callers.past_s)
        self._next += self._gap()
        self._count = 0
        aws.executions.comes = self.until
        aws.executions.is_express = callers.is_express

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
        behaviour = self._callers.behaviour_of(version)
        has_failed = self._is_in(self._callers.outage, at) or fate < behaviour.fails
        lasts_s = behaviour.lasts_s * (0.5 + length)
        self._count += 1
        self._aws.executions.laid_down.append(
            ExecutionReading(
                name=f"execution-{self._count}",
                version=version,
                started_at=at,
                ended_at=at + timedelta(seconds=lasts_s),
                status="FAILED" if has_failed else "SUCCEEDED",
            )
        )

    def _gap(self) -> timedelta:
        burst = self._callers.burst
        times = burst.times if burst is not None and self._is_in(burst, self._next) else 1.0
        return timedelta(seconds=self._random.expovariate(1.0) * 3600.0 / (self._callers.starts_per_hour * times))

    def _is_in(self, window: Outage | Burst | None, moment: datetime) -> bool:
        if window is None:
            return False
        at_s = (moment - self._began_at).total_seconds()
        return window.at_s <= at_s < window.until_s


def _tossed(entries: tuple[tuple[int, int], ...], coin: float) -> int:
    """Return the version on which the coin falls; weights are percent."""
    bound = 0.0
    for version, weight in entries:
        bound += weight / 100.0
        if coin < bound:
            return version
    return entries[-1][0]
