"""Aliases, against the emulator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Gone, Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import NOON, Answer

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer, HandClock, RecordingMeter

ELSEWHERE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Nowhere").alias("live")


def test_an_alias_is_read_as_aws_has_it(aws: Aws, emulator: Emulator, alias: AliasArn, meter: RecordingMeter) -> None:
    emulator.update_alias(str(alias), {1: 90, 2: 10})
    reading = aws.router.read(alias, Urgency.FORWARD)
    assert reading is not None
    assert reading.routing == Routing.split(1, 2, 10)
    assert reading.read_at == NOON
    changed_at = emulator.alias_history(str(alias))[-1].at
    assert reading.update_date == changed_at.replace(microsecond=changed_at.microsecond // 1000 * 1000)
    assert reading.update_date.utcoffset() == timedelta(0)
    assert meter.calls == [("DescribeStateMachineAlias", "OK")]


@pytest.mark.parametrize("name", ["other", "live"])
def test_what_aws_does_not_know_is_none(aws: Aws, machine: StateMachineArn, name: str, meter: RecordingMeter) -> None:
    asked = machine.alias(name) if name == "other" else ELSEWHERE
    assert aws.router.read(asked, Urgency.ROLLBACK) is None
    assert meter.calls == [("DescribeStateMachineAlias", "OK")]


def test_a_reading_is_as_old_as_its_question(canned: CannedServer, connected: Connect, clock: HandClock) -> None:
    canned.say(Answer(body=f'{{"updateDate": 1.0, "routingConfiguration": [{entry(1, 100)}]}}'))
    clock.tick_s = 7
    reading = connected().router.read(ELSEWHERE, Urgency.FORWARD)
    assert reading is not None
    assert reading.read_at == NOON + timedelta(seconds=7)  # the first look at the clock; the next would say 14


def test_an_entry_of_weight_zero_is_no_share(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(body=f'{{"updateDate": 1.0, "routingConfiguration": [{entry(7, 100)}, {entry(8, 0)}]}}'))
    reading = connected().router.read(ELSEWHERE, Urgency.FORWARD)
    assert reading is not None
    assert reading.routing == Routing.whole(7)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([(1, 50), (2, 30), (3, 20)], id="three versions"),
        pytest.param([(1, 50), (2, 49)], id="a sum of 99"),
        pytest.param([("LATEST", 100)], id="a version that is no number"),
        pytest.param([], id="none"),
    ],
)
def test_a_routing_that_cannot_be_is_not_aws_s(entries, canned: CannedServer, connected: Connect) -> None:
    body = ", ".join(entry(version, weight) for version, weight in entries)
    canned.say(Answer(body=f'{{"updateDate": 1.0, "routingConfiguration": [{body}]}}'))
    with pytest.raises(Transient, match="not AWS's"):
        connected().router.read(ELSEWHERE, Urgency.FORWARD)


@pytest.mark.parametrize(
    "body", ["{}", '{"updateDate": 1.0}', '{"updateDate": 1.0, "routingConfiguration": null}', '{"name": "live"}']
)
def test_an_answer_without_fields_does_not_say_that_there_is_no_alias(
    body: str, canned: CannedServer, connected: Connect
) -> None:
    canned.say(Answer(body=body))
    with pytest.raises(Transient, match="not AWS's"):
        connected().router.read(ELSEWHERE, Urgency.FORWARD)


def test_a_write_whose_answer_has_no_date_is_looked_up(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(body="{}"))
    with pytest.raises(Transient, match="looked up"):
        connected().router.shift(ELSEWHERE, Routing.whole(1), Urgency.FORWARD)
    with pytest.raises(Transient, match="looked up"):
        connected().router.create(ELSEWHERE, Routing.whole(1))


def test_a_stale_reading_is_handed_on_as_it_came(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    emulator.set_consistency(reads=2)
    before = aws.router.read(alias, Urgency.FORWARD)
    written_at = aws.router.shift(alias, Routing.whole(2), Urgency.FORWARD)
    stale = [aws.router.read(alias, Urgency.FORWARD) for _ in range(2)]
    assert stale == [before, before]
    fresh = aws.router.read(alias, Urgency.FORWARD)
    assert fresh is not None
    assert (fresh.routing, fresh.update_date) == (Routing.whole(2), written_at)


def test_a_shift_gives_the_date_that_the_next_reading_has(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    written_at = aws.router.shift(alias, Routing.split(1, 2, 10), Urgency.FORWARD)
    reading = aws.router.read(alias, Urgency.FORWARD)
    assert reading is not None
    assert reading.update_date == written_at
    assert emulator.routing(str(alias)) == {1: 90, 2: 10}


def test_the_end_state_is_one_entry(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    aws.router.shift(alias, Routing.split(1, 2, 10), Urgency.FORWARD)
    aws.router.shift(alias, Routing.split(1, 2, 100), Urgency.FORWARD)
    sent = emulator.calls("UpdateStateMachineAlias")[-1].params["routingConfiguration"]
    assert sent == [{"stateMachineVersionArn": alias.machine.version(2), "weight": 100}]


def test_shifting_an_alias_that_is_not_there_is_gone(aws: Aws, machine: StateMachineArn) -> None:
    with pytest.raises(Gone, match="UpdateStateMachineAlias found nothing"):
        aws.router.shift(machine.alias("other"), Routing.whole(1), Urgency.FORWARD)


def test_an_alias_is_created(aws: Aws, emulator: Emulator, machine: StateMachineArn) -> None:
    created_at = aws.router.create(machine.alias("live"), Routing.whole(2))
    reading = aws.router.read(machine.alias("live"), Urgency.FORWARD)
    assert reading is not None
    assert (reading.routing, reading.update_date) == (Routing.whole(2), created_at)


def test_creating_it_again_is_no_error_and_with_another_routing_a_conflict(aws: Aws, machine: StateMachineArn) -> None:
    first = aws.router.create(machine.alias("live"), Routing.whole(2))
    assert aws.router.create(machine.alias("live"), Routing.whole(2)) == first
    with pytest.raises(Conflict):
        aws.router.create(machine.alias("live"), Routing.whole(1))


def entry(version: object, weight: int) -> str:
    return f'{{"stateMachineVersionArn": "{ELSEWHERE.machine}:{version}", "weight": {weight}}}'
