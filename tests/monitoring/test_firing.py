"""What happens, and which alerts fire then: no more and no fewer. `for` is left to Prometheus."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from sfn_rollouts.api.analysis import AnalysisStatus, Verdict
from sfn_rollouts.api.status import Condition, ConditionStatus, HistoryEntry, Outcome, Phase, Status
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.ports import Key
from tests.monitoring.evaluation import Moment, Scrape

GROUPS = yaml.safe_load((Path(__file__).parents[2] / "deploy/monitoring/alerts.yaml").read_text())["groups"]
RULES: Mapping[str, str] = {rule["alert"]: rule["expr"] for group in GROUPS for rule in group["rules"]}
SCRAPED = {"job": "sfn-rollouts", "namespace": "sfn-rollouts", "instance": "10.0.0.7:8080"}
STANDBY = {**SCRAPED, "instance": "10.0.0.8:8080"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = 60
ORDERS, RETURNS = Key("shop", "orders"), Key("shop", "returns")
LIVE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:Orders").alias("live")

Happening = Callable[[PrometheusMeter], None]


def is_in(phase: Phase, reason: str, *, is_stalled: bool = False, key: Key = ORDERS) -> Happening:
    kinds = {"Ready": ConditionStatus.FALSE} | ({"Stalled": ConditionStatus.TRUE} if is_stalled else {})
    conditions = tuple(
        Condition(type=kind, status=status, reason=reason, message="", last_transition_time=NOON)
        for kind, status in kinds.items()
    )
    status = Status(phase=phase, weight=10, conditions=conditions)
    return lambda meter: meter.rollout(key, LIVE, status)


def is_judged(phase: Phase, verdict: Verdict) -> Happening:
    found = AnalysisStatus(verdict=verdict, since=NOON, message="", looked_at=NOON)
    return lambda meter: meter.rollout(ORDERS, LIVE, Status(phase=phase, started_at=NOON, analysis=found))


def ended(outcome: Outcome, reason: str, times: int = 1) -> Happening:
    entry = HistoryEntry(version=2, outcome=outcome, reason=reason, started_at=NOON, finished_at=NOON)
    return repeated(times, lambda meter: meter.finished(ORDERS, entry))


def repeated(times: int, once: Happening) -> Happening:
    def happen(meter: PrometheusMeter) -> None:
        for _ in range(times):
            once(meter)

    return happen


def failed_and_gone(meter: PrometheusMeter) -> None:
    is_in(Phase.FAILED, "NotFound")(meter)
    meter.gone(ORDERS)


def sound() -> PrometheusMeter:
    """An operator that leads, with one rollout that has succeeded and one that moves, and with a past."""
    meter = PrometheusMeter()
    meter.leads(is_leader=True)
    meter.swept(NOON)
    meter.alarms_watched(2, 0, NOON)
    is_in(Phase.SUCCEEDED, "RolloutComplete", key=RETURNS)(meter)
    is_in(Phase.PROGRESSING, "ShiftInProgress")(meter)
    meter.status_write("NotStored")
    for result in ("OK", "Conflict", "Denied"):
        meter.status_write(result)
        meter.aws_call("UpdateStateMachineAlias", result)
    return meter


QUIET: Mapping[str, Happening] = {
    "nothing happens": lambda meter: None,
    "a rollout is promoted": ended(Outcome.PROMOTED, "RolloutComplete"),
    "a rollout waits for an alarm": is_in(Phase.PENDING, "AlarmFiring"),
    "a rollout is found suspect": is_judged(Phase.PROGRESSING, Verdict.SUSPECT),
    "a rollout ended as it had not been judged": is_judged(Phase.SUCCEEDED, Verdict.BLIND),
    "a rollout bakes": is_in(Phase.BAKING, "Baking"),
    "a write meets another": lambda meter: meter.status_write("Conflict"),
    "the watch was started again once": lambda meter: meter.kopf_restarted(),
    "AWS throttles a little": repeated(3, lambda meter: meter.aws_throttled("DescribeAlarms")),
    "a few went back": ended(Outcome.ROLLED_BACK, "AlarmFiring", times=3),
    "many were aborted by people": ended(Outcome.ABORTED, "Aborted", times=9),
    "a rollout that had failed is gone": failed_and_gone,
}

LOUD: Mapping[str, tuple[Happening, str]] = {
    "the leader stands down": (lambda meter: meter.leads(is_leader=False), "SfnRolloutsNoLeader"),
    "a decision fails": (lambda meter: meter.ticked(0.1, is_sound=False), "SfnRolloutsReconcileErrors"),
    "the watch ends and ends": (repeated(4, lambda meter: meter.kopf_restarted()), "SfnRolloutsWatchRestarting"),
    "calls to AWS have no end": (lambda meter: meter.threads_lost(1), "SfnRolloutsThreadsLost"),
    "calls to the API server have no end": (lambda meter: meter.watch_calls(lambda: 1), "SfnRolloutsThreadsLost"),
    "the API server refuses status": (lambda meter: meter.status_write("Denied"), "SfnRolloutsStatusWritesFailing"),
    "status is stored as something else": (
        lambda meter: meter.status_write("NotStored"),
        "SfnRolloutsStatusNotStored",
    ),
    "a rollback takes long": (is_in(Phase.ROLLING_BACK, "RollbackInProgress"), "SfnRolloutRollingBackTooLong"),
    "a rollback cannot be written": (
        is_in(Phase.FAILED, "RollbackFailed", is_stalled=True),
        "SfnRolloutRollbackFailed",
    ),
    "a rollout went back": (is_in(Phase.ROLLED_BACK, "AlarmFiring", is_stalled=True), "SfnRolloutRolledBack"),
    "a rollout came too late": (
        is_in(Phase.FAILED, "ProgressDeadlineExceeded", is_stalled=True),
        "SfnRolloutFailed",
    ),
    "somebody else took the alias": (is_in(Phase.PROGRESSING, "AliasDrifted", is_stalled=True), "SfnRolloutStalled"),
    "the executions cannot be read": (is_judged(Phase.PROGRESSING, Verdict.BLIND), "SfnRolloutNotJudged"),
    "nobody approves": (is_in(Phase.PAUSED, "AwaitingApproval"), "SfnRolloutWaitsForAPerson"),
    "many go back": (ended(Outcome.ROLLED_BACK, "AlarmFiring", times=4), "SfnRolloutsManyRollbacks"),
    "alarms cannot be read": (lambda meter: meter.alarms_watched(2, 1, NOON), "SfnRolloutsAlarmReadingsOld"),
    "AWS throttles a lot": (
        repeated(6, lambda meter: meter.aws_throttled("DescribeAlarms")),
        "SfnRolloutsAwsThrottled",
    ),
    "AWS denies a call": (
        lambda meter: meter.aws_call("UpdateStateMachineAlias", "Denied"),
        "SfnRolloutsAwsDenied",
    ),
}


def firing(moment: Moment) -> dict[str, list[dict[str, Any]]]:
    answers = {name: moment.ask(expression) for name, expression in RULES.items()}
    return {name: found for name, found in answers.items() if found}


def after(happening: Happening, *, seconds: float = MINUTE) -> Moment:
    meter = sound()
    before = Scrape(meter.render().decode(), SCRAPED)
    happening(meter)
    return Moment(before, Scrape(meter.render().decode(), SCRAPED), NOON.timestamp() + seconds)


@pytest.mark.parametrize("sentence", QUIET)
def test_nobody_is_woken_when(sentence: str) -> None:
    assert firing(after(QUIET[sentence])) == {}


@pytest.mark.parametrize("sentence", LOUD)
def test_an_alert_of_its_own_fires_when(sentence: str) -> None:
    happening, alert = LOUD[sentence]
    assert set(firing(after(happening))) == {alert}


def test_each_alert_fires_here_but_those_that_need_more_than_one_operator_or_time() -> None:
    others = {"SfnRolloutsOperatorDown", "SfnRolloutsManyLeaders", "SfnRolloutsListOld"}
    assert {alert for _, alert in LOUD.values()} | others == set(RULES)


def test_the_list_is_old_after_half_an_hour() -> None:
    assert firing(after(QUIET["nothing happens"], seconds=29 * MINUTE)) == {}
    assert set(firing(after(QUIET["nothing happens"], seconds=31 * MINUTE))) == {"SfnRolloutsListOld"}


def test_an_operator_that_has_listed_nothing_yet_and_watches_no_alarm_is_well() -> None:
    meter = PrometheusMeter()
    meter.leads(is_leader=True)
    scrape = Scrape(meter.render().decode(), SCRAPED)
    assert firing(Moment(scrape, scrape, NOON.timestamp())) == {}


def test_no_operator_at_all_is_the_one_thing_that_is_reported_of_it() -> None:
    nothing = Scrape("", SCRAPED)
    assert set(firing(Moment(nothing, nothing, NOON.timestamp()))) == {"SfnRolloutsOperatorDown"}


@pytest.mark.parametrize(
    ("is_leader", "alerts"), [(False, set()), (True, {"SfnRolloutsManyLeaders"})], ids=["stands by", "leads as well"]
)
def test_beside_a_leader_another_operator(is_leader: bool, alerts: set[str]) -> None:
    first, second = sound(), PrometheusMeter()
    second.leads(is_leader=is_leader)
    both = Scrape(first.render().decode(), SCRAPED)
    both.join(Scrape(second.render().decode(), STANDBY))
    assert set(firing(Moment(both, both, NOON.timestamp()))) == alerts


def test_an_alert_says_which_rollout_and_why() -> None:
    happening, alert = LOUD["a rollout went back"]
    (labels,) = firing(after(happening))[alert]
    assert labels.items() >= {"namespace": "shop", "name": "orders", "reason": "AlarmFiring"}.items()
