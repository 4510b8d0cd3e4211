"""Two resources name one alias: the older one acts, the other says so; the deletion of the older one hands over."""

from sfn_rollouts.core.values.conditions import READY, condition
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.sim.history import History, StatusWritten
from sfn_rollouts.sim.scenario import Create, Delete, Scenario
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.search.exhaustive import HANDOVER
from sfn_rollouts.sim.search.runs import play
from tests.sim.mutants import spec


def _written(history: History) -> list[Routing | None]:
    """The routings that this rollout wrote with effect."""
    return [change.after for change in history.alias if change.sent is not None]


def _way(target: int) -> list[Routing]:
    return [Routing.split(1, target, 10), Routing.split(1, target, 50), Routing.whole(target)]


def _reason(history: History) -> str | None:
    ready = condition(history.status, READY) if history.status is not None else None
    return ready.reason if ready is not None else None


def test_the_older_one_acts_to_its_end_and_the_other_does_nothing() -> None:
    run, _ = play(Scenario(spec=spec(), events=(Create(5.0, {**spec(), "version": 3}),)))
    first, second = run.history.views

    assert run.broken is None
    assert _written(first) == _way(2)
    assert _written(second) == []
    assert _reason(second) == Reason.ALIAS_CONFLICT


def test_the_deletion_of_the_older_one_hands_over() -> None:
    """Its traffic is back on stable before the other begins."""
    run, _ = play(HANDOVER)
    first, second = run.history.views

    assert run.broken is None
    assert _written(first) == [*_way(2)[:2], Routing.whole(1)]
    assert first.is_gone
    assert _written(second) == _way(3)
    assert second.sent[0].at_us > first.removed[0].at_us


def test_the_deletion_of_the_younger_one_changes_nothing() -> None:
    run, _ = play(Scenario(spec=spec(), events=(Create(5.0, {**spec(), "version": 3}), Delete(20.0, rollout=1))))
    first, second = run.history.views

    assert run.broken is None
    assert second.is_gone
    assert _written(second) == []
    assert _written(first) == _way(2)


def test_worlds_by_chance_have_all_that_rivals_do() -> None:
    """Else the search would prove nothing about them."""
    rivalries = [scenario for scenario in map(scenario_of, range(150)) if scenario.rollouts > 1]
    found = {kind for scenario in rivalries for kind in _kinds(*play(scenario)[0].history.views)}
    assert found == {"both wrote", "the other was in conflict", "the first went, the other wrote"}


def _kinds(first: History, second: History) -> set[str]:
    reasons = {_reason_of(written) for written in second.statuses}
    kinds = {
        "both wrote": bool(first.sent) and bool(second.sent),
        "the other was in conflict": Reason.ALIAS_CONFLICT in reasons,
        "the first went, the other wrote": first.is_gone and bool(second.sent),
    }
    return {kind for kind, is_so in kinds.items() if is_so}


def _reason_of(written: StatusWritten) -> str | None:
    ready = condition(written.status, READY)
    return ready.reason if ready is not None else None
