"""What /metrics shows."""

from datetime import UTC, datetime, timedelta

from sfn_rollouts.api.analysis import AnalysisStatus, Judged
from sfn_rollouts.api.analysis import Verdict as JudgesVerdict
from sfn_rollouts.api.preflight import Check, PreflightFinding, PreflightStatus, Verdict
from sfn_rollouts.api.status import (
    AlarmState,
    Condition,
    ConditionStatus,
    HistoryEntry,
    Outcome,
    Phase,
    Status,
)
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Fill
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.ports import Key

ORDERS = Key("shop", "orders")
LIVE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor").alias("live")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOVING = Status(phase=Phase.PROGRESSING, weight=10, stable_version=41, target_version=42, alarm=AlarmState.OK)


def shown(meter: PrometheusMeter, prefix: str) -> list[str]:
    """The lines of our own series with this beginning."""
    lines = meter.render().decode().splitlines()
    return [line.removeprefix("sfn_rollouts_") for line in lines if line.startswith(f"sfn_rollouts_{prefix}")]


def saying(*conditions: tuple[str, str], **fields: object) -> Status:
    """A status with conditions that are True for a reason."""
    made = [
        Condition(type=kind, status=ConditionStatus.TRUE, reason=reason, message="", last_transition_time=NOON)
        for kind, reason in conditions
    ]
    return MOVING.model_copy(update={"conditions": tuple(made), **fields})


def ended(outcome: Outcome, reason: str, took: timedelta | None = None) -> HistoryEntry:
    started_at = NOON - took if took is not None else None
    return HistoryEntry(version=42, outcome=outcome, reason=reason, started_at=started_at, finished_at=NOON)


def test_a_rollout_shows_what_it_moves_and_where_it_is() -> None:
    meter = PrometheusMeter()

    meter.rollout(ORDERS, LIVE, saying(("Ready", "ShiftInProgress")))

    of = 'name="orders",namespace="shop"'
    assert shown(meter, "rollout_info") == [
        'rollout_info{alias="live",name="orders",namespace="shop",state_machine="OrderProcessor"} 1.0'
    ]
    assert shown(meter, "rollout_phase") == [f'rollout_phase{{{of},phase="Progressing"}} 1.0']
    assert shown(meter, "rollout_reason") == [f'rollout_reason{{{of},reason="ShiftInProgress"}} 1.0']
    assert shown(meter, "rollout_stalled") == [f"rollout_stalled{{{of}}} 0.0"]
    assert shown(meter, "rollout_weight") == [f"rollout_weight{{{of}}} 10.0"]
    assert shown(meter, "rollout_alarm") == [f'rollout_alarm{{{of},state="OK"}} 1.0']
    assert shown(meter, "rollout_version") == [
        f'rollout_version{{{of},role="stable"}} 41.0',
        f'rollout_version{{{of},role="target"}} 42.0',
    ]


def test_a_rollout_is_in_one_phase_with_one_reason_at_a_time() -> None:
    meter = PrometheusMeter()
    meter.rollout(ORDERS, LIVE, saying(("Ready", "ShiftInProgress")))

    meter.rollout(ORDERS, LIVE, saying(("Ready", "AlarmFiring"), ("Stalled", "AlarmFiring"), phase=Phase.ROLLED_BACK))

    assert [line.rpartition(",")[2] for line in shown(meter, "rollout_phase")] == ['phase="RolledBack"} 1.0']
    assert [line.rpartition(",")[2] for line in shown(meter, "rollout_reason")] == ['reason="AlarmFiring"} 1.0']
    assert [line[-3:] for line in shown(meter, "rollout_stalled")] == ["1.0"]


def test_what_is_not_known_has_no_series() -> None:
    meter = PrometheusMeter()
    meter.rollout(ORDERS, LIVE, MOVING)

    meter.rollout(ORDERS, None, Status(phase=Phase.FAILED))

    assert [line.partition("{")[0] for line in shown(meter, "rollout_") if "orders" in line] == [
        "rollout_phase",
        "rollout_stalled",
    ]


def test_a_rollout_that_is_gone_leaves_nothing() -> None:
    meter = PrometheusMeter()
    meter.rollout(ORDERS, LIVE, MOVING)
    meter.rollout(Key("shop", "returns"), LIVE, MOVING)

    meter.gone(ORDERS)
    meter.gone(ORDERS)

    assert not any("orders" in line for line in shown(meter, ""))
    assert any("returns" in line for line in shown(meter, ""))


def test_no_label_holds_an_arn() -> None:
    meter = PrometheusMeter()

    meter.rollout(ORDERS, LIVE, MOVING)

    assert "arn:" not in meter.render().decode()


def test_ends_are_counted_by_outcome_and_reason_from_nought() -> None:
    meter = PrometheusMeter()
    firing = 'outcomes_total{outcome="RolledBack",reason="AlarmFiring"}'
    assert f"{firing} 0.0" in shown(meter, "outcomes")

    meter.finished(ORDERS, ended(Outcome.ROLLED_BACK, "AlarmFiring", took=timedelta(minutes=4)))
    meter.finished(ORDERS, ended(Outcome.ROLLED_BACK, "AlarmFiring"))

    assert f"{firing} 2.0" in shown(meter, "outcomes")
    assert shown(meter, "rollout_duration_seconds_count") == [
        'rollout_duration_seconds_count{outcome="RolledBack"} 1.0'
    ]
    assert shown(meter, "rollout_duration_seconds_sum") == ['rollout_duration_seconds_sum{outcome="RolledBack"} 240.0']


def test_durations_fall_into_buckets_from_seconds_to_a_month() -> None:
    meter = PrometheusMeter()

    meter.step_took(300)
    meter.rollback_took(0.4)
    meter.finished(ORDERS, ended(Outcome.PROMOTED, "RolloutComplete", took=timedelta(days=8)))

    assert 'step_duration_seconds_bucket{le="60.0"} 0.0' in shown(meter, "step")
    assert 'step_duration_seconds_bucket{le="300.0"} 1.0' in shown(meter, "step")
    assert 'rollback_duration_seconds_bucket{le="0.25"} 0.0' in shown(meter, "rollback")
    assert 'rollback_duration_seconds_bucket{le="0.5"} 1.0' in shown(meter, "rollback")
    promoted = shown(meter, "rollout_duration")
    assert 'rollout_duration_seconds_bucket{le="604800.0",outcome="Promoted"} 0.0' in promoted
    assert 'rollout_duration_seconds_bucket{le="1.2096e+06",outcome="Promoted"} 1.0' in promoted


def test_a_duration_is_never_negative_though_a_clock_was_set_back() -> None:
    meter = PrometheusMeter()

    meter.finished(ORDERS, ended(Outcome.PROMOTED, "RolloutComplete", took=timedelta(minutes=-4)))

    assert shown(meter, "rollout_duration_seconds_sum") == ['rollout_duration_seconds_sum{outcome="Promoted"} 0.0']


def test_what_happens_is_counted() -> None:
    meter = PrometheusMeter()

    meter.aws_call("UpdateStateMachineAlias", "OK")
    meter.aws_throttled("DescribeAlarms")
    meter.aws_withheld("ListExecutions")
    meter.status_write("Conflict")
    meter.event("Limited")
    meter.alarm_reads("Read", 7)
    meter.kopf_restarted()
    meter.ticked(0.002, is_sound=True)
    meter.ticked(0.002, is_sound=False)

    assert shown(meter, "aws_calls") == ['aws_calls_total{api="UpdateStateMachineAlias",result="OK"} 1.0']
    assert 'aws_throttles_total{api="DescribeAlarms"} 1.0' in shown(meter, "aws_throttles")
    assert 'aws_throttles_total{api="ListExecutions"} 0.0' in shown(meter, "aws_throttles")
    assert 'aws_withheld_total{api="ListExecutions"} 1.0' in shown(meter, "aws_withheld")
    assert shown(meter, "status_writes") == ['status_writes_total{result="Conflict"} 1.0']
    assert shown(meter, "events") == ['events_total{result="Limited"} 1.0']
    assert shown(meter, "alarm_reads") == ['alarm_reads_total{result="Read"} 7.0']
    assert shown(meter, "kopf_restarts") == ["kopf_restarts_total 1.0"]
    assert shown(meter, "reconcile_errors") == ["reconcile_errors_total 1.0"]
    assert shown(meter, "reconcile_duration_seconds_count") == ["reconcile_duration_seconds_count 2.0"]


def test_times_are_unix_seconds_and_not_a_number_before_there_is_one() -> None:
    meter = PrometheusMeter()
    assert shown(meter, "last_sweep") == ["last_sweep_timestamp_seconds NaN"]
    assert shown(meter, "alarm_oldest") == ["alarm_oldest_reading_timestamp_seconds NaN"]

    meter.swept(NOON)
    meter.alarms_watched(3, 1, NOON)
    assert [float(line.split()[1]) for line in shown(meter, "last_sweep")] == [NOON.timestamp()]
    assert [float(line.split()[1]) for line in shown(meter, "alarm_oldest")] == [NOON.timestamp()]
    assert shown(meter, "alarms_") == ["alarms_watched 3.0", "alarms_unseen 1.0"]

    meter.alarms_watched(0, 0, None)
    assert shown(meter, "alarm_oldest") == ["alarm_oldest_reading_timestamp_seconds NaN"]


def test_buckets_are_read_at_each_scrape() -> None:
    meter, here = PrometheusMeter(), ("222222222222", "eu-west-1")
    fills = [Fill(*here, Api.UPDATE_ALIAS, 12.5, 100)]
    meter.watch_buckets(lambda: fills)
    of = 'account="222222222222",api="UpdateStateMachineAlias",region="eu-west-1"'
    assert shown(meter, "aws_bucket") == [
        f"aws_bucket_tokens{{{of}}} 12.5",
        f"aws_bucket_capacity{{{of}}} 100.0",
    ]

    fills[:] = [Fill(*here, Api.UPDATE_ALIAS, 13.5, 100)]
    assert shown(meter, "aws_bucket_tokens") == [f"aws_bucket_tokens{{{of}}} 13.5"]


def test_who_leads_is_shown() -> None:
    meter = PrometheusMeter()
    assert shown(meter, "leader") == ["leader 0.0"]

    meter.leads(is_leader=True)
    assert shown(meter, "leader") == ["leader 1.0"]


def test_the_process_is_measured_and_no_series_tells_when_another_was_made() -> None:
    page = PrometheusMeter().render().decode()

    assert "process_cpu_seconds_total" in page
    assert "python_info{" in page
    assert "_created" not in page


def test_what_preflight_found_is_counted_by_check_and_verdict_and_goes_with_the_rollout() -> None:
    meter = PrometheusMeter()
    of = 'name="orders",namespace="shop"'

    meter.rollout(ORDERS, LIVE, found_by_preflight(Verdict.FAILED, Verdict.FAILED, Verdict.UNKNOWN))
    assert shown(meter, "preflight_findings") == [
        f'preflight_findings{{check="pins",{of},verdict="Failed"}} 2.0',
        f'preflight_findings{{check="pins",{of},verdict="Unknown"}} 1.0',
    ]

    meter.rollout(ORDERS, LIVE, found_by_preflight(Verdict.PASSED))
    assert shown(meter, "preflight_findings") == [f'preflight_findings{{check="pins",{of},verdict="Passed"}} 1.0']

    meter.gone(ORDERS)
    assert shown(meter, "preflight_findings") == []


def found_by_preflight(*verdicts: Verdict) -> Status:
    findings = tuple(
        PreflightFinding(check=Check.PINS, verdict=verdict, subject="States.Charge", message="") for verdict in verdicts
    )
    found = PreflightStatus(version=42, checked_at=NOON, verdict=verdicts[0], findings=findings)
    return MOVING.model_copy(update={"preflight": found})


def test_what_the_judge_says_and_counts_is_shown_and_goes_with_the_rollout() -> None:
    meter = PrometheusMeter()
    of = 'name="orders",namespace="shop"'

    meter.rollout(ORDERS, LIVE, judged_so_far(JudgesVerdict.SUSPECT))
    assert shown(meter, "analysis") == [
        f'analysis_verdict{{{of},verdict="Suspect"}} 1.0',
        f'analysis_executions{{{of},outcome="bad",version="target"}} 2.0',
        f'analysis_executions{{{of},outcome="good",version="target"}} 5.0',
        f"analysis_looked_timestamp_seconds{{{of}}} 1.7723664e+09",
    ]

    meter.rollout(ORDERS, LIVE, judged_so_far(JudgesVerdict.NOT_ENOUGH))
    assert shown(meter, "analysis_verdict") == [f'analysis_verdict{{{of},verdict="NotEnough"}} 1.0']

    meter.gone(ORDERS)
    assert shown(meter, "analysis") == []


def test_the_age_of_the_judges_look_is_no_figure_once_nobody_looks_any_more() -> None:
    meter = PrometheusMeter()

    meter.rollout(ORDERS, LIVE, judged_so_far(JudgesVerdict.WORSE).with_(finished_at=NOON))
    assert shown(meter, "analysis_looked") == []
    assert shown(meter, "analysis_verdict") != []


def judged_so_far(verdict: JudgesVerdict) -> Status:
    target = Judged(started=9, judged=7, bad=2)
    found = AnalysisStatus(verdict=verdict, since=NOON, message="", target=target, looked_at=NOON)
    return MOVING.with_(started_at=NOON, analysis=found)
