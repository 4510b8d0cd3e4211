"""What the engine keeps of one rollout between ticks: the resource as last known, cached looks, jobs under way.

Nothing here is memory in the sense of the design: after a crash all of it is read again or looked up again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from sfn_rollouts.api import COMMAND_ANNOTATION, FINALIZER
from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_spec, parse_status
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status
from sfn_rollouts.core.alarms import needs_history
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.arn import AliasArn, StateMachineArn
from sfn_rollouts.core.decision import Decision, Look
from sfn_rollouts.core.observation import (
    AlarmReading,
    AlarmTransition,
    AliasMissing,
    AliasReading,
    Observation,
    RunningExecutions,
    Unseen,
    VersionFound,
    WriteFailure,
)
from sfn_rollouts.core.rollout import InvalidSpec, Rollout
from sfn_rollouts.engine.alarm_board import AlarmFact
from sfn_rollouts.engine.backoff import Backoff
from sfn_rollouts.ports import Key

ANNOUNCEMENTS_KEPT = 50
"""While the API server is down nobody hears of anything; the newest are what they will want to know."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The parts of a live resource that count."""

    key: Key
    uid: str
    resource_version: str
    rollout: Rollout
    has_finalizer: bool
    alias: AliasArn | None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> "Resource":
        """Take a resource as the API server gives it; a spec that the models refuse becomes an InvalidSpec."""
        metadata, spec = raw["metadata"], _spec(raw)
        rollout = Rollout(
            generation=int(metadata.get("generation", 0)),
            spec=spec,
            status=parse_status(raw.get("status")),
            created_at=datetime.fromisoformat(metadata["creationTimestamp"]).astimezone(UTC),
            is_deleting=metadata.get("deletionTimestamp") is not None,
            command=(metadata.get("annotations") or {}).get(COMMAND_ANNOTATION),
        )
        return cls(
            key=Key(metadata["namespace"], metadata["name"]),
            uid=metadata["uid"],
            resource_version=str(metadata["resourceVersion"]),
            rollout=rollout,
            has_finalizer=FINALIZER in (metadata.get("finalizers") or ()),
            alias=_alias(raw.get("spec") or {}),
        )

    def is_older_than(self, resource_version: str) -> bool:
        """Whether a newer one is known already; versions of one resource are ordered numbers (Kubernetes 1.35)."""
        both = self.resource_version, resource_version
        return all(text.isdecimal() for text in both) and int(self.resource_version) < int(resource_version)


def _spec(raw: Mapping[str, Any]) -> Spec | InvalidSpec:
    try:
        return parse_spec(raw.get("spec") or {})
    except SpecError as error:
        return InvalidSpec(str(error)[:1024])


def _alias(spec: Mapping[str, Any]) -> AliasArn | None:
    """Also of a spec that is invalid elsewhere: traffic in flight must find its way back."""
    try:
        return StateMachineArn.parse(spec["stateMachineArn"]).alias(str(spec["alias"]))
    except (KeyError, TypeError, ValueError):
        return None


@dataclass
class LookPace:
    """When a look may be repeated."""

    backoff: Backoff
    next_at: float = 0.0  # monotonic seconds


@dataclass
class Facts:
    """What was looked at; None until then."""

    alias: AliasReading | AliasMissing | Unseen | None = None
    written_at: datetime | None = None
    version: VersionFound | Unseen | None = None
    running: RunningExecutions | Unseen | None = None
    write_failure: WriteFailure | None = None
    histories: dict[str, tuple[datetime, tuple[AlarmTransition, ...]]] = field(default_factory=dict)


@dataclass
class Permit:
    """Leave for one forward write: taken back when something speaks against it, and worth nothing after a while."""

    valid_until: float  # monotonic seconds
    is_cancelled: bool = False


@dataclass
class Record:
    """One rollout. `stored` is the status at the API server, `working` what has been decided since."""

    resource: Resource
    random: Random
    stored: Status = field(init=False)
    working: Status = field(init=False)
    facts: Facts = field(default_factory=Facts)
    paces: dict[Look, LookPace] = field(default_factory=dict)
    unheard: list[Announcement] = field(default_factory=list)
    decision: Decision | None = None
    due: float | None = None
    is_looking: bool = False
    permit: Permit | None = None  # a write is under way
    reporting: Status | None = None  # a report of this status is under way
    is_reporting: bool = False
    write_backoff: Backoff = field(init=False)
    report_backoff: Backoff = field(init=False)
    write_next_at: float = 0.0
    report_next_at: float = 0.0
    has_rival: bool = False

    def __post_init__(self) -> None:
        self.stored = self.working = self.resource.rollout.status
        self.write_backoff, self.report_backoff = Backoff(self.random), Backoff(self.random)

    @property
    def uid(self) -> str:
        """Identity of the resource."""
        return self.resource.uid

    @property
    def is_writing(self) -> bool:
        """A traffic write is under way."""
        return self.permit is not None

    @property
    def is_in_flight(self) -> bool:
        """Traffic may have moved."""
        return self.working.started_at is not None and self.working.finished_at is None

    @property
    def is_clean(self) -> bool:
        """The API server holds all that has been decided."""
        return self.stored == self.working and not self.is_reporting

    def rollout(self) -> Rollout:
        """The rollout to decide on: as stored, with what has been decided since."""
        return replace(self.resource.rollout, status=self.working)

    def take(self, resource: Resource) -> None:
        """A newer version of the resource. What was decided since stays valid unless somebody else wrote the status."""
        status = resource.rollout.status
        if status not in (self.stored, self.reporting):
            self.working = status
        if self._spec_version(resource) != self._spec_version(self.resource):
            self.facts.version = None
        self.stored = status
        self.resource = resource

    def hear(self, news: tuple[Announcement, ...]) -> None:
        """Keep what people shall be told with the next report."""
        self.unheard = [*self.unheard, *news][-ANNOUNCEMENTS_KEPT:]

    def pace(self, look: Look) -> LookPace:
        """When this look may be repeated."""
        return self.paces.setdefault(look, LookPace(Backoff(self.random)))

    def observe(self, alarms: Mapping[str, AlarmFact], poll_interval_s: float) -> Observation:
        """Put the facts together."""
        memories = {memory.name: memory for memory in self.working.alarms}
        told = {name: self._with_history(name, fact) for name, fact in alarms.items()} if memories else alarms
        facts = self.facts
        return Observation(
            alias=facts.alias,
            written_at=facts.written_at,
            version=facts.version,
            alarms=told,
            poll_interval_s=poll_interval_s,
            running=facts.running,
            write_failure=facts.write_failure,
            has_older_rival=self.has_rival,
        )

    def histories_wanted(self, alarms: Mapping[str, AlarmFact]) -> dict[str, datetime]:
        """Names whose history must be read, with the moment from which on."""
        wanted = {}
        for memory in self.working.alarms:
            fact = alarms.get(memory.name)
            if isinstance(fact, AlarmReading) and memory.since is not None and needs_history(memory, fact):
                wanted[memory.name] = memory.since
        return wanted

    def _with_history(self, name: str, fact: AlarmFact) -> AlarmFact:
        """A history belongs to the reading that it was looked up for; it only answers for changes up to that one."""
        if not isinstance(fact, AlarmReading) or name not in self.facts.histories:
            return fact
        since, transitions = self.facts.histories[name]
        return replace(fact, transitions=transitions) if since == fact.snapshot.since else fact

    @staticmethod
    def _spec_version(resource: Resource) -> int | None:
        spec = resource.rollout.spec
        return spec.version if isinstance(spec, Spec) else None
