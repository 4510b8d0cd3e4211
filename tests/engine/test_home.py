"""The account of the credentials: asked once, before anything begins; and what other people's ARNs cost."""

from datetime import timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.api.status import AlarmState, Phase
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import OWN, Caller, Identity
from sfn_rollouts.core.values.readings import Account, Trouble, Unseen
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.home import VERIFIED_EVERY_S, Home
from sfn_rollouts.engine.homes import Homes
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.regions import KEPT_S, Regions
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Errand, Lane
from tests.engine.fake_clock import NOON, FakeClock
from tests.engine.fake_cloud import FakeCloud
from tests.engine.fake_random import Longest
from tests.engine.fake_workers import FakeWorkers, NotedErrands
from tests.engine.world import Metered, World, spec

FOREIGN = {"stateMachineArn": "arn:aws:states:eu-west-1:210987654321:stateMachine:Orders"}
NOWHERE = {"stateMachineArn": "arn:aws:states:eu-nowhere-1:123456789012:stateMachine:Orders"}
MANY = 2000


def test_it_is_asked_once_for_all_rollouts() -> None:
    world = World()
    for number in range(20):
        world.api.apply(f"orders-{number}", spec(alias=f"live-{number}"))
    world.run_for(3600)
    assert world.cloud.identity_asked == 1


def test_it_is_not_asked_without_a_rollout_nor_by_a_standby() -> None:
    world = World()
    world.run_for(60)
    world.stands_by = True
    world.restart()
    world.api.apply("orders", spec())
    world.run_for(60)
    assert world.cloud.identity_asked == 0
    world.engine.lead()
    world.run_for(60)
    assert world.cloud.identity_asked == 1


def test_nothing_begins_before_the_answer() -> None:
    world = World()
    world.workers.held.add(Lane.FORWARD)
    world.api.apply("orders", spec())
    world.run_for(60)
    assert world.cloud.calls == []
    assert world.api.phases == []
    world.workers.held.clear()
    world.run(until=lambda: world.status().step_index == 0, limit_s=5)


@pytest.mark.parametrize("error", [Transient("could not reach AWS"), Denied("no credentials"), PortError("odd")])
def test_where_sts_cannot_be_reached_everything_goes_on_and_it_is_asked_again(error: PortError) -> None:
    world = World()
    world.cloud.ours = error
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    asked = world.cloud.identity_asked
    assert 1 < asked < 20
    world.cloud.ours = Account("123456789012", "aws")
    world.api.apply("orders", spec(3))
    world.run_for(3600)
    assert world.cloud.identity_asked == asked + 1


def test_what_went_on_unchecked_is_stopped_once_it_is_known() -> None:
    world = World()
    world.cloud.ours = Transient("could not reach AWS")
    world.cloud.faults.add("read", Denied("no"), 10_000)
    world.api.apply("orders", spec(**FOREIGN))
    world.run(until=world.is_in(Phase.FAILED))
    assert world.ready_reason() == "AccessDenied"
    world.cloud.ours = Account("123456789012", "aws")
    world.run(until=lambda: world.ready_reason() == "ForeignAccount", limit_s=700)


@pytest.mark.parametrize(("machine", "reason"), [(FOREIGN, "ForeignAccount"), (NOWHERE, "UnknownRegion")])
def test_what_is_out_of_reach_costs_no_call(machine: dict[str, str], reason: str) -> None:
    world = World()
    world.api.apply("orders", spec(**machine))
    world.run_for(3600)
    assert world.ready_reason() == reason
    assert (world.cloud.calls, world.cloud.batches, world.cloud.identity_asked) == ([], [], 1)
    assert len(world.api.phases) == 1


def test_what_is_in_flight_does_not_wait_for_the_answer() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    world.cloud.ours = Transient("never")
    world.restart()
    world.workers.held.add(Lane.FORWARD)
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=20)


def test_thousands_of_invented_places_cost_nothing_and_delay_nobody() -> None:
    """Counted, not timed: what could grow with the names that people invent."""
    world = World()
    world.api.apply("orders", spec())
    world.run(until=lambda: world.status().step_index == 0)
    before = len(world.cloud.calls), len(world.cloud.batches)
    for number in range(MANY):
        region = "eu-west-1" if number % 2 else f"eu-invented-{number}"
        arn = f"arn:aws:states:{region}:{number:012d}:stateMachine:Orders"
        world.engine.upsert(invented(world, f"x-{number}", arn))
    world.cloud.set_alarm("errors", AlarmState.ALARM)
    began = world.clock.monotonic()
    world.run(until=lambda: world.cloud.routing() == Routing.whole(1), limit_s=30)
    assert world.clock.monotonic() - began <= 13  # the poll interval and 3 s
    places = {place for place, _ in world.cloud.batches}
    assert {(place.account, place.region) for place in places} == {("123456789012", "eu-west-1")}
    assert len(world.cloud.calls) - before[0] < 20
    assert world.cloud.identity_asked == 1


def invented(world: World, name: str, arn: str) -> dict[str, object]:
    """As a watch brings it: without the fake API server, which copies all it holds at each event."""
    return {
        "metadata": {
            "namespace": "team-a",
            "name": name,
            "uid": name,
            "resourceVersion": "1",
            "generation": 1,
            "creationTimestamp": world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "spec": spec(stateMachineArn=arn),
        "status": {"observedGeneration": -1},
    }


# -- regions that nobody names any more --


def test_a_region_is_left_an_hour_after_its_last_rollout() -> None:
    world = World()
    world.api.apply("orders", spec())
    world.run(until=world.is_in(Phase.SUCCEEDED))
    world.api.delete("orders")
    world.run_for(KEPT_S - 60)
    assert world.cloud.left == []
    world.run_for(120)
    assert world.cloud.left == ["eu-west-1"]


def test_a_region_that_is_named_again_is_kept() -> None:
    left: list[str] = []
    clock = FakeClock()
    regions = Regions(clock, left.append)
    for region in ("a", "b", "a"):
        regions.name(region)
    regions.release("a")
    regions.release("b")
    clock.advance(KEPT_S / 2)
    regions.release("a")
    regions.name("b")
    clock.advance(KEPT_S / 2)
    regions.run_due()
    assert (left, regions.next_due) == ([], clock.monotonic() + KEPT_S / 2)
    clock.advance(KEPT_S / 2)
    regions.run_due()
    assert (left, regions.next_due) == (["a"], None)


# -- by itself --


OPERATOR = Caller()
TENANT = Caller(Identity("arn:aws:iam::123456789012:role/tenant"))
OURS = Account("123456789012", "aws")


class Alone:
    """A home, and how often it said that it knows more."""

    def __init__(self, caller: Caller = OPERATOR, place: Place | None = None) -> None:
        self.clock, self.workers = FakeClock(), FakeWorkers()
        self.cloud = FakeCloud(self.clock, lambda what: None)
        self.lanes = NotedErrands(Lanes(self.clock, self.workers, Metered()))
        self.answered = 0
        self.home = Home(self.clock, self.lanes, self.cloud, Longest(), self._count, caller, place)

    def _count(self) -> None:
        self.answered += 1

    def ask(self) -> None:
        self.home.ask()
        self.workers.run_one()


def test_the_account_is_asked_for_by_a_job_of_no_place_and_then_no_more() -> None:
    alone = Alone()
    alone.home.ask()
    alone.home.ask()
    assert alone.home.fact is None
    assert alone.lanes.errands == [Errand(Lane.FORWARD, None, "account", caller=Caller())]
    assert alone.workers.run_one()
    assert (alone.home.fact, alone.answered) == (OURS, 1)
    alone.ask()
    assert (alone.cloud.identity_asked, alone.answered) == (1, 1)


def test_an_account_that_nobody_knows_is_so_since_the_first_answer_and_asked_for_ever_more_rarely() -> None:
    alone = Alone()
    alone.cloud.ours = Denied("no credentials")
    for pause_s in (5, 10, 20, 40, 80, 160, 300, 300):
        alone.ask()
        asked = alone.cloud.identity_asked
        alone.clock.advance(pause_s - 0.001)
        alone.ask()
        assert alone.cloud.identity_asked == asked
        alone.clock.advance(0.001)
    assert alone.home.fact == Unseen("no credentials", NOON, Trouble.DENIED)
    assert alone.answered == 1, "what is still unknown is no news"
    alone.cloud.ours = OURS
    alone.ask()
    assert (alone.home.fact, alone.answered) == (OURS, 2)


def test_that_it_is_not_known_whose_the_credentials_are_is_logged_once() -> None:
    alone = Alone()
    alone.cloud.ours = Denied("no credentials")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        for _ in range(3):
            alone.ask()
            alone.clock.advance(400)
    assert [(line["log_level"], line["why"]) for line in logged] == [("warning", "no credentials")]


@pytest.mark.parametrize(("caller", "asked"), [(OPERATOR, 1), (TENANT, 2)], ids=["the operator", "a role"])
def test_a_role_is_verified_again_after_an_hour(caller: Caller, asked: int) -> None:
    alone = Alone(caller)
    assert alone.home.verified_at is None
    alone.ask()
    assert alone.home.verified_at == NOON
    alone.clock.advance(VERIFIED_EVERY_S - 0.001)
    alone.ask()
    assert alone.cloud.identity_asked == 1
    alone.clock.advance(0.001)
    alone.ask()
    assert (alone.cloud.identity_asked, alone.answered) == (asked, asked), "its time is news"
    assert alone.home.verified_at == NOON + timedelta(seconds=VERIFIED_EVERY_S * (asked - 1))


def test_a_role_that_cannot_be_had_any_more_keeps_its_account_and_says_why_once() -> None:
    alone = Alone(TENANT)
    alone.ask()
    alone.cloud.ours = Denied("no such role")
    alone.clock.advance(VERIFIED_EVERY_S)
    failed_at = alone.clock.now()
    for pause_s in (5.0, 10.0):
        alone.ask()
        alone.clock.advance(pause_s)
        assert alone.home.trouble == Unseen("no such role", failed_at, Trouble.DENIED)
    assert (alone.home.fact, alone.home.verified_at) == (OURS, NOON)
    assert (alone.cloud.identity_asked, alone.answered) == (3, 2)
    alone.cloud.ours = OURS
    alone.ask()
    assert (alone.home.trouble, alone.answered) == (None, 3)


def test_an_account_is_logged_when_it_is_another_one() -> None:
    alone = Alone(TENANT)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        for account in (OURS, OURS, Account("210987654321", "aws")):
            alone.cloud.ours = account
            alone.ask()
            alone.clock.advance(VERIFIED_EVERY_S)
    assert [line["account"] for line in logged] == ["123456789012", "210987654321"]


# -- one for each identity --


def test_sts_is_a_place_of_its_own_for_each_role() -> None:
    """One whose session cannot be had stands in no other's way, nor in that of calls to the account."""
    alone, answered = Alone(), list[Identity]()
    homes = Homes(alone.clock, alone.lanes, alone.cloud, Longest(), answered.append)
    for caller in (TENANT, OPERATOR, TENANT):
        homes.of(caller).ask()
    assert alone.lanes.errands == [
        Errand(Lane.FORWARD, Place("123456789012", "sts", TENANT.identity), "account", caller=TENANT),
        Errand(Lane.FORWARD, None, "account", caller=OPERATOR),
    ]
    while alone.workers.run_one():
        pass
    assert answered == [TENANT.identity, OWN]


def test_a_home_that_is_kept_is_the_same_and_another_one_is_asked_again() -> None:
    alone = Alone()
    homes = Homes(alone.clock, alone.lanes, alone.cloud, Longest(), lambda _: None)
    theirs, ours = homes.of(TENANT), homes.of(OPERATOR)
    homes.keep([OWN])
    assert homes.of(OPERATOR) is ours
    assert homes.of(TENANT) is not theirs
