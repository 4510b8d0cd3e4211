"""What happened in a run: one record a decision, effect or action, in the order in which it happened."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import AlarmState, Status
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.access import AccessReading
from sfn_rollouts.core.values.decision import Decision, WriteKind
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.ports import Key  # noqa: TC001 - beside the rest
from sfn_rollouts.sim.executions import Executions
from sfn_rollouts.sim.smokes import Smokes
from sfn_rollouts.sim.step_functions import AliasState
from sfn_rollouts.sim.targets import Targets


@dataclass(frozen=True, slots=True)
class Decided:
    """The engine asked and the core answered. `is_equal_again`: asked twice, it said the same."""

    at_us: int
    process: int
    rollout: Rollout
    seen: Observation
    now: datetime
    decision: Decision
    is_equal_again: bool
    rounds: int  # how many transitions have followed each other at this very moment
    clock_error_us: int  # what the process believes that the time is, minus true time
    number: int = 0  # which rollout, in the order of their creation; likewise below


@dataclass(frozen=True, slots=True)
class WriteSent:
    """The operator sends a traffic write; `decided` is what it follows from, `stored` what the API server holds."""

    at_us: int
    process: int
    routing: Routing
    decided: Decided | None
    stored: Status | None
    number: int = 0
    role: str | None = None  # whose credentials sign it; "": the operator's own; None: nobody said


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a role, as STS knows it."""

    caller: Caller
    opened_us: int
    ends_us: int


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """STS opened a session for a process."""

    at_us: int
    process: int
    session: Session


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """AWS refused to open a session, or to take one; `what`: which of them. `api`: what it was opened for."""

    at_us: int
    process: int
    for_whom: Caller
    what: str
    api: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """A service of AWS takes a call, which is `for_whom` and signed by a session; None: the operator's own keys."""

    at_us: int
    process: int
    api: str
    for_whom: Caller
    session: Session | None


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """What the AWSAccesses say to the rollouts has become another answer. `is_missed`: no watch brings the change."""

    at_us: int
    says: AccessReading
    is_missed: bool = False


@dataclass(frozen=True, slots=True)
class AliasChanged:
    """A traffic write took effect; `sent` None: somebody else's."""

    at_us: int
    before: Routing | None
    after: Routing | None
    sent: WriteSent | None

    @property
    def kind(self) -> WriteKind | None:
        """What the operator wrote it for."""
        decided = self.sent.decided if self.sent is not None else None
        return decided.decision.write.kind if decided is not None and decided.decision.write is not None else None


@dataclass(frozen=True, slots=True)
class StatusWritten:
    """The API server holds a new status; `alias` is the alias as it truly is then."""

    at_us: int
    process: int
    generation: int
    status: Status
    alias: Routing | None
    number: int = 0


@dataclass(frozen=True, slots=True)
class SmokeStarted:
    """An execution of a version begins, because the operator asks for it."""

    at_us: int
    process: int
    name: str
    version: int

    @property
    def what(self) -> str:
        """In words."""
        return f"starts    {self.name}"


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """An alarm changed."""

    at_us: int
    name: str
    state: AlarmState | None


@dataclass(frozen=True, slots=True)
class SpecEdited:
    """Somebody applied, deleted or commanded; `spec` as it is from then on."""

    at_us: int
    spec: Spec
    what: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Removed:
    """The API server has the resource no more."""

    at_us: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Announced:
    """People hear of something."""

    at_us: int
    announcement: Announcement
    number: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """A call was made; `fault` says what became of it, empty: an answer came."""

    at_us: int
    process: int
    api: str
    fault: str


@dataclass(frozen=True, slots=True)
class ProcessChanged:
    """A process of the operator started, was killed, stopped, frozen or thawed."""

    at_us: int
    process: int
    what: str


@dataclass(frozen=True, slots=True)
class LeaseWritten:
    """The Lease was taken, renewed or, without a holder, released by a process."""

    at_us: int
    process: int
    holder: str


@dataclass(frozen=True, slots=True)
class Defect:
    """Something came out of the operator that never should: an exception, a log line of level error."""

    at_us: int
    process: int
    what: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over; `is_quiet`: nothing was left to happen."""

    at_us: int
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant, by its name, and how it was broken."""

    invariant: str
    message: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.message}"


LIST_EXECUTIONS, COUNT_MINUTES = "stepfunctions.ListExecutions", "cloudwatch.GetMetricData"

LONGEST_CALL_US = 6_000_000
"""After so long the caller knows what became of its call, if it ever will."""

Happening = (
    Decided | WriteSent | AliasChanged | StatusWritten | SmokeStarted | AlarmChanged | SpecEdited | Removed | Announced
    | Called | ProcessChanged | LeaseWritten | AccessChanged | SessionOpened | SessionRefused | Served | Defect | Ended
)  # fmt: skip


@dataclass(eq=False)
class History:
    """All that happened, and by kind.

    `times` of calls by API, and of Events. `alias_states`, `targets`, `executions` and `smokes` are AWS's own.
    `disturbed_until_us`: when the last fault so far was over; what befalls a look at executions is none, as nothing
    urgent may wait for it. `last_foreign_us`: when somebody else last wrote the alias; `process_since_us`: since when
    the operator has run without a break. `rivals`: what concerns the other rollouts on the same alias, the oldest
    first. `served_us`: when AWS last took a call of a process for somebody.
    """

    all: list[Happening] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    sent: list[WriteSent] = field(default_factory=list)
    alias: list[AliasChanged] = field(default_factory=list)
    statuses: list[StatusWritten] = field(default_factory=list)
    started: list[SmokeStarted] = field(default_factory=list)
    alarms: list[AlarmChanged] = field(default_factory=list)
    edits: list[SpecEdited] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    called: list[Called] = field(default_factory=list)
    announced: list[Announced] = field(default_factory=list)
    processes: list[ProcessChanged] = field(default_factory=list)
    leases: list[LeaseWritten] = field(default_factory=list)
    accesses: list[AccessChanged] = field(default_factory=list)
    opened: list[SessionOpened] = field(default_factory=list)
    refused: list[SessionRefused] = field(default_factory=list)
    served_us: dict[tuple[int, Caller], int] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)
    times: dict[str, list[int]] = field(default_factory=dict)
    alias_states: list[AliasState] = field(default_factory=list)
    targets: Targets | None = None
    executions: Executions | None = None
    smokes: Smokes | None = None
    disturbed_until_us: int = 0
    last_foreign_us: int = 0
    process_since_us: int = 0
    takeovers: int = 0
    rivals: list["History"] = field(default_factory=list, repr=False)

    def add(self, happening: Happening) -> None:
        """Note what happened."""
        if not isinstance(happening, Served):  # it stands there as a call already
            self.all.append(happening)
        row = self._rows.get(type(happening))
        if row is not None:
            row.append(happening)
        match happening:
            case Called():
                self.times.setdefault(happening.api, []).append(happening.at_us)
                if happening.fault and happening.api not in (LIST_EXECUTIONS, COUNT_MINUTES):
                    self.disturbed_until_us = max(self.disturbed_until_us, happening.at_us + LONGEST_CALL_US)
            case Served():
                self.served_us[happening.process, happening.for_whom] = happening.at_us
            case SessionRefused():
                self.disturbed_until_us = max(self.disturbed_until_us, happening.at_us + LONGEST_CALL_US)
            case Announced():
                self.times.setdefault("events", []).append(happening.at_us)
            case AliasChanged(sent=None):
                self.last_foreign_us = happening.at_us
            case ProcessChanged():
                self.process_since_us = happening.at_us
            case LeaseWritten() if len(self.leases) < 2 or self.leases[-2].process != happening.process:
                self.process_since_us = happening.at_us
                self.takeovers += len(self.leases) > 1 and happening.holder != ""

    def __post_init__(self) -> None:
        self._rows: dict[type, list[Any]] = {
            Decided: self.decided, WriteSent: self.sent, AliasChanged: self.alias, StatusWritten: self.statuses,
            SmokeStarted: self.started, AlarmChanged: self.alarms, SpecEdited: self.edits, Removed: self.removed,
            Called: self.called, Announced: self.announced, ProcessChanged: self.processes, LeaseWritten: self.leases,
            AccessChanged: self.accesses, SessionOpened: self.opened, SessionRefused: self.refused,
            Defect: self.defects,
        }  # fmt: skip

    @property
    def status(self) -> Status | None:
        """As the API server holds it."""
        return self.statuses[-1].status if self.statuses else None

    @property
    def calls(self) -> Counter[str]:
        """How often each API was called."""
        return Counter({api: len(times) for api, times in self.times.items() if api != "events"})

    @property
    def live(self) -> Routing | None:
        """The alias as it truly is."""
        return self.alias_states[-1].routing

    @property
    def is_alias_foreign(self) -> bool:
        """Whether somebody else wrote the alias last."""
        return bool(self.alias) and self.alias[-1].sent is None

    @property
    def spec(self) -> Spec:
        """As the API server holds it."""
        return self.edits[-1].spec

    @property
    def is_gone(self) -> bool:
        """Whether the resource is not there: not yet, or not any more."""
        return not self.edits or bool(self.removed)


class WholeHistory(History):
    """All that happened, and of each of several rollouts what concerns it: another's write is somebody else's then.

    `keys` and `births` tell rollouts apart, as API server and core know them.
    """

    def __init__(self, rollouts: int = 1) -> None:
        super().__init__()
        self.keys: dict[Key, int] = {}
        self.births: dict[datetime, int] = {}
        self.views: list[History] = [History() for _ in range(rollouts)] if rollouts > 1 else [self]
        for view in self.views:
            view.rivals = [other for other in self.views if other is not view]
        self.rivals = self.views[1:]

    def add(self, happening: Happening) -> None:
        """Note what happened, for each whom it concerns."""
        super().add(happening)
        if len(self.views) > 1:
            for number, view in enumerate(self.views):
                concern = _concern(number, happening)
                if concern is not None:
                    view.add(concern)

    def of(self, happening: Happening) -> History:
        """What concerns the rollout that this happened to; everything, where it happened to none of them."""
        number = _number(happening)
        return self if number is None else self.views[number]


def _number(happening: Happening) -> int | None:
    match happening:
        case AliasChanged(sent=WriteSent(number=number)):
            return number
        case Decided() | WriteSent() | StatusWritten() | SpecEdited() | Removed() | Announced():
            return happening.number
        case _:
            return None


def _concern(number: int, happening: Happening) -> Happening | None:
    owner = _number(happening)
    if owner is None or owner == number:
        return happening
    return replace(happening, sent=None) if isinstance(happening, AliasChanged) else None
