"""The job of reporting: status and finalizer first, then the Events; a conflict brings back what is there now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.errors import Conflict, Gone
from sfn_rollouts.ports import Announcer, Report, ResourceStore


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of a report. `resource` is the resource as it is now, None where it is unchanged or gone.

    `had_conflict`: nothing was written, and nothing was announced.
    """

    resource: Mapping[str, Any] | None = None
    had_conflict: bool = False
    is_gone: bool = False


def send(store: ResourceStore, announcer: Announcer, report: Report, news: Sequence[Announcement]) -> Reported:
    """Write the report and tell people.

    Raises:
        PortError: the API server refused or did not answer; whether it was written is not known.
    """
    if report.status is None and report.finalizer is None:
        announcer.announce(report.key, report.uid, news)
        return Reported()
    try:
        resource = store.report(report)
    except Conflict:
        return _as_it_is(store, report)
    announcer.announce(report.key, report.uid, news)
    return Reported(resource, is_gone=resource is None)


def _as_it_is(store: ResourceStore, report: Report) -> Reported:
    try:
        return Reported(store.get(report.key), had_conflict=True)
    except Gone:
        return Reported(is_gone=True)
