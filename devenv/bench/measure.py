"""The measurements."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devenv.aws.client import Emulator
from devenv.bench.process import counter, usage
from devenv.bench.scene import POLL_S, Subject
from devenv.waiting import wait_until


@dataclass(frozen=True)
class Steady:
    """A stretch in which nothing happens but watching."""

    minutes: float
    cpu_s: float
    resident_mib: float
    calls: dict[str, int]
    status_writes: float


@dataclass(frozen=True)
class Beginning:
    """So many rollouts, from their creation to their first step."""

    rollouts: int
    cpu_s: float
    calls: dict[str, int]
    status_writes: float


@dataclass(frozen=True)
class Reaction:
    """One alarm. Seconds: from the alarm, and from the poll that showed it, to the restored alias, by AWS's clock."""

    since_alarm_s: float
    since_poll_s: float


def beginning(aws: Emulator, pid: int, health_url: str, rollouts: int, begin: Callable[[], None]) -> Beginning:
    """Count what the operator does while these rollouts begin."""
    aws.forget_calls()
    before, writes = usage(pid), _status_writes(health_url)
    begin()
    return Beginning(rollouts, usage(pid).cpu_s - before.cpu_s, aws.call_counts(), _status_writes(health_url) - writes)


def steady(aws: Emulator, pid: int, health_url: str, seconds: float) -> Steady:
    """Let it run for a while and count."""
    aws.forget_calls()
    before, writes = usage(pid), _status_writes(health_url)
    began = time.monotonic()
    time.sleep(seconds)  # a measurement needs a stretch of time, not a condition
    elapsed_s = time.monotonic() - began
    after = usage(pid)
    return Steady(
        minutes=elapsed_s / 60,
        cpu_s=after.cpu_s - before.cpu_s,
        resident_mib=after.resident_mib,
        calls=dict(Counter(call.operation for call in aws.calls())),
        status_writes=_status_writes(health_url) - writes,
    )


def _status_writes(health_url: str) -> float:
    return counter(health_url, "sfn_rollouts_status_writes_total")


def reactions(subjects: Sequence[Subject], gap_s: float) -> list[Reaction]:
    """Fire an alarm of each, spread over the poll interval, and see when each alias is whole again."""
    for subject in subjects:
        subject.aws.set_alarm(subject.alarms[0], "ALARM")
        time.sleep(gap_s)  # so that the alarms fall anywhere between two polls
    return [_reaction(subject) for subject in subjects]


def _reaction(subject: Subject) -> Reaction:
    wait_until(
        lambda: subject.aws.routing(subject.alias) == {1: 100}, POLL_S * 6, f"{subject.alias} to be restored", 0.02
    )
    fired_at = _fired_at(subject)
    restored_at = subject.aws.alias_history(subject.alias)[-1].at
    polled_at = _polled_at(subject, fired_at)
    return Reaction((restored_at - fired_at).total_seconds(), (restored_at - polled_at).total_seconds())


def _fired_at(subject: Subject) -> datetime:
    client: Any = subject.aws.boto3_client("cloudwatch")
    alarms = client.describe_alarms(AlarmNames=[subject.alarms[0]], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    moment: datetime = alarms[0]["StateTransitionedTimestamp"]
    return moment


def _polled_at(subject: Subject, fired_at: datetime) -> datetime:
    """When the first DescribeAlarms with this name came in after the alarm had fired."""
    calls = (
        call.at
        for call in subject.aws.calls("DescribeAlarms")
        if call.at >= fired_at and subject.alarms[0] in call.params.get("AlarmNames", ())
    )
    return min(calls)


def summary(values: Sequence[float]) -> str:
    """Median and maximum in milliseconds or seconds."""
    return f"{statistics.median(values):.3f} / {max(values):.3f}"
