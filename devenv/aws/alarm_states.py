"""SetAlarmState, for alarms of both types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devenv.aws.alarms import move
from devenv.aws.composite_alarms import reevaluate_parents
from devenv.aws.errors import AwsError

if TYPE_CHECKING:
    from devenv.aws.region import Fields, Params, Region


def set_state(region: Region, params: Params) -> Fields:
    alarm = region.alarms.get(params["AlarmName"])
    if alarm is None:
        raise AwsError("ResourceNotFound", "Unknown alarm", status=404)
    move(region, alarm, params["StateValue"], params["StateReason"], params.get("StateReasonData"))
    if params["StateValue"] != alarm.state:
        # Only a change: a composite whose own state was forced keeps it until then.
        reevaluate_parents(region, alarm.name)
    return {}
