"""Composite alarms: ALARM while their rule holds, else OK; evaluated again when a child changes or the rule is put.

Source: API reference. INSUFFICIENT_DATA is their state only right after creation. A state forced by SetAlarmState stays
until a child changes. Evaluation stops at a cycle.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devenv.aws import alarm_rules
from devenv.aws.alarms import Alarm, children, move, put
from devenv.aws.errors import AwsError

if TYPE_CHECKING:
    from devenv.aws.region import Fields, Params, Region

_MOST_CHILDREN = 100


def put_composite_alarm(region: Region, params: Params) -> Fields:
    rule = alarm_rules.parse(params["AlarmRule"])
    _require_children(region, rule.children, params["AlarmName"])
    alarm = put(region, params, "CompositeAlarm", rule)
    _evaluate(region, alarm, "the rule was put")
    reevaluate_parents(region, alarm.name)
    return {}


def reevaluate_parents(region: Region, name: str, seen: frozenset[str] = frozenset()) -> None:
    """Carries a child's change upwards; `seen` are the alarms that it has passed."""
    child = region.alarms[name]
    for parent in [alarm for alarm in region.alarms.values() if name in children(alarm)]:
        if parent.name not in seen and _evaluate(region, parent, f"{child.arn} transitioned to {child.state}", child):
            reevaluate_parents(region, parent.name, seen | {name})


def _evaluate(region: Region, alarm: Alarm, why: str, child: Alarm | None = None) -> bool:
    """Whether the state changed."""
    states = {other.name: other.state for other in region.alarms.values()}
    state = "ALARM" if alarm.rule and alarm.rule.holds(states) else "OK"
    if state == alarm.state:
        return False
    at = f"{region.now():%A %d %B, %Y %H:%M:%S} UTC"
    move(region, alarm, state, f"{why} at {at}", _reason_data(child) if child else None)
    return True


def _reason_data(child: Alarm) -> str:
    state = {"value": child.state, "timestamp": child.updated.isoformat(timespec="milliseconds")}
    return json.dumps({"triggeringAlarms": [{"arn": child.arn, "state": state}]})


def _require_children(region: Region, names: frozenset[str], itself: str) -> None:
    if len(names) > _MOST_CHILDREN:
        raise AwsError("ValidationError", f"AlarmRule may name at most {_MOST_CHILDREN} alarms")
    missing = sorted(names - region.alarms.keys() - {itself})
    if missing:
        listed = ", ".join(missing)
        text = f"Could not save the composite alarm as alarms [{listed}] in the alarm rule do not exist"
        raise AwsError("ValidationError", text)
