"""A replay says what the judge said, look by look."""

from sfn_rollouts.analysis import LOOK_EVERY_S, Judging, Policy, Verdict
from sfn_rollouts.analysis.replay import changes
from tests.analysis.rollouts import PLAN, execution, past, rollout


def test_it_yields_the_first_look_and_each_change_of_verdict() -> None:
    executions, before = rollout(600, 0.01, 0.3), past()
    judging, expected = Judging(Policy(), PLAN, 5.0, before), []
    judging.take(executions)
    for look in range(62):
        judgement = judging.look(look * LOOK_EVERY_S)
        if not expected or expected[-1].verdict is not judgement.verdict:
            expected.append(judgement)
    assert list(changes(Policy(), PLAN, 5.0, before, executions)) == expected
    assert expected[-1].verdict is Verdict.WORSE


def test_it_looks_until_the_last_execution_is_judged() -> None:
    executions = [*rollout(200, 0.0, 0.0), execution(5000.0, weight=0.5)]
    last = list(changes(Policy(margin=0.2), PLAN, 5.0, (), executions))[-1]
    assert last.verdict is Verdict.NOT_WORSE


def test_a_rollout_without_executions_is_not_enough() -> None:
    assert [each.verdict for each in changes(Policy(), PLAN, 5.0, (), ())] == [Verdict.NOT_ENOUGH]
