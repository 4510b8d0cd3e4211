"""One account and region hangs, drips or refuses: the others keep their bounds, and so does it once it is well again.

The bounds are those of docs/reliability.md: P + 3 s, with a poll interval P of 2 s.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import pytest

from devenv.aws.client import Emulator, small_definition
from devenv.waiting import wait_until
from tests.e2e.story import ALARM, SLOW_STEPS, Routing, Story, split, whole

POLL_S = 2.0
BOUND_S = POLL_S + 3.0
CALL_S = 5.0
"""How long a call that is under way when the place is well again may still wait for its own end."""

ILL, WELL = "us-east-1", "eu-west-1"
SPLIT = split(1, 2, 10)
STEPS = ({"setWeight": 10}, {"pause": {"duration": "1h"}})


@dataclass(frozen=True)
class Crowd:
    """Rollouts of one region on aliases of one machine, each split at 10 %, under one alarm."""

    story: Story
    aws: Emulator
    machine: str
    names: tuple[str, ...]
    alarms: tuple[str, ...]

    def routings(self) -> list[Routing]:
        return [self.aws.routing(f"{self.machine}:{name}") for name in self.names]

    def fire(self) -> None:
        self.aws.set_alarm(self.alarms[0], "ALARM")

    def time_to(self, routing: Routing, deadline_s: float) -> float:
        """Seconds until all aliases route so."""
        began = time.monotonic()
        wait_until(lambda: all(each == routing for each in self.routings()), deadline_s, f"all {self.names[0]} so")
        return time.monotonic() - began


Gather = Callable[..., Crowd]


@pytest.fixture
def gather(story: Story) -> Iterator[Gather]:
    """Makes rollouts in a region: `gather(region, count)`."""

    def gathered(region: str, count: int, alarms: int = 1) -> Crowd:
        aws = replace(story.aws, region=region)
        machine = aws.publish_machine(f"M-{region}-{story.namespace}", [small_definition(f"v{n}") for n in (1, 2)])
        names = tuple(f"a{number}" for number in range(count))
        common = f"{region}-{ALARM}"
        owned = {name: [f"{region}-{name}-{number}" for number in range(alarms - 1)] for name in names}
        watched = (common, *chain.from_iterable(owned.values()))
        for alarm in watched:
            aws.put_alarm(alarm)
        for name in names:
            aws.create_alias(machine, name, whole(1))
            spec = {
                "stateMachineArn": machine,
                "alias": name,
                "version": 2,
                "strategy": {"steps": list(STEPS)},
                "alarms": {"names": [common, *owned[name]], "pollInterval": f"{POLL_S:g}s"},
            }
            story.cluster.create(story.namespace, f"{region}-{name}", spec)
        crowd = Crowd(story, aws, machine, names, watched)
        crowd.time_to(SPLIT, 120.0)
        return crowd

    yield gathered
    story.aws.clear_faults()


def _hang(crowd: Crowd, kind: str, *operations: str) -> None:
    for operation in operations:
        for name in crowd.names:
            crowd.aws.fail(operation, kind, match=f"{crowd.machine}:{name}", delay_s=600.0)


RESTORE = ("DescribeStateMachineAlias", "UpdateStateMachineAlias")


@pytest.mark.parametrize("kind", ["timeout", "drip"])
def test_forty_restores_that_have_no_end_in_one_region_delay_none_in_another(gather: Gather, kind: str) -> None:
    crowd, victim = gather(ILL, 40), gather(WELL, 1)
    _hang(crowd, kind, *RESTORE)
    crowd.fire()
    wait_until(lambda: len(crowd.aws.calls("DescribeStateMachineAlias")) >= 3, 30.0, "the restores to begin")
    crowd.story.wait_for_polls(8)

    victim.fire()
    took_s = victim.time_to(whole(1), 60.0)
    print(f"restored after {took_s:.1f} s beside 40 restores: {kind}")
    assert took_s <= BOUND_S

    crowd.aws.clear_faults()
    took_s = crowd.time_to(whole(1), 120.0)
    print(f"the 40 were restored {took_s:.1f} s after their region was well again: {kind}")
    assert took_s <= BOUND_S + CALL_S


def test_alarms_that_hang_in_one_region_delay_none_in_another(gather: Gather) -> None:
    crowd, victim = gather(ILL, 8, alarms=100), gather(WELL, 1)
    for name in crowd.alarms:
        crowd.aws.fail("DescribeAlarms", "timeout", match=name, delay_s=600.0)
    wait_until(lambda: len(crowd.aws.calls("DescribeAlarms")) >= 3, 30.0, "calls that hang")
    crowd.story.wait_for_polls(8)

    victim.fire()
    took_s = victim.time_to(whole(1), 60.0)
    print(f"restored after {took_s:.1f} s beside 800 alarms that hang")
    assert took_s <= BOUND_S


@pytest.mark.parametrize("kind", ["denied", "expired", "unavailable", "timeout"])
def test_restores_go_as_soon_as_the_trouble_is_over(gather: Gather, kind: str) -> None:
    crowd = gather(WELL, 3)
    _hang(crowd, kind, *RESTORE)
    crowd.fire()
    crowd.story.wait_for_polls(15)
    assert crowd.routings() == [SPLIT] * 3

    crowd.aws.clear_faults()
    took_s = crowd.time_to(whole(1), 120.0)
    print(f"restored {took_s:.1f} s after: {kind}")
    assert took_s <= (BOUND_S + CALL_S if kind == "timeout" else 15.0)


def test_a_drip_in_one_call_does_not_hold_its_own_rollout_for_good(story: Story) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.aws.fail("UpdateStateMachineAlias", "drip", times=1, match=story.alias, delay_s=600.0)
    story.aws.set_alarm(ALARM, "ALARM")
    took_s = story.wait_for_routing(whole(1), 60.0)
    print(f"restored after {took_s:.1f} s past a drip")
    assert 'sfn_rollouts_jobs_given_up_total{lane="rollback"} 1.0' in story.operator.get("/metrics")[1]
    assert story.operator.get("/livez") == (200, "ok\n")
    story.aws.clear_faults()
