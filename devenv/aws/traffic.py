"""Executions that nobody starts by a call: laid down as they went, or arriving by themselves through an alias.

Arrivals are made when somebody looks, up to the emulator's clock, so a machine may have a day of them at once. Each
tosses AWS's coin with the routing that the alias had at that moment, as its history tells; before its first change, the
routing that it was created with. One seed makes the same arrivals, whoever looks how often.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from devenv.aws.aliases import find_alias
from devenv.aws.errors import resource_not_found, validation
from devenv.aws.execution import RUNNING, SUCCEEDED, Ending, Execution
from devenv.aws.state_machine import Machine, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from devenv.aws.arns import MachineArn
    from devenv.aws.journal import AliasChange
    from devenv.aws.region import Region


@dataclass(frozen=True)
class Outcome:
    """How the executions of a version go: which part of them fails, and the median of the seconds that they take."""

    fail_rate: float = 0.0
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.fail_rate <= 1 or self.seconds < 0:
            raise ValueError(f"a failure rate is 0 to 1 and seconds are not negative, other than {self}")


@dataclass
class Traffic:
    """Starts through one alias. `spread` is sigma of the lognormal durations: 0, all of a version take as long."""

    alias: MachineArn
    starts_per_hour: float
    outcomes: Mapping[int, Outcome]
    spread: float
    dice: Random
    next_at: datetime

    def __post_init__(self) -> None:
        if self.starts_per_hour <= 0:
            raise ValueError(f"starts come so many an hour, not {self.starts_per_hour}")
        self._go_on()

    def arrive(self, region: Region) -> None:
        """Begin whatever is due by now."""
        now = region.now()
        if self.next_at > now:
            return
        machine = find(region, self.alias)
        changes = region.shared.alias_history.of(str(self.alias))
        while self.next_at <= now:
            coin, fate, noise = self.dice.random(), self.dice.random(), self.dice.gauss(0.0, 1.0)
            version = _tossed(_routing_at(changes, self.next_at), coin)
            if machine is not None and version in machine.versions:
                outcome = self.outcomes.get(version, Outcome())
                ending = Ending(
                    "FAILED" if fate < outcome.fail_rate else SUCCEEDED,
                    round(outcome.seconds * math.exp(self.spread * noise), 3),
                )
                _begin(region, machine, self.alias, version, _milliseconds(self.next_at), ending)
            self._go_on()

    def _go_on(self) -> None:
        self.next_at += timedelta(hours=self.dice.expovariate(self.starts_per_hour))


def arrive(region: Region) -> None:
    """Let come what has come by now: whoever looks at a region sees it."""
    for traffic in region.traffic.values():
        traffic.arrive(region)


def set_traffic(
    region: Region,
    alias: MachineArn,
    starts_per_hour: float,
    outcomes: Mapping[int, Outcome],
    spread: float,
    past_s: float,
    dice: Random,
) -> None:
    """From now on, or from so many seconds ago on; what was set before ends now. Zero starts: no more come."""
    _require(region, alias)
    region.traffic.pop(str(alias), None)
    if starts_per_hour:
        begin = region.now() - timedelta(seconds=past_s)
        region.traffic[str(alias)] = Traffic(alias, starts_per_hour, outcomes, spread, dice, begin)


def lay_down(
    region: Region, alias: MachineArn, executions: Sequence[tuple[int, datetime, datetime | None, str]]
) -> list[str]:
    """Executions as they went or will go: version, start, stop (None: never) and status. Their ARNs."""
    machine = _require(region, alias)
    unknown = {version for version, *_ in executions} - machine.versions.keys()
    if unknown:
        raise validation(f"There is no version {', '.join(map(str, sorted(unknown)))} of {machine.arn}")
    return [
        _begin(region, machine, alias, version, start, _ending(start, stop, status))
        for version, start, stop, status in executions
    ]


def _ending(start: datetime, stop: datetime | None, status: str) -> Ending:
    if (stop is None) != (status == RUNNING):
        raise ValueError(f"an execution that runs has no stop, and any other has one: {status} with {stop}")
    return Ending(status, (stop - start).total_seconds() if stop is not None else 0.0)


def _require(region: Region, alias: MachineArn) -> Machine:
    machine = find(region, alias)
    if machine is None or find_alias(region, alias) is None:
        raise resource_not_found()
    return machine


def _begin(region: Region, machine: Machine, alias: MachineArn, version: int, at: datetime, ending: Ending) -> str:
    name = f"{alias.qualifier}-{len(region.executions)}"
    is_express = machine.type == "EXPRESS"
    resource = f"express:{machine.name}:{name}:{name}" if is_express else f"execution:{machine.name}:{name}"
    arn = region.arn("states", resource)
    region.executions[arn] = Execution(
        arn=arn,
        name=name,
        machine_arn=machine.arn,
        machine_name=machine.name,
        revision=machine.versions[version].revision,
        input="{}",
        started=at,
        version_arn=machine.version_arn(version),
        alias_arn=str(alias),
        is_express=is_express,
        ending=ending,
    )
    return arn


def _routing_at(changes: Sequence[AliasChange], at: datetime) -> Mapping[int, int]:
    """Empty where the alias was deleted: nothing can be started."""
    known = [change for change in changes if change.at <= at] or changes[:1]
    return known[-1].routing if known else {}


def _tossed(routing: Mapping[int, int], coin: float) -> int | None:
    reached = 0.0
    for version, weight in routing.items():
        reached += weight / 100
        if coin < reached:
            return version
    return None


def _milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
