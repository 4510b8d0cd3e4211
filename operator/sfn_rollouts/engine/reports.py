"""Reporting: the status and the finalizer first, then the Events; a conflict brings back the resource as it is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.errors import Conflict, Gone
from sfn_rollouts.ports import Announcer, Report, ResourceStore


@dataclass(frozen=True, slots=True)
class Reported:
    """The resource as stored; None once it is gone. After a conflict nothing was written."""

    resource: Mapping[str, Any] | None
    had_conflict: bool = False


def send(store: ResourceStore, announcer: Announcer, report: Report, news: Sequence[Announcement]) -> Reported:
    """Write the report and tell people.

    Raises:
        PortError: the API server refused or did not answer; whether it was written is not known.
    """
    resource: Mapping[str, Any] | None = None
    if report.status is not None or report.finalizer is not None:
        try:
            resource = store.report(report)
        except Conflict:
            return _as_it_is(store, report)
        except Gone:
            return Reported(None)
        if resource is None:
            announcer.announce(report.key, report.uid, news)
            return Reported(None)
    announcer.announce(report.key, report.uid, news)
    return Reported(resource) if resource is not None else _as_it_is(store, report)


def _as_it_is(store: ResourceStore, report: Report) -> Reported:
    try:
        return Reported(store.get(report.key), had_conflict=True)
    except Gone:
        return Reported(None)
