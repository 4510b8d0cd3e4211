"""Which announcements become which Events: client-go's habits (tools/events_cache.go), as a pure function of time.

The same words again raise the count of the Event that is there; more than ten different messages of one reason within
ten minutes are combined into one; beyond a burst of 25, one object may write one Event in five minutes.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sfn_rollouts.api import KIND
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.ports import Key

_CACHED = 4096
_SIMILAR_LIMIT = 10
_SIMILAR_WINDOW_S = 600.0
_BURST = 25.0
_REFILL_PER_S = 1 / 300
_COMBINED = "(combined from similar events): "

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource an Event is about; one that is in no namespace has a key with an empty one."""

    key: Key
    uid: str
    kind: str = KIND

    @property
    def events_namespace(self) -> str:
        """Where its Events are; the API server takes those about the cluster's own resources in `default` alone."""
        return self.key.namespace or "default"


@dataclass(frozen=True, slots=True)
class Create:
    """Write a new Event and say what name it got with `EventFlow.wrote`."""

    subject: Subject
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Bump:
    """Raise the count of the Event `name`; the announcement holds the message to show."""

    subject: Subject
    announcement: Announcement
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class _Written:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class _Similar:
    messages: frozenset[str]
    last_s: float


@dataclass(frozen=True, slots=True)
class _Bucket:
    tokens: float
    filled_s: float


class _Recent(Generic[Value]):
    """A mapping that forgets what was not used for longest: memory must not grow with each resource ever seen."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[object, Value] = OrderedDict()

    def get(self, key: object, otherwise: Callable[[], Value]) -> Value:
        return self._values[key] if key in self._values else otherwise()

    def put(self, key: object, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    def drop(self, key: object) -> None:
        self._values.pop(key, None)


class EventFlow:
    """Remembers what was written; times are monotonic seconds."""

    def __init__(self, cached: int = _CACHED) -> None:
        self._written: _Recent[_Written | None] = _Recent(cached)
        self._similar: _Recent[_Similar] = _Recent(cached)
        self._buckets: _Recent[_Bucket] = _Recent(cached)

    def next(self, subject: Subject, announcement: Announcement, now_s: float) -> Create | Bump | None:
        """What to write for this announcement; None where the object has used up its share."""
        shown = self._combined(subject, announcement, now_s)
        if not self._may_write(subject, now_s):
            return None
        written = self._written.get(_identity(subject, shown), lambda: None)
        if written is None:
            return Create(subject, shown)
        return Bump(subject, shown, written.name, written.count + 1)

    def wrote(self, action: Create | Bump, name: str) -> None:
        """The Event is stored under this name."""
        count = action.count if isinstance(action, Bump) else 1
        self._written.put(_identity(action.subject, action.announcement), _Written(name, count))

    def lost(self, bump: Bump) -> Create:
        """The Event to bump has expired at the API server: create it again."""
        self._written.drop(_identity(bump.subject, bump.announcement))
        return Create(bump.subject, bump.announcement)

    def _combined(self, subject: Subject, announcement: Announcement, now_s: float) -> Announcement:
        group = (subject, announcement.is_warning, announcement.reason)
        similar = self._similar.get(group, lambda: _Similar(frozenset(), now_s))
        if now_s - similar.last_s > _SIMILAR_WINDOW_S:
            similar = _Similar(frozenset(), now_s)
        if announcement.message not in similar.messages and len(similar.messages) >= _SIMILAR_LIMIT:
            self._similar.put(group, replace(similar, last_s=now_s))
            # It stands for several, so it does not say which step began.
            return replace(announcement, message=_COMBINED + announcement.message, entered=None)
        self._similar.put(group, _Similar(similar.messages | {announcement.message}, now_s))
        return announcement

    def _may_write(self, subject: Subject, now_s: float) -> bool:
        bucket = self._buckets.get(subject, lambda: _Bucket(_BURST, now_s))
        tokens = min(_BURST, bucket.tokens + (now_s - bucket.filled_s) * _REFILL_PER_S)
        may = tokens >= 1
        self._buckets.put(subject, _Bucket(tokens - 1 if may else tokens, now_s))
        return may


def _identity(subject: Subject, announcement: Announcement) -> object:
    """What makes two Events the same; combined ones are the same whatever they say."""
    combined = announcement.message.startswith(_COMBINED)
    message = _COMBINED if combined else announcement.message
    return (subject, announcement.is_warning, announcement.reason, message)
