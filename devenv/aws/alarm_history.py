"""What DescribeAlarmHistory answers: an item for each change of an alarm's state or configuration.

The history outlives the alarm (API reference). Setting the state that an alarm already has makes no item: not
established on AWS, but its items are named "Alarm updated from X to Y".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devenv.aws.errors import AwsError
from devenv.aws.pagination import page

if TYPE_CHECKING:
    from devenv.aws.alarms import Alarm
    from devenv.aws.region import Fields, Params, Region

_DEFAULT_RECORDS = 100  # the default is not established


@dataclass(frozen=True)
class HistoryItem:
    alarm: str
    alarm_type: str
    at: datetime
    type: str
    summary: str
    data: str


def record_state(region: Region, former: Alarm, alarm: Alarm) -> None:
    """`alarm` is `former` after its state changed."""
    states = {"version": "1.0", "oldState": _state(former), "newState": _state(alarm)}
    summary = f"Alarm updated from {former.state} to {alarm.state}"
    item = HistoryItem(alarm.name, alarm.type, alarm.updated, "StateUpdate", summary, json.dumps(states))
    region.alarm_history.append(item)


def record_configuration(region: Region, alarm: Alarm, event: str) -> None:
    """`event` is Create, Update or Delete."""
    verb = {"Create": "created", "Update": "updated", "Delete": "deleted"}[event]
    data = json.dumps({"version": "1.0", "type": event, f"{verb}Alarm": alarm.configuration})[:4095]
    summary = f'Alarm "{alarm.name}" {verb}'
    region.alarm_history.append(HistoryItem(alarm.name, alarm.type, region.now(), "ConfigurationUpdate", summary, data))


def describe(region: Region, params: Params) -> Fields:
    """Newest first unless ScanBy says otherwise; without AlarmTypes only metric alarms (API reference)."""
    found = [item for item in region.alarm_history if _is_asked_for(item, params)]
    # Items of one millisecond keep the order in which they happened, in both directions.
    found.sort(key=lambda item: item.at)
    if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
        found.reverse()
    items, token = page(
        found,
        scope=f"DescribeAlarmHistory {params.get('AlarmName')} {params.get('ScanBy')}",
        size=params.get("MaxRecords", _DEFAULT_RECORDS),
        token=params.get("NextToken"),
        now=region.now(),
        refusal=AwsError("InvalidNextToken", "The next token specified is invalid."),
    )
    return {"AlarmHistoryItems": [_shown(item) for item in items], **({"NextToken": token} if token else {})}


def _is_asked_for(item: HistoryItem, params: Params) -> bool:
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    return (
        item.alarm_type in types
        and params.get("AlarmName") in (None, item.alarm)
        and params.get("HistoryItemType") in (None, item.type)
        and ("StartDate" not in params or item.at >= moment(params["StartDate"]))
        and ("EndDate" not in params or item.at <= moment(params["EndDate"]))
    )


def moment(value: Any) -> datetime:
    """A timestamp as the protocols bring it: seconds since the epoch, or a datetime already."""
    return value if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)


def _state(alarm: Alarm) -> dict[str, Any]:
    state: dict[str, Any] = {"stateValue": alarm.state, "stateReason": alarm.reason}
    if alarm.reason_data:
        state["stateReasonData"] = json.loads(alarm.reason_data)
    return state


def _shown(item: HistoryItem) -> Fields:
    return {
        "AlarmName": item.alarm,
        "AlarmType": item.alarm_type,
        "Timestamp": item.at,
        "HistoryItemType": item.type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
