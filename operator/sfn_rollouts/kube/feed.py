"""Joins the two ways to learn of resources, the watch and the full list, without losing what came in between."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Resource = Mapping[str, Any]


class Listener(Protocol):
    """Who wants to know; the engine."""

    def upsert(self, resource: Resource) -> None:
        """This is how the resource looks now."""
        ...

    def forget(self, uid: str) -> None:
        """It is no longer there."""
        ...

    def sweep(self, resources: Sequence[Resource]) -> None:
        """These are all there are."""
        ...


class Feed:
    """Posts what is learned to the listener's own thread, in order. Safe from any thread."""

    def __init__(self, listener: Listener, post: Callable[[Callable[[], None]], None]) -> None:
        self._listener = listener
        self._post = post
        self._lock = threading.Lock()
        self._meanwhile: dict[str, Resource | None] | None = None

    def seen(self, resource: Resource) -> None:
        """Hand on one resource."""
        with self._lock:
            self._note(resource["metadata"]["uid"], resource)
            self._post(lambda: self._listener.upsert(resource))

    def gone(self, uid: str) -> None:
        """Hand on one deletion."""
        with self._lock:
            self._note(uid, None)
            self._post(lambda: self._listener.forget(uid))

    def sweep(self, read_all: Callable[[], Sequence[Resource]]) -> int:
        """Read the full list and hand it on; gives how many there are. Errors of `read_all` come out. One at a time."""
        with self._lock:
            self._meanwhile = {}
        try:
            listed = read_all()
            with self._lock:
                resources = _merged(listed, self._meanwhile)
                self._post(lambda: self._listener.sweep(resources))
        finally:
            self._meanwhile = None
        return len(resources)

    def _note(self, uid: str, resource: Resource | None) -> None:
        if self._meanwhile is not None:
            self._meanwhile[uid] = resource


def _merged(listed: Sequence[Resource], meanwhile: Mapping[str, Resource | None]) -> list[Resource]:
    """The list, corrected by what the watch told while it was read.

    A resource made after its page was read would otherwise be forgotten, and its rollout stand still until the next.
    """
    by_uid: dict[str, Resource | None] = {each["metadata"]["uid"]: each for each in listed}
    return [each for each in {**by_uid, **meanwhile}.values() if each is not None]
