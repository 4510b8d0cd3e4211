"""Answers that are not AWS's, at every adapter: they are tried again, and never pass for an answer or a defect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws.answers import ForeignAnswer, reading
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import NOON, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfn_rollouts.aws.connection import Aws
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer

MACHINE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor")
LIVE = MACHINE.alias("live")
NO_ID: tuple[tuple[str, str], ...] = ()
DEEP = "[" * 200_000

CALLS: dict[str, Callable[[Aws], object]] = {
    "reading an alias": lambda aws: aws.router.read(LIVE, Urgency.ROLLBACK),
    "routing an alias": lambda aws: aws.router.shift(LIVE, Routing.whole(1), Urgency.ROLLBACK),
    "creating an alias": lambda aws: aws.router.create(LIVE, Routing.whole(1)),
    "finding a version": lambda aws: aws.catalog.find(MACHINE, 1),
    "counting executions": lambda aws: aws.catalog.running(MACHINE, 1),
    "reading alarms": lambda aws: aws.alarms.read(MACHINE.place, ["a"]),
    "reading a history": lambda aws: aws.alarms.history(MACHINE.place, "a", NOON),
}

GARBAGE: dict[str, Answer] = {
    "a redirect": Answer(302, "", (("Location", "https://portal.example/login"),)),
    "a redirect for good, with an id": Answer(301, "<html>moved</html>"),
    "a choice of many": Answer(300, "{}"),
    "not modified": Answer(304, ""),
    "an empty 400": Answer(400, ""),
    "a page with 400": Answer(400, "<html>bad</html>", NO_ID),
    "an empty 401": Answer(401, ""),
    "a page with 403": Answer(403, "<html>forbidden</html>"),
    "a page with 404": Answer(404, "<html>where?</html>", NO_ID),
    "a proxy that wants a login": Answer(407, "<html>who?</html>", NO_ID),
    "a teapot": Answer(418, "short and stout"),
    "JSON of a proxy's own": Answer(403, '{"__type": "BlockedByPolicy", "message": "no"}', NO_ID),
    "a list with 400": Answer(400, "[]"),
    "a code that is a number": Answer(400, '{"__type": 17}'),
    "a code that is null": Answer(400, '{"__type": null}'),
    "text that is none, with 400": Answer(400, "\udcff\udcfe"),
    "deep brackets with 400": Answer(400, DEEP),
    "a page with 200": Answer(200, "<html>welcome</html>", NO_ID),
    "a page with 200 and an id": Answer(200, "<html>welcome</html>"),
    "nothing with 200": Answer(200, "", NO_ID),
    "no content": Answer(204, ""),
    "a list": Answer(200, "[]"),
    "null": Answer(200, "null"),
    "a number": Answer(200, "5"),
    "a text": Answer(200, '"hello"'),
    "text that is none": Answer(200, "\udcff\udcfe"),
    "deep brackets": Answer(200, DEEP),
    "JSON of a proxy's own with 200": Answer(200, '{"ok": true}', NO_ID),
    "a length that is no number": Answer(200, "{}", length="zz"),
    "two lengths": Answer(200, "{}", length="2, 2"),
    "a length below zero": Answer(200, "{}", length="-5"),
    "a length beyond all numbers": Answer(200, "{}", length="9" * 5000),
    "a body that ends too early": Answer(200, '{"upd', is_cut=True),
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("call", CALLS)
def test_garbage_is_tried_again(call: str, what: str, canned: CannedServer, connected: Connect) -> None:
    canned.say(GARBAGE[what])
    with pytest.raises(Transient) as refusal:
        CALLS[call](connected(answer_timeout_s=0.5))
    assert "defect" not in refusal.value.why
    assert "foresee" not in refusal.value.why


FIELDS = {
    "no field at all": ("routing an alias", "{}"),
    "a date that is none": ("routing an alias", '{"updateDate": "yesterday"}'),
    "a date that is an object": ("routing an alias", '{"updateDate": {}}'),
    "a date beyond all calendars": ("routing an alias", '{"updateDate": 1e300}'),
    "a date that is null": ("creating an alias", '{"creationDate": null}'),
    "an alias without a routing": ("reading an alias", '{"updateDate": 1.0}'),
    "a routing that is empty": ("reading an alias", '{"updateDate": 1.0, "routingConfiguration": []}'),
    "a routing that is a text": ("reading an alias", '{"updateDate": 1.0, "routingConfiguration": "x"}'),
    "a routing of nulls": ("reading an alias", '{"updateDate": 1.0, "routingConfiguration": [null]}'),
    "a version that is no number": (
        "reading an alias",
        '{"updateDate": 1.0, "routingConfiguration": [{"stateMachineVersionArn": "x:y", "weight": 100}]}',
    ),
    "a weight that is a text": (
        "reading an alias",
        '{"updateDate": 1.0, "routingConfiguration": [{"stateMachineVersionArn": "x:1", "weight": "100"}]}',
    ),
    "a weight beyond 100": (
        "reading an alias",
        '{"updateDate": 1.0, "routingConfiguration": [{"stateMachineVersionArn": "x:1", "weight": 200}]}',
    ),
    "a version without a status": ("finding a version", '{"name": "x"}'),
    "executions that are a number": ("counting executions", '{"executions": 5}'),
    "no executions": ("counting executions", "{}"),
}


@pytest.mark.parametrize(("call", "body"), FIELDS.values(), ids=FIELDS.keys())
def test_fields_that_aws_would_not_send(call: str, body: str, canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(200, body))
    with pytest.raises(Transient, match=r"got an answer that is not AWS's \(\w+\) for arn:.* check the proxies"):
        CALLS[call](connected())


def test_what_is_foreign_stays_foreign() -> None:
    with pytest.raises(ForeignAnswer, match="no request id"), reading():
        raise ForeignAnswer("no request id")
