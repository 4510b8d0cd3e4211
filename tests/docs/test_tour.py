"""The tour is what happens: each of its commands is run, in order, on a cluster that has nothing of ours yet."""

import pytest

from devenv import tour
from devenv.playground.__main__ import playground

PAGE = tour.read(tour.PAGE.read_text())


def test_a_page_is_read_and_written_without_a_change() -> None:
    assert PAGE.text() == tour.PAGE.read_text()


def test_the_tour_goes_through_all_that_a_new_user_does() -> None:
    commands = " ".join(step.command for step in PAGE.steps)
    verbs = (
        "helm install",
        "kubectl apply",
        "get",
        "pause",
        "resume",
        "promote",
        "abort",
        "retry",
        "preflight",
        "judge",
        "access",
        "helm upgrade",
        "uninstall",
    )
    assert [verb for verb in verbs if verb not in commands] == []


@pytest.mark.parametrize(
    ("shown", "later"),
    [
        ("FINISHED 2026-11-21 17:10:59Z", "FINISHED 2028-01-01 00:00:01Z"),
        ("nextActionAt 2026-11-21T17:10:59Z", "nextActionAt 2028-01-01T00:00:01.250Z"),
        ("Sat Nov 21 17:10:26 2026 deployed", "Sat Jan  1 00:00:01 2028 deployed"),
        ("entered 17:10, left 17:10:59", "entered 00:00, left 00:00:01"),
        ("took 59s, 11s ago, at rest for 2d3h", "took 1m, 0s ago, at rest for 331d"),
        ("target failed 15 of 87, stable 1 of 93", "target failed 150 of 870, stable 0 of 1"),
        (
            "1 rollout in 787 would look so, 1 in 620 is enough now",
            "1 rollout in 10 would look so, 1 in 9 is enough now",
        ),
        ("15 of 87 failed  235 started, 148 not judged", "1 of 8 failed  9 started, 1 not judged"),
        ("at 36000 starts an hour; one in twenty, 90", "at 35000 starts an hour; one in twenty, 100"),
    ],
)
def test_a_page_says_the_same_on_any_day_and_at_any_hour(shown: str, later: str) -> None:
    assert tour.difference(tour.Step("x", (shown,)), tour.Step("x", (later,))) == ""


def test_what_differs_from_run_to_run_is_not_compared_and_all_else_is() -> None:
    page = tour.Step("x", ("deployed 2m10s ago at 2026-11-21T10:00:00Z  ok",))
    assert tour.difference(page, tour.Step("x", ("deployed 3s ago at 2026-11-22T11:30:00Z ok",))) == ""
    assert "-deployed" in tour.difference(page, tour.Step("x", ("deployed 3s ago at 2026-11-22T11:30:00Z failed",)))
    assert "+more" in tour.difference(page, tour.Step("x", (*page.output, "more")))


def test_a_sentence_may_be_broken_into_lines_anywhere() -> None:
    page = tour.Step("x", ("  Now   version 4 has all", "        new executions", "  Next  nothing"))
    now = ("  Now   version 4", "        has all new", "        executions", "  Next  nothing")
    assert tour.difference(page, tour.Step("x", now)) == ""
    assert "-Now version 4 has all new executions" in tour.difference(page, tour.Step("x", now[:2]))


def test_what_the_judge_says_is_compared() -> None:
    page = tour.Step("x", ("    1m00s  Worse      target failed 15 of 87",))
    assert "-<duration> Worse" in tour.difference(page, tour.Step("x", ("    1m30s  Slower  target failed 15 of 87",)))


@pytest.mark.usefixtures("todays_clock")
def test_each_command_prints_what_the_page_shows() -> None:
    with playground() as place:
        differences = [
            found for was, now in tour.play(PAGE, tour.shell_of(place)) if (found := tour.difference(was, now))
        ]

    assert "\n\n".join(differences) == ""
