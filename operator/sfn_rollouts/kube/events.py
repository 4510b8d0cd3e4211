"""Writes Events (core/v1) about rollouts and AWSAccesses, beside everything else and never in its way."""

import queue
import secrets
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sfn_rollouts.api import GROUP, STEP_ANNOTATION, VERSION, VERSION_ANNOTATION, WEIGHT_ANNOTATION
from sfn_rollouts.api.access import ACCESS_KIND
from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.errors import Gone, PortError
from sfn_rollouts.kube.answers import EVENT
from sfn_rollouts.kube.connection import FIELD_MANAGER, Connection, path_of
from sfn_rollouts.kube.event_flow import Bump, Create, EventFlow, Subject
from sfn_rollouts.logs import get_logger
from sfn_rollouts.ports import Clock, Key

_WAITING_LIMIT = 1000
_MESSAGE_LIMIT = 1024  # the API server refuses longer ones
_WRITER = {"fieldManager": FIELD_MANAGER}
_log = get_logger(__name__)

_Item = tuple[Subject, Announcement]


class EventAnnouncer:
    """`ports.Announcer`: announcements wait in a bounded queue for one writing thread; those lost are counted.

    `count` gets "OK", "Limited", "Dropped" or a Trouble for each announcement.
    """

    def __init__(self, connection: Connection, clock: Clock, count: Callable[[str], None]) -> None:
        self._connection = connection
        self._clock = clock
        self._count = count
        self._flow = EventFlow()
        self._waiting: queue.Queue[_Item | None] = queue.Queue(_WAITING_LIMIT)
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether somebody writes."""
        return self._thread.is_alive()

    def announce(self, key: Key, uid: str, announcements: Sequence[Announcement]) -> None:
        """Queue them; returns at once."""
        self._queue(Subject(key, uid), announcements)

    def announce_access(self, name: str, uid: str, announcements: Sequence[Announcement]) -> None:
        """Queue them, about an AWSAccess; returns at once."""
        self._queue(Subject(Key("", name), uid, ACCESS_KIND), announcements)

    def _queue(self, subject: Subject, announcements: Sequence[Announcement]) -> None:
        for announcement in announcements:
            try:
                self._waiting.put_nowait((subject, announcement))
            except queue.Full:
                self._count("Dropped")

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, for that long at most; True when all was written."""
        try:
            self._waiting.put(None, timeout=timeout_s)
        except queue.Full:
            return False
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._count(self._write(*item))
                self._is_failing = False
            except PortError as error:
                self._fail(error.trouble, error.why)
            except Exception as error:  # noqa: BLE001 - an Event is never worth the thread that writes all others
                self._fail("Internal", repr(error))

    def _fail(self, result: str, why: str) -> None:
        """Count each failure, log the first of a row: refused Events must not become as many log lines."""
        self._count(result)
        if not self._is_failing:
            _log.warning("Events cannot be written; rollouts go on without them", why=why)
        self._is_failing = True

    def _write(self, subject: Subject, announcement: Announcement) -> str:
        action = self._flow.next(subject, announcement, self._clock.monotonic())
        if action is None:
            return "Limited"
        name = self._bump(action) if isinstance(action, Bump) else self._create(action)
        if name is None and isinstance(action, Bump):
            action = self._flow.lost(action)
            name = self._create(action)
        self._flow.wrote(action, str(name))
        return "OK"

    def _create(self, action: Create) -> str:
        body = event(action, self._clock.now(), secrets.token_hex(8))
        path = path_of("api", "v1", "namespaces", action.subject.events_namespace, "events")
        self._connection.call("create", "events", path, EVENT, _WRITER, body)
        return str(body["metadata"]["name"])

    def _bump(self, action: Bump) -> str | None:
        """Return the name of the Event, None where it has expired."""
        path = path_of("api", "v1", "namespaces", action.subject.events_namespace, "events", action.name)
        body = {
            "count": action.count,
            "lastTimestamp": _time(self._clock.now()),
            "message": action.announcement.message[:_MESSAGE_LIMIT],
        }
        try:
            self._connection.call("patch", "events", path, EVENT, _WRITER, body)
        except Gone:
            return None
        return action.name


def event(action: Create, now: datetime, suffix: str) -> Mapping[str, Any]:
    """Return the new Event; `suffix` makes its name unique, as the hexadecimal time does in client-go."""
    subject, announcement, at = action.subject, action.announcement, _time(now)
    key = subject.key
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "namespace": subject.events_namespace,
            "name": f"{key.name[: 252 - len(suffix)]}.{suffix}",
            **_annotated(announcement),
        },
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": subject.kind,
            **({"namespace": key.namespace} if key.namespace else {}),
            "name": key.name,
            "uid": subject.uid,
        },
        "type": "Warning" if announcement.is_warning else "Normal",
        "reason": announcement.reason,
        "message": announcement.message[:_MESSAGE_LIMIT],
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": socket.gethostname()[:128],
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }


def _annotated(announcement: Announcement) -> Mapping[str, Any]:
    """What programs read, so that none has to read the sentence."""
    entered = announcement.entered
    if entered is None:
        return {}
    values = {STEP_ANNOTATION: entered.step, VERSION_ANNOTATION: entered.version, WEIGHT_ANNOTATION: entered.weight}
    return {"annotations": {name: str(value) for name, value in values.items()}}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
