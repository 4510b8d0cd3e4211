"""What the engine keeps of one rollout between ticks: the resource as last known, facts, jobs under way.

Nothing here is memory in the sense of the design: after a crash all of it is read again or looked up again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.backoff import Backoff
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.granting import identity_in_use
from sfn_rollouts.core.values.access import AccessReading
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.chores import Chore
from sfn_rollouts.core.values.conditions import READY, condition
from sfn_rollouts.core.values.decision import Write
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlias
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Account, AliasMissing, AliasReading, Unseen
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.core.values.targets import Neighbours
from sfn_rollouts.engine.alarm_sheet import AlarmFact
from sfn_rollouts.engine.facts import Facts, latest
from sfn_rollouts.engine.permit import Permit
from sfn_rollouts.engine.resource import Resource

Subject = str | Look[Any] | type[Look[Any]]
"""What is tried at a pace of its own: a look, all looks of a kind, or another job by its name."""

ANNOUNCEMENTS_KEPT = 50
"""While the API server is down nothing is announced; the newest are what people will want to know."""

ATTEMPTS_KEPT = 10

_BLANK = Status().to_resource()

_LESSER: dict[str, Any] = dict.fromkeys(
    ("message", "step", "weight", "next_action_at", "alarm", "outcome", "running_executions", "due_since", "shortcut")
)
"""Fields that tell people, or for how long it has waited; every other one, and each that is new, is memory."""


@dataclass(frozen=True, eq=False)
class Writing:
    """A traffic write under way since `began` (monotonic seconds)."""

    write: Write
    permit: Permit
    began: float


@dataclass
class Record:
    """One rollout. `stored` is the status at the API server, `working` what has been decided since."""

    resource: Resource
    random: Random
    stored: Status = field(init=False)
    working: Status = field(init=False)
    attempted: list[Status] = field(default_factory=list)  # reported, and maybe stored though nobody said so
    altered: Status | None = None  # reported last, and accepted, but stored as another one
    refused: Status | None = None  # reported last, and taken for no storage at all
    denied_since: float | None = None  # since when (monotonic) each report was denied
    facts: Facts = field(default_factory=Facts)
    paces: dict[Subject, Backoff] = field(default_factory=dict)
    pending_announcements: list[Announcement] = field(default_factory=list)
    writing: Writing | None = None
    looking: set[Look[Any]] = field(default_factory=set)
    is_reporting: bool = False
    has_rival: bool = False
    neighbours: Neighbours = field(default_factory=Neighbours)
    account: Account | Unseen | None = None  # of the credentials in use
    access: AccessReading | None = None  # not known yet
    is_region_known: bool = True

    def __post_init__(self) -> None:
        self.stored = self.working = self.resource.rollout.status

    @property
    def uid(self) -> str:
        """Identity of the resource."""
        return self.resource.uid

    @property
    def is_in_flight(self) -> bool:
        """Traffic may have moved."""
        return self.working.is_in_flight

    @property
    def caller(self) -> Caller | None:
        """For whom AWS is called on behalf of this rollout now; None: for nobody, so nothing is called."""
        namespace, name = self.resource.key.namespace, self.resource.key.name
        identity = identity_in_use(self.access, self.working, namespace, name)
        return Caller.of_rollout(identity, namespace, name) if identity is not None else None

    @property
    def place(self) -> Place | None:
        """Where its alias is, seen by whoever calls for it; None where nothing can be called."""
        alias, caller = self.resource.alias, self.caller
        if alias is None or caller is None:
            return None
        return replace(alias.machine.place, identity=caller.identity)

    @property
    def is_of_another_account(self) -> bool:
        """Whether the credentials in use are known to be of another account than its state machine."""
        alias, ours = self.resource.alias, self.account
        return alias is not None and isinstance(ours, Account) and not ours.owns(alias.machine)

    def rollout(self) -> Rollout:
        """The rollout to decide on: as stored, with what has been decided since."""
        return replace(self.resource.rollout, status=self.working)

    def take(self, resource: Resource, may_be_put_right: Iterable[type[Look[Any]]] = ()) -> None:
        """A newer version of the resource. What was decided since stays valid unless somebody else wrote the status.

        A status of ours may come back although its report failed: the answer was lost, not the write. One that an older
        CRD was applied to comes back with less in it, and nobody has written it.
        """
        status = resource.rollout.status
        if status == self.working:
            status = self.working  # the same object makes the next comparisons cheap
        elif not any(is_left_of(status, each) for each in (self.stored, *self.attempted)):
            self.working = status
        if _version_in(resource) != _version_in(self.resource):
            # What is asked for again is read again: "it does not exist" said from memory would stall the rollout.
            self.facts.forget(FindVersion)
            self.facts.forget(Chore)
        if _asked_by(resource) != _asked_by(self.resource):
            # Somebody has edited or commanded, and may have put right what blocked it: it is looked at again at once.
            for kind in may_be_put_right:
                self.facts.forget(kind)
        self.stored, self.resource = status, resource

    def is_remembered(self, status: Status) -> bool:
        """Whether whoever leads next would find what it needs to carry on from this status.

        A schema that leaves out a field of lesser weight does not stop a rollout; one without the intent does.
        """
        if self.stored == status:
            return True
        return self.altered == status and _essence(self.stored) == _essence(status)

    def attempt(self, status: Status) -> None:
        """A report of this status begins."""
        self.attempted = [*self.attempted, status][-ATTEMPTS_KEPT:]

    def queue(self, news: tuple[Announcement, ...]) -> None:
        """Keep what is to be announced with the next report."""
        self.pending_announcements = [*self.pending_announcements, *news][-ANNOUNCEMENTS_KEPT:]

    def pace(self, what: Subject) -> Backoff:
        """When this may be tried again."""
        return self.paces.setdefault(what, Backoff(self.random))

    def forget_paces_but(self, wanted: frozenset[Subject]) -> None:
        """Forget the paces of looks that are not wanted."""
        self.paces = {what: pace for what, pace in self.paces.items() if isinstance(what, str) or what in wanted}

    def observe(self, alarms: Mapping[str, AlarmFact], poll_interval_s: float) -> Observation:
        """Put the facts together."""
        facts = self.facts
        return Observation(
            answers={**facts.answers, ReadAlias(): self._alias_seen()},
            written_at=facts.written_at,
            restore_asked_at=facts.restore_asked_at,
            alarms=alarms,
            poll_interval_s=poll_interval_s,
            write_failure=facts.failed.failure if facts.failed is not None else None,
            has_older_rival=self.has_rival,
            account=self.account,
            access=self.access,
            is_region_known=self.is_region_known,
            neighbours=self.neighbours,
        )

    def _alias_seen(self) -> AliasReading | AliasMissing | Unseen | None:
        """On the way back, a reading from before the last forward write is none: the restore must not wait for it."""
        seen, written_at = self.facts.alias, self.facts.written_at
        is_restored = self.facts.restored_at is not None and self.facts.restored_at == written_at
        if self.working.trip is None or is_restored or not isinstance(seen, AliasReading):
            return seen
        verified_at = self.working.alias.update_date if self.working.alias is not None else None
        known_at = latest(verified_at, written_at)
        return None if known_at is not None and seen.update_date < known_at else seen


def _essence(status: Status) -> Status:
    """What a crash must find: without one of these a shift would be lost, repeated, or never taken back."""
    return status.with_(**_LESSER)


def is_left_of(status: Status, sent: Status) -> bool:
    """Whether a status is what a schema with fewer fields leaves of the one that was sent, down to nothing."""
    return status == sent or _is_part_of(_said_in(status), _said_in(sent))


def _said_in(status: Status) -> dict[str, Any]:
    """Return its fields without what is read where a field is not there."""
    return {name: value for name, value in status.to_resource().items() if value != _BLANK.get(name)}


def _is_part_of(left: Any, whole: Any) -> bool:
    if isinstance(left, dict) and isinstance(whole, dict):
        return all(name in whole and _is_part_of(value, whole[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(whole, list):
        return len(left) == len(whole) and all(map(_is_part_of, left, whole))
    return bool(left == whole)


def _asked_by(resource: Resource) -> tuple[object, ...]:
    return resource.rollout.generation, resource.rollout.command


def _version_in(resource: Resource) -> int | None:
    return resource.spec.version if resource.spec is not None else None


def log_fields(record: Record) -> dict[str, Any]:
    """What every line about a rollout carries."""
    ready = condition(record.working, READY)
    return {
        "rollout": str(record.resource.key),
        "generation": record.resource.rollout.generation,
        "step": record.working.step,
        "reason": str(ready.reason) if ready is not None else None,
    }
