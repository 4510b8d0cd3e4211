"""CloudWatch alarms of every type: `ports.AlarmFeed`.

Both calls count as urgent: the operator makes them to find reasons for a rollback, and nothing else uses their quotas.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.aws.alarm_scopes import scope_of
from sfn_rollouts.aws.answers import field, fields
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.calls import Call, Calls
from sfn_rollouts.aws.pages import pages
from sfn_rollouts.aws.timestamps import to_milliseconds
from sfn_rollouts.core.values.readings import AlarmSnapshot, AlarmTransition, Trouble
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import Urgency
from sfn_rollouts.printable import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from types_boto3_cloudwatch.literals import AlarmTypeType
    from types_boto3_cloudwatch.type_defs import (
        AlarmHistoryItemTypeDef,
        CompositeAlarmTypeDef,
        DescribeAlarmHistoryInputTypeDef,
        DescribeAlarmHistoryOutputTypeDef,
        DescribeAlarmsInputTypeDef,
        DescribeAlarmsOutputTypeDef,
        LogAlarmTypeDef,
        MetricAlarmTypeDef,
    )

    from sfn_rollouts.aws.clients import Clients
    from sfn_rollouts.core.values.arn import Place

    _Alarm = MetricAlarmTypeDef | CompositeAlarmTypeDef | LogAlarmTypeDef

_Answer = TypeVar("_Answer")
_LARGEST_PAGE = 100
_MOST_PLACES = 4096
_TYPES: tuple[AlarmTypeType, ...] = (
    "MetricAlarm",
    "CompositeAlarm",
    "LogAlarm",
)  # unsaid, AWS gives metric alarms only
_LISTS = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
_STATES = {state.value: state for state in (AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA)}


class CloudWatchAlarms:
    """Reads alarms and what happened to them."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients = clients
        self._calls = calls
        self._places_without_log_alarms: OrderedDict[Place, None] = OrderedDict()

    def read(self, place: Place, names: Sequence[str]) -> Mapping[str, AlarmSnapshot | PortError]:
        """Read at most 100 alarms; one that does not exist is absent, one that cannot be understood is an error."""
        if len(names) > _LARGEST_PAGE:
            raise PortError(f"DescribeAlarms takes {_LARGEST_PAGE} names, not {len(names)}")
        if not names:  # AWS takes no names for "all alarms of the account"
            return {}

        def fetch(token: str | None) -> tuple[list[_Alarm], str | None]:
            request: DescribeAlarmsInputTypeDef = {
                "AlarmNames": names,
                "MaxRecords": _LARGEST_PAGE,
            }
            if token:
                request["NextToken"] = token

            def ask(types: Sequence[AlarmTypeType]) -> DescribeAlarmsOutputTypeDef:
                request["AlarmTypes"] = types
                return self._clients.watcher(place.region).describe_alarms(**request)

            answer = self._with_types(place, ask)
            return [alarm for alarms in fields(answer, *_LISTS) for alarm in alarms], answer.get("NextToken")

        # The names of a batch belong to many rollouts: an error that listed them would show one tenant another's.
        resource = (
            _one(names[0], place) if len(names) == 1 else f"the alarms of account {place.account} in {place.region}"
        )
        call = Call(Api.DESCRIBE_ALARMS, place, resource, Urgency.ROLLBACK)
        try:
            return _by_name(names, [alarm for page in pages(self._calls, call, fetch) for alarm in page])
        except PortError as error:
            error.why = _without_names(error, names)
            raise

    def history(self, place: Place, name: str, after: datetime) -> Sequence[AlarmTransition]:
        """State changes later than `after` (AWS's clock, milliseconds), oldest first, all pages.

        A change that cannot be understood is one to UNKNOWN.
        """

        def fetch(token: str | None) -> tuple[list[AlarmHistoryItemTypeDef], str | None]:
            request: DescribeAlarmHistoryInputTypeDef = {
                "AlarmName": name,
                "HistoryItemType": "StateUpdate",
                "StartDate": after,
                "ScanBy": "TimestampAscending",
                "MaxRecords": _LARGEST_PAGE,
            }
            if token:
                request["NextToken"] = token

            def ask(types: Sequence[AlarmTypeType]) -> DescribeAlarmHistoryOutputTypeDef:
                request["AlarmTypes"] = types
                return self._clients.watcher(place.region).describe_alarm_history(**request)

            answer = self._with_types(place, ask)
            return list(field(answer, "AlarmHistoryItems")), answer.get("NextToken")

        call = Call(Api.DESCRIBE_ALARM_HISTORY, place, _one(name, place), Urgency.ROLLBACK)
        items = [item for page in pages(self._calls, call, fetch) for item in page]
        return [change for change in _transitions(items, after) if change.at > after]

    def _with_types(self, place: Place, ask: Callable[[Sequence[AlarmTypeType]], _Answer]) -> _Answer:
        """Ask for all types. A region that does not know log alarms refuses the word: no alarm would be read there.

        A refusal quotes names of alarms, which may be any words. So only a call that succeeds without log alarms shows
        of the region, and only to the identity that asked: to hide those of all teams, for the name that one of them
        chose, or for what its role may see, would be a reason to go back.
        """
        if place in self._places_without_log_alarms:
            return ask(_TYPES[:2])
        try:
            return ask(_TYPES)
        except ClientError as refusal:
            if "alarmTypes" not in str(refusal):
                raise
        answer = ask(_TYPES[:2])
        self._places_without_log_alarms[place] = None
        if len(self._places_without_log_alarms) > _MOST_PLACES:
            self._places_without_log_alarms.popitem(last=False)
        return answer


def _one(name: str, place: Place) -> str:
    return f"alarm {name} of account {place.account} in {place.region}"


def _without_names(error: PortError, names: Sequence[str]) -> str:
    """Return the words of an error without the names of others: it is shown to each rollout that has one of them."""
    if len(names) == 1 or error.trouble is Trouble.TRANSIENT:
        return error.why
    if error.trouble is Trouble.DENIED:
        quoted = {form for name in names for form in (name, one_line(name), " ".join(one_line(name).split()))}
        hidden = sorted(quoted, key=len, reverse=True)
        return reduce(lambda why, name: why.replace(f":alarm:{name}", ":alarm:*"), hidden, error.why)
    return (
        f"{Api.DESCRIBE_ALARMS} was refused for {len(names)} alarms together; which of them is the cause is looked for"
    )


def _by_name(names: Sequence[str], alarms: Iterable[_Alarm]) -> dict[str, AlarmSnapshot | PortError]:
    """File each alarm under its name. One that is nobody's may be any that is lacking: none counts as missing then."""
    given = {_named(alarm): alarm for alarm in alarms}
    found = {name: _read(name, given[name]) for name in names if name in given}
    if given.keys() <= found.keys():
        return found
    why = "CloudWatch's answer has an alarm that nobody asked for, and not {}: it is not known whether that exists"
    return {name: found.get(name) or PortError(why.format(f"alarm {name}")) for name in names}


def _named(alarm: object) -> object:
    """Return the name, None for what has none: botocore hands on whatever stands in a list."""
    return alarm.get("AlarmName") if isinstance(alarm, dict) else None


def _read(name: str, alarm: _Alarm) -> AlarmSnapshot | PortError:
    """Read one alarm by itself: one that cannot be understood harms no other."""
    try:
        return _snapshot(alarm)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        return PortError(f"CloudWatch's answer about alarm {name} cannot be understood: {type(error).__name__} {error}")


def _snapshot(alarm: _Alarm) -> AlarmSnapshot:
    # StateUpdatedTimestamp also moves when only the reason changes: the history then shows that nothing happened.
    since = alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"]
    evaluation = str(alarm.get("EvaluationState") or "")  # composite alarms have none
    reason = one_line(alarm.get("StateReason") or "")
    return AlarmSnapshot(_STATES[alarm["StateValue"]], to_milliseconds(since), reason, evaluation, scope_of(alarm))


def _transitions(items: Iterable[AlarmHistoryItemTypeDef], after: datetime) -> Iterator[AlarmTransition]:
    """Read each entry by itself. One without a time lies where it stands, and in any case within what was asked for."""
    latest = after + timedelta(milliseconds=1)
    for item in items:
        at = item.get("Timestamp")
        latest = to_milliseconds(at) if at is not None else latest
        yield AlarmTransition(latest, _state(item, "oldState"), _state(item, "newState"))


def _state(item: AlarmHistoryItemTypeDef, side: str) -> AlarmState:
    """Return the state before or after a change; UNKNOWN for an entry that cannot be understood: it is no gap."""
    try:
        return _STATES[json.loads(item["HistoryData"])[side]["stateValue"]]
    except (KeyError, TypeError, ValueError):
        return AlarmState.UNKNOWN
