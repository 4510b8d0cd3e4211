"""Every strategy compiles to steps of a weight and a wait, then a bake."""

from itertools import product

import pytest

from sfn_rollouts.api.advice import no_time_with_traffic
from sfn_rollouts.api.status import Shortcut
from sfn_rollouts.api.strategy import Preset
from sfn_rollouts.core.values.plan import UNTIL_PROMOTED, bake_index_of, compile_plan
from tests.core.specs import spec

M = 60.0


def every(minutes: float, *weights: int) -> list[tuple[int, float | None]]:
    return [*((weight, minutes * M) for weight in weights), (100, 0.0)]


PLANS = {
    "a canary waits once": ({"canary": {"weight": 10, "interval": "5m"}}, every(5, 10), 5 * M),
    "a canary of all traffic is one step": ({"canary": {"weight": 100, "interval": "5m"}}, every(5), 5 * M),
    "linear steps are equal": ({"linear": {"increment": 25, "interval": "1m"}}, every(1, 25, 50, 75), M),
    "the last linear step is what is left": ({"linear": {"increment": 40, "interval": "1m"}}, every(1, 40, 80), M),
    "a linear increment of all is one step": ({"linear": {"increment": 100, "interval": "1m"}}, every(1), M),
    "exponential steps grow by the factor": (
        {"exponential": {"initialWeight": 3, "factor": 3, "interval": "2m"}},
        every(2, 3, 9, 27, 81),
        2 * M,
    ),
    "exponential from all traffic is one step": (
        {"exponential": {"initialWeight": 100, "factor": 2, "interval": "2m"}},
        every(2),
        2 * M,
    ),
    "all at once is one step without a bake": ({"allAtOnce": {}}, every(0), 0.0),
    "a pause belongs to the weight before it": (
        {"steps": [{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"setWeight": 50}]},
        [(5, 10 * M), (50, 0.0), (100, 0.0)],
        0.0,
    ),
    "a pause without a duration waits for a person": (
        {"steps": [{"setWeight": 5}, {"pause": {}}]},
        [(5, UNTIL_PROMOTED), (100, 0.0)],
        0.0,
    ),
    "a pause first waits before any traffic": (
        {"steps": [{"pause": {}}, {"setWeight": 50}]},
        [(0, UNTIL_PROMOTED), (50, 0.0), (100, 0.0)],
        0.0,
    ),
    "a second pause is a step at the same weight": (
        {"steps": [{"setWeight": 5}, {"pause": {}}, {"pause": {"duration": "1m"}}]},
        [(5, UNTIL_PROMOTED), (5, M), (100, 0.0)],
        0.0,
    ),
    "pauses alone end in all traffic": ({"steps": [{"pause": {"duration": "1m"}}]}, [(0, M), (100, 0.0)], 0.0),
    "a pause at all traffic is kept": (
        {"steps": [{"setWeight": 100}, {"pause": {"duration": "1m"}}]},
        [(100, M)],
        0.0,
    ),
}
CODEDEPLOY = {
    "Canary10Percent5Minutes": (every(5, 10), 5),
    "Canary10Percent10Minutes": (every(10, 10), 10),
    "Canary10Percent15Minutes": (every(15, 10), 15),
    "Canary10Percent30Minutes": (every(30, 10), 30),
    "Linear10PercentEvery1Minute": (every(1, *range(10, 100, 10)), 1),
    "Linear10PercentEvery2Minutes": (every(2, *range(10, 100, 10)), 2),
    "Linear10PercentEvery3Minutes": (every(3, *range(10, 100, 10)), 3),
    "Linear10PercentEvery10Minutes": (every(10, *range(10, 100, 10)), 10),
    "AllAtOnce": (every(0), 0),
}


@pytest.mark.parametrize("sentence", PLANS)
def test_plan(sentence):
    strategy, steps, bake_s = PLANS[sentence]
    plan = compile_plan(spec(strategy=strategy, bakeTime=None))
    assert [(step.weight, step.wait_s) for step in plan.steps] == steps
    assert plan.bake_s == bake_s


@pytest.mark.parametrize("preset", list(Preset))
def test_presets_are_what_codedeploy_users_know(preset):
    plan = compile_plan(spec(strategy={"preset": preset.value}, bakeTime=None))
    steps, bake_minutes = CODEDEPLOY[preset.value]
    assert [(step.weight, step.wait_s) for step in plan.steps] == steps
    assert plan.bake_s == bake_minutes * M


def test_a_bake_time_of_its_own_counts():
    assert compile_plan(spec(bakeTime="0s")).bake_s == 0
    assert compile_plan(spec(bakeTime="7m")).bake_s == 7 * M


def test_positions():
    plan = compile_plan(spec(strategy={"linear": {"increment": 50, "interval": "1m"}}, bakeTime="2m"))
    assert (plan.last_index, plan.bake_index) == (1, 2)
    assert [plan.weight_at(index) for index in range(3)] == [50, 100, 100]
    assert [plan.wait_at(index) for index in range(3)] == [60.0, 0.0, 120.0]
    assert [plan.label(index) for index in range(3)] == ["1/2", "2/2", "2/2"]
    assert [plan.first_not_below(weight) for weight in (0, 50, 51, 100)] == [0, 0, 1, 1]


def test_a_digest_tells_plans_apart_and_where_the_bake_is():
    one, other = compile_plan(spec()), compile_plan(spec(strategy={"allAtOnce": {}}))
    assert one.digest == compile_plan(spec(bakeTime="9m")).digest, "the bake is no step"
    assert one.digest != other.digest
    assert (bake_index_of(one.digest), bake_index_of(other.digest), bake_index_of("what")) == (2, 1, None)


STRATEGIES = [
    {"allAtOnce": {}},
    *({"preset": preset} for preset in Preset),
    *({"canary": {"weight": weight, "interval": "1s"}} for weight in (1, 99, 100)),
    *({"linear": {"increment": weight, "interval": "1s"}} for weight in (1, 60, 99, 100)),
    *({"exponential": {"initialWeight": weight, "factor": 2, "interval": "1s"}} for weight in (1, 99, 100)),
    *(
        {"steps": [*before, {"setWeight": 50}, *between, {"setWeight": 100}, *behind]}
        for before, between, behind in product(([], [{"pause": {}}], [{"pause": {"duration": "1s"}}]), repeat=3)
    ),
]


@pytest.mark.parametrize("bake", [None, "0s", "1s"])
@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_lint_warns_where_the_plan_has_no_time_with_traffic(strategy, bake):
    wanted = spec(strategy=strategy, alarms={"names": ["A"]}, bakeTime=bake)
    plan = compile_plan(wanted)
    waits = [step.wait_s for step in plan.steps if step.weight > 0]
    has_time = any(wait is UNTIL_PROMOTED or wait > 0 for wait in waits) or plan.bake_s > 0
    assert bool([*no_time_with_traffic(wanted)]) is not has_time


FOLLOWING = {
    "before the first step comes the first": (None, None, 0),
    "a step follows a step": (0, None, 1),
    "the bake follows the last step": (2, None, 3),
    "the end follows the bake": (3, None, 4),
    "promote-full leads to all traffic": (0, Shortcut.PROMOTE_FULL, 2),
    "promote-full does not lead past the bake": (2, Shortcut.PROMOTE_FULL, 3),
    "the rollback window leads to all traffic": (None, Shortcut.ROLLBACK_WINDOW, 2),
    "and from there past the bake": (2, Shortcut.ROLLBACK_WINDOW, 4),
    "a new alias has but one write": (None, Shortcut.NEW_ALIAS, 0),
}


@pytest.mark.parametrize(("index", "shortcut", "following"), FOLLOWING.values(), ids=FOLLOWING)
def test_what_comes_next(index: int | None, shortcut: Shortcut | None, following: int) -> None:
    """Asked by the operator, by the page of `get` and by the Event of an edit."""
    plan = compile_plan(spec(strategy={"steps": [{"setWeight": 10}, {"setWeight": 50}]}, bakeTime="5m"))
    assert plan.next_index(index, shortcut) == following
