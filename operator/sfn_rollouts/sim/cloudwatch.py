"""AWS CloudWatch: alarms with their history, which tells of a change somewhat later than the alarm itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.observation import AlarmSnapshot, AlarmTransition
from sfn_rollouts.sim.timeline import Timeline, us

LONG_AGO_S = 7200.0


@dataclass(frozen=True, slots=True)
class AlarmWas:
    """State of an alarm from then on; None: it did not exist."""

    from_us: int
    state: AlarmState | None
    since: datetime


class CloudWatch:
    """Alarms by name; AWS's clock may differ from true time."""

    def __init__(self, timeline: Timeline, states: Mapping[str, str | None], skew_s: float, history_lag_s: float):
        self._timeline = timeline
        self._skew = timedelta(seconds=skew_s)
        self._history_lag_us = us(history_lag_s)
        long_ago = self._date() - timedelta(seconds=LONG_AGO_S)
        self.alarms: dict[str, list[AlarmWas]] = {
            name: [AlarmWas(-us(LONG_AGO_S), AlarmState(state) if state else None, long_ago)]
            for name, state in states.items()
        }

    def change(self, name: str, state: str | None) -> bool:
        """An alarm changes; None deletes it. Tells whether that is a change."""
        after = AlarmState(state) if state is not None else None
        was = self.alarms.setdefault(name, [AlarmWas(-us(LONG_AGO_S), None, self._date())])
        if was[-1].state is after:
            return False
        was.append(AlarmWas(self._timeline.now_us, after, self._date()))
        return True

    def state(self, name: str) -> AlarmState | None:
        """State of an alarm as it truly is."""
        was = self.alarms.get(name)
        return was[-1].state if was else None

    def describe(self, names: Sequence[str], stale_s: float = 0.0) -> dict[str, AlarmSnapshot]:
        """DescribeAlarms: a name that does not exist is absent."""
        found = {}
        for name in names:
            was = self._at(name, self._timeline.now_us - us(stale_s))
            if was is not None and was.state is not None:
                reason = "Threshold Crossed" if was.state is AlarmState.ALARM else ""
                found[name] = AlarmSnapshot(was.state, was.since, reason)
        return found

    def history(self, name: str, after: datetime) -> list[AlarmTransition]:
        """DescribeAlarmHistory: state changes later than `after`; a deleted alarm's are gone with it."""
        told: list[AlarmTransition] = []
        was = self.alarms.get(name, [])
        for old, new in pairwise(was):
            if new.state is None:
                told.clear()
            elif old.state is not None and self._is_told(new) and new.since > after:
                told.append(AlarmTransition(new.since, old.state, new.state))
        return told

    def _at(self, name: str, when_us: int) -> AlarmWas | None:
        return next((was for was in reversed(self.alarms.get(name, [])) if was.from_us <= when_us), None)

    def _is_told(self, was: AlarmWas) -> bool:
        return was.from_us + self._history_lag_us <= self._timeline.now_us

    def _date(self) -> datetime:
        date = self._timeline.now + self._skew
        return date.replace(microsecond=date.microsecond // 1000 * 1000)
