"""(10) The operator is no burden, whatever happens."""

from collections.abc import Mapping

from sfn_rollouts.sim import ports
from sfn_rollouts.sim.history import Announced, Called, History

PER_MINUTE: Mapping[str, int] = {
    ports.UPDATE_ALIAS: 20,
    ports.CREATE_ALIAS: 20,
    ports.READ_ALIAS: 60,
    ports.READ_ALARMS: 90,
    ports.READ_HISTORY: 60,
    ports.FIND_VERSION: 20,
    ports.COUNT_EXECUTIONS: 20,
    ports.PATCH_STATUS: 60,
    ports.PATCH: 40,
    ports.GET: 60,
    ports.LIST: 70,
    "events": 60,
}
PER_HOUR: Mapping[str, int] = {
    ports.UPDATE_ALIAS: 300,
    ports.CREATE_ALIAS: 120,
    ports.READ_ALIAS: 900,
    ports.READ_ALARMS: 4000,
    ports.READ_HISTORY: 900,
    ports.FIND_VERSION: 300,
    ports.COUNT_EXECUTIONS: 300,
    ports.PATCH_STATUS: 900,
    ports.PATCH: 300,
    ports.GET: 900,
    ports.LIST: 600,
    "events": 600,
}
"""For one rollout, faults and retries included."""


def calls_stay_within_bounds(history: History, called: Called) -> str | None:
    """(10) Calls to AWS and to the API server, by API."""
    return _exceeded(history.times.get(called.api, []), called.api, called.at_us)


def events_stay_within_bounds(history: History, announced: Announced) -> str | None:
    """(10) Events, before the limits of their own that the announcer keeps."""
    return _exceeded(history.times.get("events", []), "events", announced.at_us)


def _exceeded(times: list[int], api: str, now_us: int) -> str | None:
    for bound, window_us, words in ((PER_MINUTE, 60_000_000, "minute"), (PER_HOUR, 3_600_000_000, "hour")):
        most = bound[api]
        if len(times) > most and times[-1 - most] > now_us - window_us:
            return f"more than {most} {api} in a {words}"
    return None
