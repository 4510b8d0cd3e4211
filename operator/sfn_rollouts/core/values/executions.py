"""Executions that were started through an alias, as AWS lists or counts them. All times are AWS's clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sfn_rollouts.core.values.arn import StateMachineArn


class ExecutionReading(NamedTuple):
    """One execution: the version that ran it (None where AWS does not say), start, end, and status as AWS spells it.

    `name` is unique among the executions of the state machine, so that one that two pages show counts once. `ended_at`
    is None while it runs; a redriven one runs again, and is marked for good. A tuple, as there may be thousands of them
    a look.
    """

    name: str
    version: int | None
    started_at: datetime
    ended_at: datetime | None
    status: str
    is_redriven: bool = False


@dataclass(frozen=True, slots=True)
class ExecutionPage:
    """One page of the executions of an alias, newest first: running ones by their start, others by their end.

    So one that started long ago and has just ended comes before all that still run. `next_token` leads to the older
    ones, None where there are none. `as_of`: when AWS answered, by its own clock.
    """

    executions: tuple[ExecutionReading, ...]
    next_token: str | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """Whose executions are counted: `qualifier` is the number of a version, however they were started; or an alias."""

    machine: StateMachineArn
    qualifier: str


@dataclass(frozen=True, slots=True)
class MinuteCounts:
    """What CloudWatch counted in the minute from `at` on. Failed ones by the minute in which they ended.

    `failed`: failed and timed out; `aborted`: neither.
    """

    at: datetime
    started: int
    failed: int
    succeeded: int
    aborted: int = 0


@dataclass(frozen=True, slots=True)
class CountedMinutes:
    """Counts by minute, oldest first, minutes without any left out of none. `as_of`: when AWS answered, by its clock.

    Of the last minutes before it something may be lacking yet.
    """

    minutes: Mapping[Counted, Sequence[MinuteCounts]]
    as_of: datetime
