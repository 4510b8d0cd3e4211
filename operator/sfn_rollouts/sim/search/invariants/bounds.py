"""(10) The operator is no burden, whatever happens."""

from collections.abc import Mapping

from sfn_rollouts.sim import lease, ports, sessions
from sfn_rollouts.sim.history import COUNT_MINUTES, Announced, Called, History

PER_MINUTE: Mapping[str, int] = {
    ports.UPDATE_ALIAS: 20,
    ports.CREATE_ALIAS: 10,
    ports.READ_ALIAS: 30,
    ports.READ_ALARMS: 40,
    ports.READ_HISTORY: 30,
    ports.FIND_VERSION: 40,
    ports.COUNT_EXECUTIONS: 30,
    COUNT_MINUTES: 30,
    ports.START_EXECUTION: 25,
    ports.READ_EXECUTION: 40,
    ports.FIND_CALLEE: 25,
    ports.SIMULATE_ROLE: 25,
    sessions.ASSUME_ROLE: 60,
    sessions.GET_CALLER_IDENTITY: 20,
    ports.PATCH_STATUS: 40,
    ports.PATCH: 30,
    ports.GET: 30,
    ports.LIST: 140,
    lease.READ_LEASE: 100,
    lease.CREATE_LEASE: 10,
    lease.WRITE_LEASE: 60,
    "events": 30,
}
PER_HOUR: Mapping[str, int] = {
    ports.UPDATE_ALIAS: 1000,
    ports.CREATE_ALIAS: 500,
    ports.READ_ALIAS: 1500,
    ports.READ_ALARMS: 2000,
    ports.READ_HISTORY: 500,
    ports.FIND_VERSION: 500,
    ports.COUNT_EXECUTIONS: 500,
    COUNT_MINUTES: 300,
    ports.START_EXECUTION: 300,
    ports.READ_EXECUTION: 400,
    ports.FIND_CALLEE: 300,
    ports.SIMULATE_ROLE: 300,
    sessions.ASSUME_ROLE: 2000,
    sessions.GET_CALLER_IDENTITY: 100,
    ports.PATCH_STATUS: 500,
    ports.PATCH: 500,
    ports.GET: 500,
    ports.LIST: 500,
    lease.READ_LEASE: 5000,
    lease.CREATE_LEASE: 20,
    lease.WRITE_LEASE: 3000,
    "events": 200,
}
"""For one rollout and two operators, faults and retries included."""


def calls_stay_within_bounds(history: History, called: Called) -> str | None:
    """(10) Calls to AWS and to the API server, by API."""
    return _exceeded(history.times.get(called.api, []), called.api, called.at_us, 1 + len(history.rivals))


def events_stay_within_bounds(history: History, announced: Announced) -> str | None:
    """(10) Events, before the limits of their own that the announcer keeps."""
    return _exceeded(history.times.get("events", []), "events", announced.at_us, 1)


def _exceeded(times: list[int], api: str, now_us: int, rollouts: int) -> str | None:
    for bound, window_us, words in ((PER_MINUTE, 60_000_000, "minute"), (PER_HOUR, 3_600_000_000, "hour")):
        most = bound[api] * rollouts
        if len(times) > most and times[-1 - most] > now_us - window_us:
            return f"more than {most} {api} in a {words}"
    return None
