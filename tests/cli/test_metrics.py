"""What /metrics shows."""

from sfn_rollouts.api.status import Outcome, Phase, Status
from sfn_rollouts.metrics import PrometheusMeter
from sfn_rollouts.ports import Key

ORDERS = Key("shop", "orders")


def shown(meter: PrometheusMeter) -> list[str]:
    """Our own series but the version."""
    lines = meter.render().decode().splitlines()
    return [
        line for line in lines if line.startswith("sfn_rollouts_") and "_created" not in line and "_build_" not in line
    ]


def test_a_rollout_shows_its_phase_and_weight() -> None:
    meter = PrometheusMeter()

    meter.rollout(ORDERS, Status(phase=Phase.PROGRESSING, weight=10))

    assert 'sfn_rollouts_rollout_info{name="orders",namespace="shop",phase="Progressing"} 1.0' in shown(meter)
    assert 'sfn_rollouts_rollout_weight{name="orders",namespace="shop"} 10.0' in shown(meter)


def test_a_rollout_is_in_one_phase_at_a_time() -> None:
    meter = PrometheusMeter()
    meter.rollout(ORDERS, Status(phase=Phase.PROGRESSING, weight=10))

    meter.rollout(ORDERS, Status(phase=Phase.SUCCEEDED))

    assert shown(meter)[0] == 'sfn_rollouts_rollout_info{name="orders",namespace="shop",phase="Succeeded"} 1.0'
    assert not any("rollout_weight{" in line or "Progressing" in line for line in shown(meter))


def test_a_rollout_that_is_gone_leaves_nothing() -> None:
    meter = PrometheusMeter()
    meter.rollout(ORDERS, Status(phase=Phase.PROGRESSING, weight=10))

    meter.rollout(ORDERS, None)
    meter.rollout(ORDERS, None)

    assert not any("orders" in line for line in shown(meter))


def test_what_happens_is_counted() -> None:
    meter = PrometheusMeter()

    meter.finished(ORDERS, Outcome.ROLLED_BACK, "AlarmFiring")
    meter.aws_call("UpdateStateMachineAlias", "OK")
    meter.status_write("Conflict")
    meter.event("Limited")
    meter.kopf_restarted()

    assert shown(meter) == [
        'sfn_rollouts_outcomes_total{outcome="RolledBack",reason="AlarmFiring"} 1.0',
        'sfn_rollouts_aws_calls_total{api="UpdateStateMachineAlias",result="OK"} 1.0',
        'sfn_rollouts_status_writes_total{result="Conflict"} 1.0',
        'sfn_rollouts_events_total{result="Limited"} 1.0',
        "sfn_rollouts_kopf_restarts_total 1.0",
    ]


def test_the_process_is_measured() -> None:
    page = PrometheusMeter().render().decode()

    assert "process_cpu_seconds_total" in page
    assert "python_info{" in page
