"""The job of reporting: what is written, what is announced, and what is made of a conflict."""

from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.engine.reports import Reported, send
from sfn_rollouts.errors import Conflict, Gone
from sfn_rollouts.ports import Key, Report
from tests.engine.world import World, spec

NEWS = [Announcement(Reason.STEP_STARTED, "10 % on version 2")]


def test_news_is_announced_even_where_nothing_has_to_be_written() -> None:
    world = World()
    uid = world.api.apply("orders", spec())
    calls = list(world.api.calls)
    report = Report(Key("shop", "orders"), uid, "101", status=None, finalizer=None)
    assert send(world.api, world.announced, report, NEWS) == Reported()
    assert world.announced.events == [("shop/orders", "StepStarted")]
    assert world.announced.uids == {uid}
    assert world.api.calls == calls


def test_news_is_announced_for_the_resource_that_was_written() -> None:
    world = World()
    uid = world.api.apply("orders", spec())
    report = Report(Key("shop", "orders"), uid, "101", status={"phase": "Pending"}, finalizer=None)
    assert send(world.api, world.announced, report, NEWS) == Reported(world.api.resource("orders"))
    assert world.announced.events == [("shop/orders", "StepStarted")]
    assert world.announced.uids == {uid}


def test_one_that_is_gone_by_the_time_that_its_conflict_is_looked_into_is_gone() -> None:
    world = World()
    uid = world.api.apply("orders", spec())
    world.api.faults.add("report", Conflict("it has changed"))
    world.api.faults.add("get", Gone("no such resource"))
    report = Report(Key("shop", "orders"), uid, "101", status={"phase": "Pending"}, finalizer=None)
    assert send(world.api, world.announced, report, NEWS) == Reported(is_gone=True)
    assert world.announced.events == []


def test_a_conflict_brings_back_what_is_there_now_and_announces_nothing() -> None:
    world = World()
    uid = world.api.apply("orders", spec())
    world.api.write_status("orders", message="somebody else's")
    report = Report(Key("shop", "orders"), uid, "101", status={"phase": "Pending"}, finalizer=None)
    assert send(world.api, world.announced, report, NEWS) == Reported(world.api.resource("orders"), had_conflict=True)
    assert world.announced.events == []
