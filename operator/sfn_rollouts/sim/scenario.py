"""A scenario: everything that happens in one run as plain data, so that it can be stored, compared and cut down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

Routing = tuple[tuple[int, int], ...]
"""((version, percent), ...)."""


class FaultKind(StrEnum):
    """What becomes of a call."""

    THROTTLE = "throttle"  # refused, no effect
    ERROR = "error"  # 5xx, no effect
    DENIED = "denied"  # no permission, no effect
    TIMEOUT_BEFORE = "timeout-before"  # no effect, reported late
    TIMEOUT_AFTER = "timeout-after"  # took effect, reported late
    RESET_AFTER = "reset-after"  # took effect, connection lost at once
    STALE = "stale"  # answered with what was true some seconds ago
    SLOW = "slow"  # took effect and answered, late
    DRIP = "drip"  # took effect, and the answer has no end
    GARBAGE = "garbage"  # no effect, and an answer that nobody can read


@dataclass(frozen=True, slots=True)
class Fault:
    """Calls of `api` (`service.Operation`, or `service.*`) fail in a window; `nth` counts an api's calls from 1 and,
    where given, picks one of them whatever the time. `chance` is the share of the calls that it hits.
    """

    at_s: float
    until_s: float | None
    api: str
    what: FaultKind
    chance: float = 1.0
    nth: int | None = None


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm changes its state; None deletes it."""

    at_s: float
    name: str
    state: str | None


class AlarmTroubleKind(StrEnum):
    """What becomes of an alarm in CloudWatch's answers, though it is as it was."""

    REFUSED = "refused"  # every call that names it is refused
    GARBLED = "garbled"  # it cannot be understood
    HIDDEN = "hidden"  # answers lack it
    UNEVALUATED = "unevaluated"  # its state is an old one


@dataclass(frozen=True, slots=True)
class AlarmTrouble:
    """CloudWatch has trouble with one alarm in a window."""

    at_s: float
    until_s: float
    name: str
    what: AlarmTroubleKind


class RoleTroubleKind(StrEnum):
    """What becomes of a role that an AWSAccess names."""

    UNTRUSTED = "untrusted"  # it trusts the operator no more: sessions that there are go on until they end
    DELETED = "deleted"  # sessions that there are hold no more either, also when it is created again


@dataclass(frozen=True, slots=True)
class RoleTrouble:
    """A role cannot be assumed in a window (None: never again)."""

    at_s: float
    until_s: float | None
    role: str
    what: RoleTroubleKind


@dataclass(frozen=True, slots=True)
class Create:
    """Somebody applies a further resource for the same alias: the scenario's own is rollout 0, this one `rollout`."""

    at_s: float
    spec: Mapping[str, Any]
    rollout: int = 1


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody applies a changed manifest: top-level fields of the spec, None takes one away."""

    at_s: float
    changes: Mapping[str, Any]
    rollout: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody sends a command. `is_late` binds it to the generation before."""

    at_s: float
    action: str
    is_late: bool = False
    rollout: int = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """Somebody deletes the resource."""

    at_s: float
    rollout: int = 0


@dataclass(frozen=True, slots=True)
class Touch:
    """Somebody else writes the resource's labels: its version moves on, its generation does not."""

    at_s: float
    rollout: int = 0


@dataclass(frozen=True, slots=True)
class LoseStatus:
    """The cluster is lost and built again from manifests: no operator runs until then, and no status is left."""

    at_s: float
    until_s: float
    rollout: int = 0


@dataclass(frozen=True, slots=True)
class Reroute:
    """Somebody else writes the alias; None deletes it."""

    at_s: float
    routing: Routing | None


@dataclass(frozen=True, slots=True)
class Recreate:
    """Somebody deletes the state machine and creates it again under its name, with new versions and the alias.

    Without versions it stays deleted.
    """

    at_s: float
    versions: tuple[int, ...]
    routing: Routing | None


@dataclass(frozen=True, slots=True)
class ChangeTargets:
    """What the versions call comes or goes, or their role may invoke it or not any more."""

    at_s: float
    is_there: bool = True
    is_allowed: bool = True


@dataclass(frozen=True, slots=True)
class ChangeSmoke:
    """Executions of a version end otherwise from now on; `after_s` None: never."""

    at_s: float
    version: int
    status: str = "SUCCEEDED"
    after_s: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody applies an AWSAccess of this name; without a spec deletes it."""

    at_s: float
    name: str
    spec: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL, and a new process later (None: never)."""

    at_s: float
    until_s: float | None
    operator: int = 0


@dataclass(frozen=True, slots=True)
class CrashAtCall:
    """The process ends at its nth call: before it is sent, or once it took effect and before the answer is known."""

    number: int
    is_after_effect: bool
    down_s: float


@dataclass(frozen=True, slots=True)
class Stop:
    """SIGTERM: the engine drains and ends; a new process later."""

    at_s: float
    until_s: float
    operator: int = 0


@dataclass(frozen=True, slots=True)
class Freeze:
    """SIGSTOP, SIGCONT."""

    at_s: float
    until_s: float
    operator: int = 0


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The host's wall clock is set."""

    at_s: float
    by_s: float
    operator: int = 0


@dataclass(frozen=True, slots=True)
class CutWatch:
    """Changes in this window are lost. `is_noticed`: the watch begins again with a list, else a sweep repairs it."""

    at_s: float
    until_s: float
    is_noticed: bool = True


Event = (
    AlarmChange | AlarmTrouble | ChangeSmoke | ChangeTargets | ClockJump | Command | CrashAtCall | Create | CutWatch
    | Delete | Edit | Fault | Freeze | Grant | Kill | LoseStatus | Recreate | Reroute | RoleTrouble | Stop | Touch
)  # fmt: skip
_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        AlarmChange, AlarmTrouble, ChangeSmoke, ChangeTargets, ClockJump, Command, CrashAtCall, Create, CutWatch,
        Delete, Edit, Fault, Freeze, Grant, Kill, LoseStatus, Recreate, Reroute, RoleTrouble, Stop, Touch,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quirks:
    """How this world is: seconds, unless said otherwise.

    `stale_s`: how old an answer of DescribeStateMachineAlias may be, for `stale_chance` of the calls.
    `renews_date`: whether writing the same routing again moves updateDate, which AWS does not document.
    `session_s`: how long a session of a role is good. `sts_is_dated`: whether STS's answers have a date.
    """

    latency_s: tuple[float, float] = (0.05, 0.05)
    timeout_s: float = 5.0
    stale_s: float = 0.0
    stale_chance: float = 0.0
    history_lag_s: float = 0.0
    watch_lag_s: float = 0.05
    aws_skew_s: float = 0.0
    host_offset_s: float = 0.0
    drift_ppm: float = 0.0
    renews_date: bool = True
    session_s: float = 3600.0
    sts_is_dated: bool = True


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How executions of one version end: `fails`: which part of them; `lasts_s`: how long one takes on average."""

    fails: float = 0.0
    lasts_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Outage:
    """Whatever starts in this window fails, whichever version it runs."""

    at_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Burst:
    """In this window `times` as many start."""

    at_s: float
    until_s: float
    times: float


@dataclass(frozen=True, slots=True)
class Callers:
    """Who starts executions through the alias, for `past_s` already. `behaviours`: ((version, how it behaves), ...).

    `is_express`: the state machine is an Express one, whose executions AWS counts and does not list.
    """

    starts_per_hour: float
    behaviours: tuple[tuple[int, Behaviour], ...] = ()
    outage: Outage | None = None
    burst: Burst | None = None
    past_s: float = 900.0
    is_express: bool = False

    def behaviour_of(self, version: int) -> Behaviour:
        """Return how a version behaves; what is not named never fails."""
        return dict(self.behaviours).get(version, Behaviour())


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. `alias` None: it does not exist. `alarms` are states at the start; what is not named is OK.

    `unpinned` are the versions that call a function without a version. `callers` None: nothing is started.
    `accesses` are specs of AWSAccesses by name.
    With two `operators` there is a Lease, and an event's `operator` says on which host it happens.
    """

    spec: Mapping[str, Any]
    seed: int = 0
    alias: Routing | None = ((1, 100),)
    versions: tuple[int, ...] = (1, 2, 3)
    alarms: Mapping[str, str | None] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    quirks: Quirks = Quirks()
    operators: int = 1
    unpinned: tuple[int, ...] = ()
    callers: Callers | None = None
    accesses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    name: str = "rollout"
    note: str = ""

    @property
    def rollouts(self) -> int:
        """How many resources it names; what is done to one that nobody creates has no effect."""
        return 1 + max((getattr(event, "rollout", 0) for event in self.events), default=0)

    @property
    def has_accesses(self) -> bool:
        """Whether there is an AWSAccess at any time."""
        return bool(self.accesses) or any(isinstance(event, Grant) for event in self.events)

    @property
    def last_event_s(self) -> float:
        """When the last thing of the scenario is over."""
        return max((_end_s(event) for event in self.events), default=0.0)

    def with_events(self, events: tuple[Event, ...]) -> "Scenario":
        """The same with other events."""
        return replace(self, events=events)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        events = [{"event": type(event).__name__, **asdict(event)} for event in self.events]
        return {**asdict(replace(self, events=())), "events": events}


def _end_s(event: Event) -> float:
    until_s: float | None = getattr(event, "until_s", None)
    at_s: float = getattr(event, "at_s", 0.0)
    return at_s if until_s is None else until_s


def from_json(raw: Mapping[str, Any]) -> Scenario:
    """Parse what `Scenario.to_json` returned, also after a way through text."""
    events = tuple(_event(each) for each in raw["events"])
    quirks = {**raw["quirks"], "latency_s": tuple(raw["quirks"]["latency_s"])}
    fields = {**raw, "versions": tuple(raw["versions"]), "alias": _routing(raw["alias"])}
    fields["unpinned"] = tuple(raw.get("unpinned", ()))
    fields["callers"] = _callers(raw.get("callers"))
    return Scenario(**{**fields, "events": events, "quirks": Quirks(**quirks)})


def _event(raw: Mapping[str, Any]) -> Event:
    fields = {name: value for name, value in raw.items() if name != "event"}
    if "routing" in fields:
        fields["routing"] = _routing(fields["routing"])
    if "versions" in fields:
        fields["versions"] = tuple(fields["versions"])
    if "what" in fields:
        fields["what"] = _WHATS.get(raw["event"], FaultKind)(fields["what"])
    event: Event = _KINDS[raw["event"]](**fields)
    return event


_WHATS: Mapping[str, type[StrEnum]] = {
    AlarmTrouble.__name__: AlarmTroubleKind,
    RoleTrouble.__name__: RoleTroubleKind,
}


def _callers(raw: Mapping[str, Any] | None) -> Callers | None:
    if raw is None:
        return None
    behaviours = tuple((int(version), Behaviour(**behaviour)) for version, behaviour in raw["behaviours"])
    outage = Outage(**raw["outage"]) if raw["outage"] is not None else None
    burst = Burst(**raw["burst"]) if raw["burst"] is not None else None
    return Callers(**{**raw, "behaviours": behaviours, "outage": outage, "burst": burst})


def _routing(raw: Any) -> Routing | None:
    return None if raw is None else tuple((int(version), int(weight)) for version, weight in raw)
