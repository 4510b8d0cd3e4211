"""The judges, in the order in which their findings count. To add one: its file here, and its row."""

from sfn_rollouts.core.judges.alarms import ALARMS
from sfn_rollouts.core.judges.analysis import ANALYSIS
from sfn_rollouts.core.judges.judge import Judge
from sfn_rollouts.core.judges.preflight import PREFLIGHT

JUDGES: tuple[Judge, ...] = (
    ALARMS,  # a person has said what is bad: that outranks what is only likely
    ANALYSIS,  # what the executions say, with figures
    PREFLIGHT,  # holds by a check of its own: before the first shift and before each increase only
)
