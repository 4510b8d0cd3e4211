"""What is known of the executions of a rollout: what the judge says of them, and what the plan can notice at all."""

from dataclasses import dataclass
from datetime import datetime

from sfn_rollouts.analysis import Forecast, Judgement
from sfn_rollouts.api.analysis import CountedFailures, Source


@dataclass(frozen=True, slots=True)
class AnalysisReading:
    """One look of the judge. `looked_at` is the look's time by AWS's clock; `read_at` and `next_at` are by ours.

    `next_at`: when the next look of the grid can be made.
    """

    judgement: Judgement
    looked_at: datetime
    read_at: datetime
    next_at: datetime
    horizon_s: float
    source: Source
    is_horizon_capped: bool = False
    left_out: int = 0
    """Executions that cannot be as AWS reported them, like one that ended before it started."""
    counted: CountedFailures | None = None
    """By metrics: what was judged, so that another process judges the same."""


@dataclass(frozen=True, slots=True)
class ForecastReading:
    """What a plan can notice at the traffic that there was. `message`: the same in words."""

    starts_per_hour: float
    forecast: Forecast
    message: str
    read_at: datetime
