"""One file for each kind of look: by which lane it goes, how urgent it is, and the call that answers it.

To add one: the look in `core/values/looks.py`, its source here, and a row in `sources`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sfn_rollouts.core.values.looks import (
    CountRunning,
    FindVersion,
    ForecastAnalysis,
    JudgeExecutions,
    Look,
    ReadAlias,
    ReadHistory,
    ReadSmoke,
)
from sfn_rollouts.engine.sources.alias import alias_source
from sfn_rollouts.engine.sources.executions import executions_source
from sfn_rollouts.engine.sources.forecasts import forecasts_source
from sfn_rollouts.engine.sources.histories import histories_source
from sfn_rollouts.engine.sources.judging import judging_source
from sfn_rollouts.engine.sources.smoke import smoke_source
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.engine.sources.targets import target_sources
from sfn_rollouts.engine.sources.versions import versions_source
from sfn_rollouts.ports import Clock, Outside

Sources = Mapping[type[Look[Any]], Source]
SourcesOf = Callable[[Outside, Clock], Sources]


def sources(outside: Outside, clock: Clock) -> Sources:
    """Return who answers which kind of look, in the order in which the looks of one decision begin."""
    return {
        ReadAlias: alias_source(outside.router, clock),
        FindVersion: versions_source(outside.catalog),
        **target_sources(outside.targets),
        ReadSmoke: smoke_source(outside.smokes),
        CountRunning: executions_source(outside.catalog),
        ForecastAnalysis: forecasts_source(outside.executions, clock),
        JudgeExecutions: judging_source(outside.executions, clock),
        ReadHistory: histories_source(outside.alarms),
    }
