"""CloudWatch alarms of all types: configuration, state, and what DescribeAlarms answers.

Source: API reference. Metric alarms are created in INSUFFICIENT_DATA and do not evaluate metrics. On AWS a state
forced by SetAlarmState falls back within seconds; here it stays until set again. Alarm actions are stored but not
carried out. A name with ASCII control characters is refused at its creation (API reference), and here wherever it is
named, which is the worst that AWS may do (not established).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from devenv.aws import alarm_history
from devenv.aws.errors import AwsError
from devenv.aws.pagination import page

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.alarm_rules import ParsedRule
    from devenv.aws.region import Fields, Params, Region

_DEFAULT_RECORDS = 50  # not stated in the API reference
_ANSWER_KEYS = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms", "LogAlarm": "LogAlarms"}


@dataclass(frozen=True)
class Alarm:
    """`configuration` holds the fields as they were put; `rule` is there for composite alarms only.

    `updated` moves with each setting of the state, `transitioned` only when its value changes. `evaluation` is
    EvaluationState, which composite alarms do not have; None: it is evaluated."""

    name: str
    arn: str
    type: str
    configuration: dict[str, Any]
    configured: datetime
    state: str
    reason: str
    reason_data: str | None
    updated: datetime
    transitioned: datetime
    rule: ParsedRule | None = None
    evaluation: str | None = None


def put_metric_alarm(region: Region, params: Params) -> Fields:
    put(region, params, "MetricAlarm", None)
    return {}


def put_log_alarm(region: Region, params: Params) -> Fields:
    put(region, params, "LogAlarm", None)
    return {}


def set_evaluation(region: Region, name: str, evaluation: str | None) -> None:
    """EVALUATION_ERROR, EVALUATION_FAILURE or PARTIAL_DATA; the state stays as it was. Raises ResourceNotFound."""
    if name not in region.alarms:
        raise AwsError("ResourceNotFound", "Unknown alarm", status=404)
    region.alarms[name] = replace(region.alarms[name], evaluation=evaluation)


def put(region: Region, params: Params, alarm_type: str, rule: ParsedRule | None) -> Alarm:
    """Creates the alarm, or changes its configuration and leaves its state."""
    name = params["AlarmName"]
    _require_plain([name])
    now = region.now()
    configuration = {"ActionsEnabled": True} | {key: value for key, value in params.items() if key != "Tags"}
    former = region.alarms.get(name)
    if former is None:
        alarm = Alarm(name, region.arn("cloudwatch", f"alarm:{name}"), alarm_type, configuration, now,
                      "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", None, now, now, rule)  # fmt: skip
    else:
        _require_same_type(former, alarm_type)
        alarm = replace(former, configuration=configuration, configured=now, rule=rule)
    region.alarms[name] = alarm
    alarm_history.record_configuration(region, alarm, "Create" if former is None else "Update")
    return alarm


def move(region: Region, alarm: Alarm, state: str, reason: str, reason_data: str | None) -> None:
    """Sets one alarm's state; its parents are the caller's business."""
    now = region.now()
    transitioned = now if state != alarm.state else alarm.transitioned
    moved = replace(alarm, state=state, reason=reason, reason_data=reason_data, updated=now, transitioned=transitioned)
    region.alarms[alarm.name] = moved
    if moved.state != alarm.state:
        alarm_history.record_state(region, alarm, moved)


def describe(region: Region, params: Params) -> Fields:
    """Sorted by name, metric alarms first; a name that does not exist is simply absent."""
    _require_one_filter(params)
    _require_plain(params.get("AlarmNames") or [])
    types = params.get("AlarmTypes") or ["MetricAlarm"]
    found = [alarm for alarm in _candidates(region, params) if alarm.type in types and _is_asked_for(alarm, params)]
    alarms, token = page(
        sorted(found, key=lambda alarm: (alarm.type != "MetricAlarm", alarm.name)),
        scope="DescribeAlarms",
        size=params.get("MaxRecords", _DEFAULT_RECORDS),
        token=params.get("NextToken"),
        now=region.now(),
        refusal=AwsError("InvalidNextToken", "The next token specified is invalid."),
    )
    answer: Fields = {key: [shown(a) for a in alarms if a.type == kind] for kind, key in _ANSWER_KEYS.items()}
    return answer | ({"NextToken": token} if token else {})


def describe_for_metric(region: Region, params: Params) -> Fields:
    wanted = [params.get(key) for key in ("MetricName", "Namespace")]
    dimensions = _dimensions(params)
    found = [
        alarm
        for alarm in region.alarms.values()
        if [alarm.configuration.get(key) for key in ("MetricName", "Namespace")] == wanted
        and _dimensions(alarm.configuration) == dimensions
    ]
    return {"MetricAlarms": [shown(alarm) for alarm in found]}


def enable_actions(region: Region, params: Params) -> Fields:
    return _set_actions(region, params, is_enabled=True)


def disable_actions(region: Region, params: Params) -> Fields:
    return _set_actions(region, params, is_enabled=False)


def delete(region: Region, params: Params) -> Fields:
    """Unknown names are ignored. One composite at most, and no alarm on which another composite depends."""
    doomed = [region.alarms[name] for name in params["AlarmNames"] if name in region.alarms]
    if sum(alarm.type == "CompositeAlarm" for alarm in doomed) > 1:
        raise AwsError("ValidationError", "DeleteAlarms request may contain at most one composite alarm.")
    names = {alarm.name for alarm in doomed}
    for name in names:
        if any(name in children(parent) for parent in region.alarms.values() if parent.name not in names):
            text = f"Cannot delete {name} as there are composite alarm(s) depending on it."
            raise AwsError("ValidationError", text)
    for alarm in doomed:
        region.alarms.pop(alarm.name, None)
        alarm_history.record_configuration(region, alarm, "Delete")
    return {}


def children(alarm: Alarm) -> frozenset[str]:
    return alarm.rule.children if alarm.rule else frozenset()


def shown(alarm: Alarm) -> Fields:
    answer = alarm.configuration | {
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured,
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": alarm.updated,
        "StateTransitionedTimestamp": alarm.transitioned,
    }
    evaluation = {"EvaluationState": alarm.evaluation} if alarm.evaluation else {}
    return answer | ({"StateReasonData": alarm.reason_data} if alarm.reason_data else {}) | evaluation


def _candidates(region: Region, params: Params) -> list[Alarm]:
    """By name without a scan: a board of many alarms is read in batches of names."""
    if names := params.get("AlarmNames"):
        return [region.alarms[name] for name in dict.fromkeys(names) if name in region.alarms]
    if parent := params.get("ChildrenOfAlarmName"):
        known = children(region.alarms[parent]) if parent in region.alarms else frozenset()
        return [region.alarms[name] for name in known if name in region.alarms]
    if child := params.get("ParentsOfAlarmName"):
        return [alarm for alarm in region.alarms.values() if child in children(alarm)]
    return list(region.alarms.values())


def _is_asked_for(alarm: Alarm, params: Params) -> bool:
    actions = [
        action
        for key in ("AlarmActions", "OKActions", "InsufficientDataActions")
        for action in alarm.configuration.get(key, [])
    ]
    prefix = params.get("ActionPrefix")
    return (
        alarm.name.startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue") in (None, alarm.state)
        and (prefix is None or any(action.startswith(prefix) for action in actions))
    )


def _require_one_filter(params: Params) -> None:
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        text = "The parameters AlarmNames and AlarmNamePrefix cannot be specified together"
        raise AwsError("ValidationError", text)


def _require_plain(names: list[str]) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for name in names for character in name):
        text = "Member must satisfy constraint: [Member must not contain ASCII control characters]"
        raise AwsError("ValidationError", f"1 validation error detected: Value at 'alarmNames' failed: {text}")


def _require_same_type(former: Alarm, alarm_type: str) -> None:
    if former.type != alarm_type:
        raise AwsError("ValidationError", f"An alarm of another type named {former.name} already exists")


def _dimensions(fields: dict[str, Any]) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in fields.get("Dimensions", [])}


def _set_actions(region: Region, params: Params, *, is_enabled: bool) -> Fields:
    for name in params["AlarmNames"]:
        if alarm := region.alarms.get(name):
            changed = alarm.configuration | {"ActionsEnabled": is_enabled}
            region.alarms[name] = replace(alarm, configuration=changed)
    return {}
