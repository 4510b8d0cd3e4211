"""CloudWatch alarms: `ports.AlarmFeed`, metric and composite alike.

Both calls count as urgent: the operator makes them to find reasons for a rollback, and nothing else uses their quotas.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.pages import pages
from sfn_rollouts.aws.timestamps import to_milliseconds
from sfn_rollouts.core.observation import AlarmSnapshot, AlarmTransition
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import Urgency

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from types_boto3_cloudwatch.literals import AlarmTypeType
    from types_boto3_cloudwatch.type_defs import (
        AlarmHistoryItemTypeDef,
        CompositeAlarmTypeDef,
        DescribeAlarmHistoryInputTypeDef,
        DescribeAlarmsInputTypeDef,
        MetricAlarmTypeDef,
    )

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.arn import Place

_LARGEST_PAGE = 100
_TYPES: tuple[AlarmTypeType, ...] = ("MetricAlarm", "CompositeAlarm")  # unsaid, AWS gives metric alarms only
_STATES = {state.value: state for state in (AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA)}


class CloudWatchAlarms:
    """Reads alarms and what happened to them."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients = clients
        self._calls = calls

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot]:
        """Read at most 100 alarms; a name that does not exist is absent from the answer."""
        if len(names) > _LARGEST_PAGE:
            raise PortError(f"DescribeAlarms takes {_LARGEST_PAGE} names, not {len(names)}")
        if not names:  # AWS takes no names for "all alarms of the account"
            return {}

        def fetch(token: str | None) -> tuple[dict[str, AlarmSnapshot], str | None]:
            request: DescribeAlarmsInputTypeDef = {
                "AlarmNames": names,
                "AlarmTypes": _TYPES,
                "MaxRecords": _LARGEST_PAGE,
            }
            if token:
                request["NextToken"] = token
            answer = self._clients.watcher(place).describe_alarms(**request)
            metric = {alarm["AlarmName"]: _snapshot(alarm) for alarm in answer.get("MetricAlarms", ())}
            composite = {alarm["AlarmName"]: _snapshot(alarm) for alarm in answer.get("CompositeAlarms", ())}
            return metric | composite, answer.get("NextToken")

        # The names of a batch belong to many rollouts: an error that listed them would show one tenant another's.
        call = Call(
            Api.DESCRIBE_ALARMS, place, f"the alarms of account {place.account} in {place.region}", Urgency.ROLLBACK
        )
        return {name: alarm for page in pages(self._calls, call, fetch) for name, alarm in page.items()}

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        """State changes later than `after` (AWS's clock, milliseconds), oldest first, all pages."""

        def fetch(token: str | None) -> tuple[list[AlarmTransition], str | None]:
            request: DescribeAlarmHistoryInputTypeDef = {
                "AlarmName": name,
                "AlarmTypes": _TYPES,
                "HistoryItemType": "StateUpdate",
                "StartDate": after,
                "ScanBy": "TimestampAscending",
                "MaxRecords": _LARGEST_PAGE,
            }
            if token:
                request["NextToken"] = token
            answer = self._clients.watcher(place).describe_alarm_history(**request)
            return [_transition(item) for item in answer.get("AlarmHistoryItems", ())], answer.get("NextToken")

        resource = f"alarm {name} of account {place.account} in {place.region}"
        call = Call(Api.DESCRIBE_ALARM_HISTORY, place, resource, Urgency.ROLLBACK)
        changes = [change for page in pages(self._calls, call, fetch) for change in page]
        return [change for change in changes if change.at > after]


def _snapshot(alarm: MetricAlarmTypeDef | CompositeAlarmTypeDef) -> AlarmSnapshot:
    # StateUpdatedTimestamp also moves when only the reason changes: the history then shows that nothing happened.
    since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
    return AlarmSnapshot(_STATES[alarm["StateValue"]], to_milliseconds(since), alarm.get("StateReason", ""))


def _transition(item: AlarmHistoryItemTypeDef) -> AlarmTransition:
    data = json.loads(item["HistoryData"])
    old, new = (_STATES[data[side]["stateValue"]] for side in ("oldState", "newState"))
    return AlarmTransition(to_milliseconds(item["Timestamp"]), old, new)
