"""Whatever people do, and in whatever order: Hypothesis chooses, and cuts down what fails."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfn_rollouts.core.commands import Action
from sfn_rollouts.sim.scenario import AlarmChange, Command, Delete, Edit, Event, Reroute, Scenario
from sfn_rollouts.sim.search import play
from tests.sim.mutants import spec

MOMENTS = st.integers(0, 900).map(lambda tenths: tenths / 10)
STRATEGIES: tuple[dict[str, Any], ...] = (
    {"canary": {"weight": 30, "interval": "10s"}},
    {"allAtOnce": {}},
    {"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 70}, {"pause": {"duration": "5s"}}]},
)
CHANGES = st.one_of(
    st.fixed_dictionaries({"version": st.sampled_from((1, 2, 3, 9))}),
    st.fixed_dictionaries({"paused": st.booleans()}),
    st.fixed_dictionaries({"strategy": st.sampled_from(STRATEGIES)}),
    st.fixed_dictionaries({"retryToken": st.sampled_from(("", "1", "2"))}),
    st.fixed_dictionaries({"bakeTime": st.sampled_from(("0s", "20s", None))}),
    st.fixed_dictionaries({"driftPolicy": st.sampled_from(("Hold", "Reassert", "Adopt"))}),
    st.fixed_dictionaries({"progressDeadline": st.sampled_from(("30s", "10m"))}),
    st.fixed_dictionaries({"alarms": st.sampled_from((None, {"names": ["p95"]}, {"names": ["failures", "p95"]}))}),
)
DEEDS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Edit, MOMENTS, CHANGES),
    st.builds(Command, MOMENTS, st.sampled_from([str(action) for action in Action]), st.booleans()),
    st.builds(AlarmChange, MOMENTS, st.sampled_from(("failures", "p95")), st.sampled_from(("ALARM", "OK", None))),
    st.builds(Reroute, MOMENTS, st.sampled_from((((1, 100),), ((2, 100),), ((1, 50), (2, 50)), None))),
    st.builds(Delete, MOMENTS),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(DEEDS, max_size=8))
def test_whatever_people_do_every_invariant_holds(deeds: list[Event]) -> None:
    ordered = tuple(sorted(deeds, key=lambda event: getattr(event, "at_s", 0.0)))
    run, _ = play(Scenario(spec={**spec(), "progressDeadline": "5m"}, events=ordered))
    assert run.broken is None, run.broken
