"""A rollout is judged by its executions, without any alarm: a worse version goes back, an equal one is promoted."""

import re

from devenv.waiting import wait_until
from tests.e2e.story import DONE, Story, condition_of, reason_of, split, verdict, whole

JUDGED_S = 240.0
"""A look each 30 s, at executions that are 30 s old: a verdict takes a minute or two, and a busy machine its time."""

BUSY = 7200.0  # starts an hour


def half_for(duration: str) -> list[dict[str, object]]:
    return [{"setWeight": 50}, {"pause": {"duration": duration}}]


def test_a_worse_version_goes_back_without_any_alarm(story: Story) -> None:
    story.aws.set_traffic(story.alias, starts_per_hour=BUSY, outcomes={2: (0.6, 0.5)}, past_s=600.0)
    story.apply(steps=half_for("3m"), alarms=None, analysis={"durations": False})

    wait_until(lambda: story.status()["phase"] == "RolledBack", JUDGED_S, "the version to go back")

    done = story.status()
    assert story.routings() == [whole(1), split(1, 2, 50), whole(1)]
    assert (reason_of(done), done["history"][0]["reason"]) == ("VersionWorse", "VersionWorse")
    reported = done["analysis"]
    assert reported["verdict"] == "Worse"
    target, stable = reported["target"], reported["stable"]
    assert reported["message"].startswith(
        f"target failed {target['bad']} of {target['judged']}, stable 0 of {stable['judged']}"
    )
    assert reported["byChance"] <= reported["needed"] <= 0.01
    assert condition_of(done, "AnalysisHealthy")["status"] == "False"
    assert "target failed" in story.wait_for_event("VersionWorse")


def test_an_equal_version_is_promoted(story: Story) -> None:
    """Both fail now and then, as they always did."""
    story.aws.set_traffic(story.alias, starts_per_hour=BUSY, outcomes={1: (0.05, 0.5), 2: (0.05, 0.5)}, past_s=600.0)
    story.apply(steps=half_for("90s"), alarms=None, analysis={})

    wait_until(lambda: story.status()["phase"] == "Succeeded", JUDGED_S, "the version to be promoted")

    done = story.status()
    assert verdict(done) == DONE
    assert done["analysis"]["verdict"] in ("NotEnough", "NotWorse")
    assert done["analysis"]["source"] == "Executions"
    assert done["analysis"]["forecast"]["startsPerHour"] > 0
    assert [since["weight"] for since in done["analysis"]["weights"]] == [50, 100]


def test_a_plan_that_sees_nothing_says_so_and_names_one_that_does(story: Story) -> None:
    """Ten executions an hour."""
    story.aws.set_traffic(story.alias, starts_per_hour=10.0, past_s=86400.0)
    story.apply(steps=[{"setWeight": 10}, {"pause": {"duration": "10m"}}], alarms=None, analysis={})

    status = story.wait_for(lambda status: (status["analysis"] or {}).get("forecast"), "a forecast")

    forecast = status["analysis"]["forecast"]
    assert forecast["noticed"] == {"always": 0, "half": 0, "fifth": 0, "twentieth": 0}
    better = re.search(r"; 50 % of new executions for \w+ would notice (\d+), \d+, \d+ and \d+$", forecast["message"])
    assert better is not None
    assert int(better[1]) >= 80


def test_one_killed_in_between_says_the_same(story: Story) -> None:
    story.aws.set_traffic(story.alias, starts_per_hour=BUSY, outcomes={2: (0.6, 0.5)}, past_s=600.0)
    story.apply(steps=half_for("3m"), alarms=None, analysis={"durations": False})
    story.wait_for(lambda status: (status["analysis"] or {}).get("lookedAt"), "a look")

    story.operator.kill()
    story.restart()

    wait_until(lambda: story.status()["phase"] == "RolledBack", JUDGED_S, "the version to go back")
    assert story.status()["history"][0]["reason"] == "VersionWorse"


def test_executions_that_may_not_be_listed_hold_the_step_and_a_person_may_go_on(story: Story) -> None:
    story.aws.fail("ListExecutions", "denied")
    story.apply(steps=half_for("1s"), alarms=None, analysis={})

    held = story.wait_for_reason("AnalysisBlind")
    assert "ListExecutions" in held["message"]
    assert story.routings() == [whole(1), split(1, 2, 50)]

    assert story.command("promote")["result"] == "Done"
    story.wait_for_phase("Succeeded")
