"""The judges, in the order in which their findings count. To add one: its file here, and its row."""

from sfn_rollouts.core.judges.alarms import ALARMS
from sfn_rollouts.core.judges.judge import Judge

JUDGES: tuple[Judge, ...] = (
    ALARMS,  # a person has said what is bad: that outranks what is only likely
)
