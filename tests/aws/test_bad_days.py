"""Faults on the way to AWS: what is sent how often, what comes out, and what a shortage leaves for rollbacks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws import again
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Denied, PortError, Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import NOON

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from devenv.aws.faults import FaultKind
    from sfn_rollouts.aws.connection import Aws
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.conftest import Connect
    from tests.aws.doubles import HandClock, RecordingMeter

QUICK_S = 0.3

REFUSED: list[tuple[FaultKind, type[PortError]]] = [
    ("throttle", Transient),
    ("internal", Transient),
    ("unavailable", Transient),
    ("denied", Denied),
    ("expired", Denied),
    ("conflict", Conflict),
]
LOST: list[tuple[FaultKind, bool]] = [
    ("reset", False),
    ("reset-after", True),
    ("timeout", False),
    ("timeout-after", True),
]


@pytest.mark.parametrize(("kind", "error"), REFUSED)
def test_a_write_that_aws_refuses_is_sent_once(
    kind: FaultKind, error: type[PortError], aws: Aws, emulator: Emulator, alias: AliasArn, meter: RecordingMeter
) -> None:
    emulator.fail("UpdateStateMachineAlias", kind)
    with pytest.raises(error):
        aws.router.shift(alias, Routing.whole(2), Urgency.FORWARD)
    assert len(emulator.calls("UpdateStateMachineAlias")) == 1
    assert emulator.routing(str(alias)) == {1: 100}
    assert meter.calls == [("UpdateStateMachineAlias", error.trouble)]


@pytest.mark.parametrize(("kind", "took_effect"), LOST)
def test_a_write_whose_answer_is_lost_is_sent_once_and_read_back(
    kind: FaultKind, took_effect: bool, connected: Connect, emulator: Emulator, alias: AliasArn
) -> None:
    aws = connected(answer_timeout_s=QUICK_S)
    emulator.fail("UpdateStateMachineAlias", kind, times=1)
    with pytest.raises(Transient, match="whether it took effect is looked up"):
        aws.router.shift(alias, Routing.whole(2), Urgency.ROLLBACK)
    assert len(emulator.calls("UpdateStateMachineAlias")) == 1
    reading = aws.router.read(alias, Urgency.ROLLBACK)
    assert reading is not None
    assert (reading.routing == Routing.whole(2)) is took_effect


@pytest.mark.parametrize(("kind", "took_effect"), LOST)
def test_a_creation_whose_answer_is_lost_is_sent_once(
    kind: FaultKind, took_effect: bool, connected: Connect, emulator: Emulator, machine
) -> None:
    aws = connected(answer_timeout_s=QUICK_S)
    emulator.fail("CreateStateMachineAlias", kind, times=1)
    with pytest.raises(Transient):
        aws.router.create(machine.alias("live"), Routing.whole(1))
    assert len(emulator.calls("CreateStateMachineAlias")) == 1
    assert (aws.router.read(machine.alias("live"), Urgency.FORWARD) is not None) is took_effect


@pytest.mark.parametrize("kind", ["internal", "unavailable", "reset", "timeout"])
def test_a_read_is_tried_once_more(kind: FaultKind, connected: Connect, emulator: Emulator, alias: AliasArn) -> None:
    aws = connected(answer_timeout_s=QUICK_S)
    emulator.fail("DescribeStateMachineAlias", kind, times=1)
    assert aws.router.read(alias, Urgency.FORWARD) is not None
    emulator.fail("DescribeStateMachineAlias", kind, times=2)
    with pytest.raises(Transient):
        aws.router.read(alias, Urgency.FORWARD)
    assert len(emulator.calls("DescribeStateMachineAlias")) == 4


def test_a_read_that_is_throttled_waits_for_its_bucket(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    emulator.fail("DescribeStateMachineAlias", "throttle", times=1)
    with pytest.raises(Transient, match="was throttled"):
        aws.router.read(alias, Urgency.FORWARD)
    assert len(emulator.calls("DescribeStateMachineAlias")) == 1


def test_what_fails_for_one_account_takes_no_second_try_from_another(
    aws: Aws, emulator: Emulator, alias: AliasArn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's own quota of a client would be used up after 35."""
    monkeypatch.setattr(again, "_LONGEST_PAUSE_S", 0.0)
    emulator.fail("DescribeStateMachineAlias", "internal", times=80)
    for _ in range(40):
        with pytest.raises(Transient):
            aws.router.read(alias, Urgency.FORWARD)
    emulator.fail("DescribeStateMachineAlias", "internal", times=1)
    assert aws.router.read(alias, Urgency.FORWARD) is not None


@pytest.mark.parametrize("kind", ["denied", "expired"])
def test_cloudwatch_says_no_in_words_of_its_own(kind: FaultKind, aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    emulator.put_alarm("failures")
    emulator.fail("*", kind)
    with pytest.raises(Denied, match="cloudwatch:DescribeAlarms was"):
        aws.alarms.read(alias.machine.place, ["failures"])
    with pytest.raises(Denied, match="cloudwatch:DescribeAlarmHistory was"):
        aws.alarms.history(alias.machine.place, "failures", NOON)


def test_nobody_listens(
    emulator: Emulator, alias: AliasArn, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(Transient, match="could not reach AWS"):
        connected().router.shift(alias, Routing.whole(2), Urgency.ROLLBACK)


# -- shortage


def test_throttling_holds_forward_writes_back_and_lets_rollbacks_knock(
    aws: Aws, emulator: Emulator, alias: AliasArn, clock: HandClock
) -> None:
    emulator.fail("UpdateStateMachineAlias", "throttle", times=1)
    with pytest.raises(Transient) as refusal:
        aws.router.shift(alias, Routing.split(1, 2, 10), Urgency.FORWARD)
    assert refusal.value.retry_after_s == 21
    with pytest.raises(Transient, match="apart from the share kept for rollbacks") as refusal:
        aws.router.shift(alias, Routing.split(1, 2, 10), Urgency.FORWARD)
    assert refusal.value.retry_after_s == 21
    assert len(emulator.calls("UpdateStateMachineAlias")) == 1
    aws.router.shift(alias, Routing.whole(2), Urgency.ROLLBACK)
    clock.advance(21)
    aws.router.shift(alias, Routing.split(1, 2, 10), Urgency.FORWARD)
    assert len(emulator.calls("UpdateStateMachineAlias")) == 3


def test_throttling_of_one_api_leaves_the_others_alone(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    emulator.fail("UpdateStateMachineAlias", "throttle", times=1)
    with pytest.raises(Transient):
        aws.router.shift(alias, Routing.whole(2), Urgency.FORWARD)
    assert aws.router.read(alias, Urgency.BACKGROUND) is not None


def test_forward_writes_leave_twenty_for_rollbacks_and_what_is_not_sent_is_not_counted(
    aws: Aws, emulator: Emulator, alias: AliasArn, meter: RecordingMeter
) -> None:
    for n in range(80):
        aws.router.shift(alias, Routing.split(1, 2, n + 1), Urgency.FORWARD)
    with pytest.raises(Transient) as refusal:
        aws.router.shift(alias, Routing.whole(2), Urgency.FORWARD)
    assert refusal.value.retry_after_s == 1
    for _ in range(20):
        aws.router.shift(alias, Routing.whole(1), Urgency.ROLLBACK)
    with pytest.raises(Transient):
        aws.router.shift(alias, Routing.whole(1), Urgency.ROLLBACK)
    assert len(emulator.calls("UpdateStateMachineAlias")) == len(meter.calls) == 100


def test_our_buckets_are_those_of_aws(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    """With AWS's own quotas on, whoever keeps to ours is never throttled."""
    emulator.set_quotas(on=True)
    for _ in range(100):
        aws.router.shift(alias, Routing.whole(1), Urgency.ROLLBACK)
    with pytest.raises(Transient, match="waits"):
        aws.router.shift(alias, Routing.whole(1), Urgency.ROLLBACK)


# -- threads


def test_many_threads_share_one_client_and_its_connections(
    connected: Connect, emulator: Emulator, alias: AliasArn, caplog: pytest.LogCaptureFixture
) -> None:
    aws = connected(workers=16)
    with caplog.at_level("WARNING", "urllib3"), ThreadPoolExecutor(16) as pool:
        readings = list(pool.map(lambda _: aws.router.read(alias, Urgency.FORWARD), range(96)))
        clients = {id(aws.clients.reader(alias.machine.region)) for _ in range(3)}
    assert len(readings) == 96
    assert None not in readings
    assert len(clients) == 1
    assert caplog.records == []
