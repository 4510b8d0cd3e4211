"""The statistics of a rollout: is the target worse than stable, by how their executions end?

Everything here is pure: executions and a plan in, judgements out; no I/O, no clock, nothing of the rest of the product,
and nothing beyond the standard library. The words of the verdicts are here too, so that operator, plugin and commands
say the same. Does not belong here: where executions come from (`aws`), what a rollout does about a verdict (`core`).

To read: `tally` is the test itself; `failures`, `durations` and `evidence` are what is tested with it or beside it;
`verdicts` puts them together, `judging` feeds it with executions and `counting` with minutes. docs/analysis.md says
what they promise; decision 0032 why it is done so.
"""

from sfn_rollouts.analysis.before import Before, Horizon, horizon_of
from sfn_rollouts.analysis.counting import CountJudging
from sfn_rollouts.analysis.forecasting import Forecast, better_plan, forecast
from sfn_rollouts.analysis.foreseeing import Foreseen, foresee
from sfn_rollouts.analysis.judging import Judging
from sfn_rollouts.analysis.outcome import is_possible
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import (
    LOOK_EVERY_S,
    MINUTE_S,
    SETTLE_S,
    AgainstThePast,
    Counts,
    Ended,
    Execution,
    Finding,
    Judgement,
    Policy,
    Reported,
    Verdict,
)
from sfn_rollouts.analysis.wording import how_often, in_words, message, one_in, outlasting

__all__ = [
    "LOOK_EVERY_S",
    "MINUTE_S",
    "SETTLE_S",
    "AgainstThePast",
    "Before",
    "CountJudging",
    "Counts",
    "Ended",
    "Execution",
    "Finding",
    "Forecast",
    "Foreseen",
    "Horizon",
    "Judgement",
    "Judging",
    "Plan",
    "Policy",
    "Reported",
    "Verdict",
    "better_plan",
    "forecast",
    "foresee",
    "horizon_of",
    "how_often",
    "in_words",
    "is_possible",
    "message",
    "one_in",
    "outlasting",
]
