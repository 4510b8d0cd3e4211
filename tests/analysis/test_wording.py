"""The sentences that operator, plugin and commands share."""

from dataclasses import replace

import pytest

from sfn_rollouts.analysis import AgainstThePast, Counts, Finding, Forecast, Plan, Policy, Verdict, in_words, message

WORSE = Finding(Verdict.WORSE, 600.0, Counts(50, 44, 4), Counts(420, 399, 2), 1 / 787, 1 / 620)
TABLE = {
    "target failed 4 of 44, stable 2 of 399: 1 rollout in 787 would look like this by chance, 1 in 620 is enough now": (
        WORSE
    ),
    "target failed 4 of 44, stable 2 of 399: 1 rollout in more than a billion would look like this by chance, "
    "1 in 620 is enough now": replace(WORSE, by_chance=0.0),
    "target takes longer by more than 25 % (44 executions of it, 399 of stable): "
    "1 rollout in 787 would look like this by chance, 1 in 620 is enough now": replace(WORSE, verdict=Verdict.SLOWER),
    "50 executions started on target, 420 on stable: the weights of the alias do not explain that "
    "(evidence 1234x, 1000x needed)": replace(WORSE, verdict=Verdict.SKEWED, evidence=1234.4),
    "2 of 3 executions of target failed, 4 of the last 500 of stable before the rollout: only the past says so, "
    "a rise that hits both versions looks the same": replace(
        WORSE, verdict=Verdict.SUSPECT, past=AgainstThePast(2, 3, 4, 500)
    ),
    "target failed 4 of 44, stable 2 of 399: at most 5 points worse (evidence 34x, 20x needed)": replace(
        WORSE, verdict=Verdict.NOT_WORSE, evidence=34.2
    ),
    "target failed 4 of 44, stable 2 of 399: 1 rollout in 787 would look like this by chance, 1 in 620 is enough now; "
    "about 57 more executions of target would show it is not worse by 5 points": replace(
        WORSE, verdict=Verdict.NOT_ENOUGH, lacking=57
    ),
    "target failed 4 of 44, stable 2 of 399: most rollouts would look like this by chance; "
    "more than 100000 more executions of target would show it is not worse by 5 points": replace(
        WORSE, verdict=Verdict.NOT_ENOUGH, by_chance=0.7, needed=0.0, lacking=123_456
    ),
    "target failed 4 of 44, stable 2 of 399: most rollouts would look like this by chance": replace(
        WORSE, verdict=Verdict.NOT_ENOUGH, by_chance=None, needed=None
    ),
    "target failed 4 of 44, stable 2 of 399: somebody stopped 6 of 50 executions of target, 0 of 399 of stable; "
    "above one in ten they may be those that hang": replace(
        WORSE, verdict=Verdict.NOT_ENOUGH, target=Counts(50, 44, 4, 6), has_too_many_aborted=True
    ),
}


@pytest.mark.parametrize("sentence", TABLE)
def test_a_finding_says_figures_that_a_person_can_check(sentence: str) -> None:
    assert message(TABLE[sentence], Policy()) == sentence


def test_the_margin_is_said_in_points() -> None:
    found = message(replace(WORSE, verdict=Verdict.NOT_WORSE, evidence=20.0), Policy(margin=0.01))
    assert "at most 1 point worse" in found


def test_a_forecast_says_what_is_noticed_and_what_would_notice_more() -> None:
    noticed, more = Forecast(64, 11, 2, 0), Forecast(100, 100, 99, 14)
    said = (
        "at 40 starts an hour this plan notices, of 100 rollouts of a version that always fails, 64; "
        "one that fails one time in two, 11; one in five, 2; one in twenty, 0"
    )
    assert in_words(noticed, 40.0, None) == said
    better = Plan(((0.5, 25200.0),)), more
    assert in_words(noticed, 40.0, better) == (
        f"{said}; 50 % of new executions for 7h would notice 100, 100, 99 and 14"
    )
