"""Between the operators and AWS answers come late, connections are reset, answers are lost: the same way, once."""

from collections.abc import Callable, Iterator

import pytest

from devenv.aws.client import Emulator
from devenv.aws.lossy_proxy import Fate, Loss, LossyProxy, by_chance, scripted
from devenv.waiting import wait_until
from tests.e2e.story import ALARM, DEADLINE_S, QUICK_PATH, SLOW_STEPS, Story, outcomes, split, whole
from tests.e2e.two_operators.pair import AFTER_SIGKILL_S, Pair

UPDATE = "UpdateStateMachineAlias"
WAY_BACK = [whole(1), split(1, 2, 10), whole(1)]
SHARE = 0.4
SEEDS = {f"seed {seed}": by_chance(seed, SHARE) for seed in (1, 2, 3)}


@pytest.fixture
def fate() -> Fate:
    """What becomes of each call; a test gives its own by a parameter."""
    return scripted({})


@pytest.fixture
def network(aws: Emulator, fate: Fate) -> Iterator[LossyProxy]:
    """Between the operators and AWS."""
    with LossyProxy(aws.url, fate) as proxy:
        yield proxy
        print("met:", *(f"{operation} {loss}: {count}" for (operation, loss), count in sorted(proxy.met.items())))


@pytest.fixture
def aws_url(network: LossyProxy) -> str:
    """The operators find AWS behind the network."""
    return network.url


@pytest.mark.parametrize("fate", SEEDS.values(), ids=SEEDS.keys())
def test_a_canary_is_promoted_as_without_losses(story: Story, network: LossyProxy, fate: Fate) -> None:
    """Two calls in five meet something: no routing is left out, none is written twice."""
    story.apply(version=2)

    assert outcomes(story.wait_for_phase("Succeeded")) == [(2, "Promoted", "RolloutComplete")]
    assert network.met
    assert story.routings() == QUICK_PATH
    assert story.written() == QUICK_PATH[1:]


@pytest.mark.parametrize("fate", SEEDS.values(), ids=SEEDS.keys())
def test_an_alarm_leads_back_as_without_losses(story: Story, network: LossyProxy, fate: Fate) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    story.aws.set_alarm(ALARM, "ALARM")

    assert outcomes(story.wait_for_phase("RolledBack")) == [(2, "RolledBack", "AlarmFiring")]
    assert network.met
    assert story.routings() == WAY_BACK
    assert story.written() == WAY_BACK[1:]


def _step_to_fifty(story: Story) -> None:
    story.send("promote")


def _way_back(story: Story) -> None:
    story.aws.set_alarm(ALARM, "ALARM")


def _promoted(story: Story) -> None:
    story.wait_for_weight(50)
    story.command("promote")
    story.wait_for_phase("Succeeded")


def _rolled_back(story: Story) -> None:
    story.wait_for_phase("RolledBack")


Action = Callable[[Story], None]
TAKEOVERS: dict[str, tuple[Fate, Loss, Action, Action, list[dict[int, int]]]] = {
    f"a step's {loss}" if is_forward else f"a way back's {loss}": (
        scripted({(UPDATE, 2): loss}),
        loss,
        _step_to_fifty if is_forward else _way_back,
        _promoted if is_forward else _rolled_back,
        QUICK_PATH if is_forward else WAY_BACK,
    )
    for is_forward in (True, False)
    for loss in (Loss.LOST_ANSWER, Loss.RESET_BEFORE)
}


@pytest.mark.parametrize(("fate", "loss", "action", "end", "path"), TAKEOVERS.values(), ids=TAKEOVERS.keys())
def test_the_leader_is_killed_at(
    story: Story,
    pair: Pair,
    network: LossyProxy,
    fate: Fate,
    loss: Loss,
    action: Action,
    end: Action,
    path: list[dict[int, int]],
) -> None:
    """The other does not know what became of the write: it looks, and writes only what is not there yet."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    action(story)
    wait_until(lambda: network.met[UPDATE, loss], DEADLINE_S, "the write to be lost")
    before = pair.kill_leader()
    pair.wait_for_takeover(before, AFTER_SIGKILL_S, f"SIGKILL at {loss}")
    end(story)

    assert story.routings() == path
    assert story.written() == path[1:]
