"""What a kubelet and a Prometheus read from a running operator."""

from devenv.control_plane import ControlPlane
from devenv.waiting import wait_until
from tests.e2e.outages import api_server_down
from tests.e2e.story import DEADLINE_S, SLOW_STEPS, Story


def test_alive_and_ready(story: Story) -> None:
    """/readyz says 200 once the resources are listed, /livez says 200 all along."""
    story.operator.wait_ready()

    assert story.operator.get("/readyz") == (200, "ok\n")
    assert story.operator.get("/livez") == (200, "ok\n")


def test_an_outage_of_the_api_server_is_no_reason_for_a_restart(story: Story, control_plane: ControlPlane) -> None:
    """A restart would lose what is known of AWS, and could not start again: /livez stays at 200."""
    story.operator.wait_ready()
    with api_server_down(control_plane):
        wait_until(lambda: _watch_failures(story) > 0, DEADLINE_S, "the operator to miss the API server")
        assert story.operator.get("/livez")[0] == 200
        assert story.operator.get("/readyz")[0] == 200


def test_metrics_of_a_rollout(story: Story) -> None:
    """Phase and weight of each rollout, outcomes by reason, calls to AWS by API; a deleted rollout leaves no series."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    where = f'name="rollout",namespace="{story.namespace}"'
    assert f'sfn_rollouts_rollout_phase{{{where},phase="Progressing"}} 1.0' in _metrics(story)
    assert f"sfn_rollouts_rollout_weight{{{where}}} 10.0" in _metrics(story)

    story.command("abort")
    story.wait_for_phase("RolledBack")
    found = _metrics(story)
    assert f'sfn_rollouts_rollout_phase{{{where},phase="RolledBack"}} 1.0' in found
    assert 'sfn_rollouts_outcomes_total{outcome="Aborted",reason="Aborted"} 1.0' in found
    assert 'sfn_rollouts_aws_calls_total{api="UpdateStateMachineAlias",result="OK"} 2.0' in found

    story.delete()
    story.wait_until_gone()
    wait_until(lambda: where not in _metrics(story), DEADLINE_S, "the series of the rollout to go")


def test_the_log_says_which_rollout_and_where_it_is(story: Story) -> None:
    """Each line about a rollout carries its namespace/name, generation, step and reason."""
    story.apply(version=2)
    story.wait_for_phase("Succeeded")

    lines = [line for line in story.operator.log_lines() if line.get("rollout")]
    started = [line for line in lines if line.get("reason") == "StepStarted"]

    assert [line["step"] for line in started] == ["1/3", "2/3", "3/3"]
    for line in lines:
        assert line["rollout"] == f"{story.namespace}/rollout"
        assert line["generation"] == 1
        assert {"step", "reason", "level", "timestamp", "message"} <= line.keys()


def _metrics(story: Story) -> str:
    status, page = story.operator.get("/metrics")
    assert status == 200
    return page


def _watch_failures(story: Story) -> int:
    return sum(str(line.get("logger")).startswith("kopf") for line in story.operator.log_lines())
