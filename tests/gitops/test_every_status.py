"""Whatever status the operator can write: Argo CD, Flux and kstatus agree, and no expression fails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_rollouts.api.status import Phase, Status
from sfn_rollouts.core.closing import domain_conditions
from sfn_rollouts.core.judges.table import JUDGES
from sfn_rollouts.core.values.conditions import Summary, conclude
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.search.runs import play
from tests.core.kstatus import kstatus
from tests.gitops import argo
from tests.gitops.flux import HealthCheck

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAIT, PAUSE_COUNTS = HealthCheck.of("rollouts-wait.yaml"), HealthCheck.of("rollouts-pause-counts.yaml")
HEALTH = {
    Phase.PENDING: "Progressing",
    Phase.PROGRESSING: "Progressing",
    Phase.PAUSED: "Suspended",
    Phase.BAKING: "Progressing",
    Phase.ROLLING_BACK: "Progressing",
    Phase.SUCCEEDED: "Healthy",
    Phase.ROLLED_BACK: "Degraded",
    Phase.FAILED: "Degraded",
}
VERDICT = {"Progressing": "InProgress", "Suspended": "InProgress", "Healthy": "Current", "Degraded": "Failed"}
SEEDS = 60

Resource = dict[str, Any]


def shown(status: Status) -> Resource:
    """A resource of which this is the present status."""
    metadata = {"generation": status.observed_generation, "resourceVersion": "1"}
    return {"metadata": metadata, "spec": {}, "status": status.to_resource()}


def standings(phase: Phase) -> Iterator[tuple[Summary, Resource]]:
    """Every reason with that phase, stalled or not. What ends badly is always stalled."""
    always_stalled = phase in (Phase.ROLLED_BACK, Phase.FAILED)
    for reason in Reason:
        for is_stalled in (True,) if always_stalled else (False, True):
            summary = Summary(phase, reason, reason.meaning, is_stalled=is_stalled)
            yield summary, shown(conclude(Status(), summary, dict.fromkeys(domain_conditions(JUDGES)), 3, NOW))


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_with_every_reason(phase: Phase) -> None:
    for summary, resource in standings(phase):
        health = "Degraded" if summary.is_stalled else HEALTH[phase]
        assert argo.health(resource) == (health, summary.message)
        assert kstatus(resource) == WAIT(resource) == VERDICT[health]
        is_pause = summary.reason in (Reason.AWAITING_APPROVAL, Reason.PAUSED) and not summary.is_stalled
        assert PAUSE_COUNTS(resource) == ("Current" if is_pause else VERDICT[health])


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_every_status_of_simulated_worlds(start: int) -> None:
    """With faults, crashes, people and drift: each combination of phase and conditions once."""
    statuses = {_combination(status): status for seed in range(start, start + 20) for status in written(seed)}
    assert {Phase.PENDING, Phase.PROGRESSING, Phase.BAKING} < {status.phase for status in statuses.values()}
    for status in statuses.values():
        resource = shown(status)
        health, message = argo.health(resource)
        assert message == status.message
        assert kstatus(resource) == VERDICT[health], status
        assert PAUSE_COUNTS(resource) == ("Current" if health == "Suspended" else VERDICT[health]), status
        assert set(argo.discover(resource)) == {"promote", "promote-full", "pause", "resume", "abort", "retry"}


def written(seed: int) -> Iterator[Status]:
    """What the operator wrote in the course of a run; process 0 is nobody, when a cluster is lost with its statuses."""
    run, _ = play(scenario_of(seed))
    return (each.status for each in run.history.statuses if each.process)


def _combination(status: Status) -> tuple[Any, ...]:
    return status.phase, tuple((each.type, each.status, each.reason) for each in status.conditions[:3])
