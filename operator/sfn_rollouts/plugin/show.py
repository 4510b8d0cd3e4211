"""`get`: one rollout as a page, once or for as long as somebody looks."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.kubectl import Cluster, Resource
from sfn_rollouts.plugin.output import output_option, resource_name, serialized, shown_resource
from sfn_rollouts.plugin.problems import PluginError, UnreachableError

if TYPE_CHECKING:
    from sfn_rollouts.plugin.view.output import Output
    from sfn_rollouts.plugin.view.page import View

TICK_S = 1.0
EVENTS_EVERY_S = 5.0
"""Events come a moment after the status that they report; and who asks for them notices an outage."""


@click.command()
@click.argument("name")
@click.option("-w", "--watch", is_flag=True, help="Go on showing it until Ctrl-C; in a pipe a block for each change.")
@output_option("name")
@pass_cluster
def get(cluster: Cluster, name: str, watch: bool, output: str | None) -> None:
    """Show one rollout: where it stands, what comes next and when, its plan, alarms and Events.

    Times of day are in your own zone. With --watch the countdown goes on by itself.
    """
    first = cluster.get(name)
    try:
        if output is not None:
            _hand_out(cluster, first, output, watch)
        else:
            _show(cluster, first, watch)
    except KeyboardInterrupt:
        return  # how a watch ends


# -- the resource itself --


def _hand_out(cluster: Cluster, first: Resource, output: str, watch: bool) -> None:
    for resource in _changes(cluster, first, None) if watch else [first]:
        if resource is not None:
            click.echo(_written(resource, output))


def _written(resource: Resource, output: str) -> str:
    if output == "name":
        return resource_name(resource)
    lead = "---\n" if output == "yaml" else ""
    return lead + serialized(shown_resource(resource), output)


# -- the page --


def _show(cluster: Cluster, first: Resource, watch: bool) -> None:
    from sfn_rollouts.plugin.view.output import Output  # noqa: PLC0415 - `-o json` needs no rich

    output, latest = Output(sys.stdout, os.environ), Latest(cluster, first)
    if not watch:
        latest.listen()
        _show_once(output, latest)
    elif output.is_live:
        _watch_on_screen(output, latest)
    else:
        _watch_in_pipe(output, latest)


class Latest:
    """The latest that is known of one rollout: read by the main thread, drawn by the screen's."""

    def __init__(self, cluster: Cluster, resource: Resource) -> None:
        self.cluster = cluster
        self.resource = resource
        self.lost = ""
        self._asked_at: datetime | None = None
        self._events: Sequence[Mapping[str, Any]] = ()
        self._events_problem = ""
        self._listened_at = 0.0

    def changes(self, tick_s: float) -> Iterator[bool]:
        """Yield whether anything that users see has changed, for as long as it is read; read Events now and then."""
        self.listen()
        yield True
        for seen in _changes(self.cluster, self.resource, tick_s):
            has_changed = seen is not None and _face(seen) != _face(self.resource)
            self.resource = seen if seen is not None else self.resource
            was_lost = self.lost
            if has_changed or time.monotonic() - self._listened_at >= EVENTS_EVERY_S:
                self.listen()
            yield has_changed or self.lost != was_lost

    def listen(self) -> None:
        """Ask for Events. Without them the page is poorer; without a cluster it says so."""
        asked_at = self._asked_at = _now()
        try:
            self._events, self._events_problem, self.lost = self.cluster.events(self.resource), "", ""
        except UnreachableError as error:
            self.lost = self.lost or f"since {asked_at:%H:%M:%S} {_first_line(error)}"
        except PluginError as error:
            self._events_problem, self.lost = _first_line(error), ""
        self._listened_at, self._asked_at = time.monotonic(), None

    def view(self) -> "View":
        """Return what is to be shown now."""
        from sfn_rollouts.plugin.view.event_lines import event_lines  # noqa: PLC0415 - see `_show`
        from sfn_rollouts.plugin.view.page import View  # noqa: PLC0415

        rollout, events = Rollout.from_resource(self.resource), event_lines(self._events)
        return View(rollout, _now(), events, self._events_problem, self._notice())

    def _notice(self) -> str:
        """Return a warning where what is shown may be out of date: the cluster refuses to talk, or is silent."""
        asked_at = self._asked_at
        is_silent = asked_at is not None and (_now() - asked_at).total_seconds() >= EVENTS_EVERY_S
        lost = f"since {asked_at:%H:%M:%S} the cluster is silent" if is_silent and not self.lost else self.lost
        return f"{lost}; this is what was seen last" if lost else ""


def _show_once(output: "Output", latest: Latest) -> None:
    from sfn_rollouts.plugin.view.page import Canvas, page  # noqa: PLC0415

    output.show(page(latest.view(), Canvas(output.width, output.marks)))


def _watch_on_screen(output: "Output", latest: Latest) -> None:
    """On a screen of its own, redrawn each second, also while the cluster lets us wait; the last page stays behind."""
    from rich.console import Group, RenderableType  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from sfn_rollouts.plugin.view.page import Canvas, page  # noqa: PLC0415

    def draw() -> RenderableType:
        view = latest.view()
        clock = Text(f"{view.now:%H:%M:%S}, watching until Ctrl-C", "dim")
        return Group(clock, page(view, Canvas(output.width, output.marks, output.height)))

    try:
        with Live(get_renderable=draw, console=output.console, screen=True, refresh_per_second=1 / TICK_S) as live:
            for has_changed in latest.changes(TICK_S):
                if has_changed:
                    live.refresh()
    finally:
        _show_once(output, latest)


def _watch_in_pipe(output: "Output", latest: Latest) -> None:
    from rich.text import Text  # noqa: PLC0415

    for has_changed in latest.changes(EVENTS_EVERY_S):
        if has_changed:
            output.show(Text(f"--- {_now():%Y-%m-%d %H:%M:%S %Z}"))
            _show_once(output, latest)


def _changes(cluster: Cluster, first: Resource, tick_s: float | None) -> Iterator[Resource | None]:
    yield first
    yield from cluster.follow(first, tick_s)


def _face(resource: Resource) -> object:
    """What people see of it: not who wrote which field."""
    metadata = resource["metadata"]
    shown = [metadata.get(name) for name in ("generation", "annotations", "labels", "deletionTimestamp")]
    return [*shown, resource.get("spec"), resource.get("status")]


def _first_line(error: PluginError) -> str:
    return error.message.partition("\n")[0]


def _now() -> datetime:
    return datetime.now(UTC).astimezone()
