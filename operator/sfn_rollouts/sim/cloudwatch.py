"""AWS CloudWatch: alarms with their history, which tells of a change somewhat later than the alarm itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import AlarmSnapshot, AlarmTransition
from sfn_rollouts.errors import PortError
from sfn_rollouts.sim.scenario import AlarmTrouble, AlarmTroubleKind
from sfn_rollouts.sim.timeline import Time, us

LONG_AGO_S = 7200.0


@dataclass(frozen=True, slots=True)
class AlarmWas:
    """State of an alarm from then on; None: it did not exist."""

    from_us: int
    state: AlarmState | None
    since: datetime


class CloudWatch:
    """Alarms by name; AWS's clock may differ from true time. `troubles` are what its answers do to single alarms."""

    def __init__(
        self,
        time: Time,
        states: Mapping[str, str | None],
        skew_s: float,
        history_lag_s: float,
        troubles: Iterable[AlarmTrouble] = (),
    ) -> None:
        self._time = time
        self._troubles = tuple(troubles)
        self._skew = timedelta(seconds=skew_s)
        self._history_lag_us = us(history_lag_s)
        long_ago = self._date() - timedelta(seconds=LONG_AGO_S)
        self.alarms: dict[str, list[AlarmWas]] = {
            name: [AlarmWas(-us(LONG_AGO_S), AlarmState(state) if state else None, long_ago)]
            for name, state in states.items()
        }

    def change(self, name: str, state: str | None) -> bool:
        """An alarm changes; None deletes it. Return whether that is a change."""
        after = AlarmState(state) if state is not None else None
        long_ago = self._date() - timedelta(seconds=LONG_AGO_S)
        was = self.alarms.setdefault(name, [AlarmWas(-us(LONG_AGO_S), None, long_ago)])
        if was[-1].state is after:
            return False
        was.append(AlarmWas(self._time.now_us, after, max(self._date(), was[-1].since + timedelta(milliseconds=1))))
        return True

    def state(self, name: str) -> AlarmState | None:
        """State of an alarm as it truly is."""
        was = self.alarms.get(name)
        return was[-1].state if was else None

    def describe(self, names: Sequence[str], stale_s: float = 0.0) -> dict[str, AlarmSnapshot | PortError]:
        """DescribeAlarms: a name that does not exist is absent.

        Raises:
            PortError: one of the names is refused.
        """
        if any(self._has(name, AlarmTroubleKind.REFUSED) for name in names):
            raise PortError("DescribeAlarms was refused as invalid")
        found = ((name, self._answer(name, stale_s)) for name in names)
        return {name: alarm for name, alarm in found if alarm is not None}

    def _answer(self, name: str, stale_s: float) -> AlarmSnapshot | PortError | None:
        was = self._at(name, self._time.now_us - us(stale_s))
        if was is None or was.state is None or self._has(name, AlarmTroubleKind.HIDDEN):
            return None
        if self._has(name, AlarmTroubleKind.GARBLED):
            return PortError(f"the answer about alarm {name} cannot be understood")
        reason = "Threshold Crossed" if was.state is AlarmState.ALARM else ""
        evaluation = "EVALUATION_ERROR" if self._has(name, AlarmTroubleKind.UNEVALUATED) else ""
        return AlarmSnapshot(was.state, was.since, reason, evaluation)

    def _has(self, name: str, what: AlarmTroubleKind) -> bool:
        now_s = self._time.now_s
        return any(
            trouble.name == name and trouble.what is what and trouble.at_s <= now_s < trouble.until_s
            for trouble in self._troubles
        )

    def history(self, name: str, after: datetime) -> list[AlarmTransition]:
        """DescribeAlarmHistory: state changes later than `after`; a deleted alarm's are gone with it."""
        changes: list[AlarmTransition] = []
        was = self.alarms.get(name, [])
        for old, new in pairwise(was):
            if new.state is None:
                changes.clear()
            elif old.state is not None and self._is_recorded(new) and new.since > after:
                changes.append(AlarmTransition(new.since, old.state, new.state))
        return changes

    def _at(self, name: str, when_us: int) -> AlarmWas | None:
        return next((was for was in reversed(self.alarms.get(name, [])) if was.from_us <= when_us), None)

    def _is_recorded(self, was: AlarmWas) -> bool:
        return was.from_us + self._history_lag_us <= self._time.now_us

    def _date(self) -> datetime:
        date = self._time.now + self._skew
        return date.replace(microsecond=date.microsecond // 1000 * 1000)
