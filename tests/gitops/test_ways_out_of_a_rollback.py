"""Git asks for what is not live: revert, fix forward, or another try, each by a commit that Flux applies."""

from typing import Any

from tests.e2e.story import ALARM, Story, outcomes, reason_of, split, whole
from tests.gitops import argo
from tests.gitops.flux import HealthCheck
from tests.gitops.test_drift import wanted
from tests.gitops.tools import Tools

WAIT = HealthCheck.of("rollouts-wait.yaml")


def test_the_three_ways_of_the_guide(tools: Tools, story: Story) -> None:
    def commit(**fields: Any) -> None:
        manifest = wanted(story)
        tools.flux_apply(manifest | {"spec": manifest["spec"] | fields})

    def verdicts() -> tuple[str, str]:
        resource = tools.get(story.name)
        return WAIT(resource), argo.health(resource)[0]

    commit(version=2)
    story.wait_for_weight(10)
    story.aws.set_alarm(ALARM, "ALARM")
    story.wait_for_phase("RolledBack")
    assert verdicts() == ("Failed", "Degraded")
    commit(version=2)
    story.wait_for(lambda status: status["runningExecutions"], "the last word: how many executions stay")
    assert verdicts() == ("Failed", "Degraded")  # the next interval: it is not tried again

    writes = story.writes()
    commit(version=1)
    reverted = story.wait_for_phase("Succeeded")
    assert (reason_of(reverted), verdicts()) == ("UpToDate", ("Current", "Healthy"))
    assert story.writes() == writes

    story.aws.set_alarm(ALARM, "OK")
    commit(version=3)
    story.wait_for_weight(10)
    assert verdicts() == ("InProgress", "Progressing")
    tools.click(story.name, "abort")
    story.wait_for_phase("RolledBack")

    commit(version=3, retryToken="the queue was full")
    story.wait_for_weight(10)
    assert outcomes(story.status()) == [(3, "Aborted", "Aborted"), (2, "RolledBack", "AlarmFiring")]
    assert story.routings() == [
        *(whole(1), split(1, 2, 10)),
        *(whole(1), split(1, 3, 10)),
        *(whole(1), split(1, 3, 10)),
    ]


def test_a_revert_in_flight_goes_back_at_once(tools: Tools, story: Story) -> None:
    manifest = wanted(story)
    tools.flux_apply(manifest)
    story.wait_for_weight(10)
    tools.flux_apply(manifest | {"spec": manifest["spec"] | {"version": 1}})
    assert reason_of(story.wait_for_phase("Succeeded")) == "UpToDate"
    assert story.routings() == [whole(1), split(1, 2, 10), whole(1)]
