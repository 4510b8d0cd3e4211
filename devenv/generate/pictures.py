"""Pictures for the pages: what `kubectl sfnrollout get` shows of an example, in the middle of its rollout.

The rollout is played by the simulator, the page is the plugin's own: the picture cannot show what the product does not.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

MANIFEST = "examples/exponential.yaml"
LOOKED_AT_S = 22 * 60.0 - 12
WIDTH = 92
_STABLE = 41
_FONTS = re.compile(r"\s*@font-face \{.*?\n\s*\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Moment:
    """A resource and its Events as somebody finds them `now`."""

    resource: Mapping[str, Any]
    events: list[Mapping[str, Any]]
    now: datetime


def get_svg(root: Path) -> str:
    """Return the picture of `get` as SVG, the same bytes for the same code."""
    from rich.console import Console  # noqa: PLC0415 - only for who renders it

    from sfn_rollouts.explain.rollout import Rollout  # noqa: PLC0415
    from sfn_rollouts.plugin.view.event_lines import event_lines  # noqa: PLC0415
    from sfn_rollouts.plugin.view.page import Canvas, View, page  # noqa: PLC0415

    moment = _moment(yaml.safe_load((root / MANIFEST).read_text()))
    view = View(Rollout.from_resource(moment.resource), moment.now, event_lines(moment.events))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(page(view, Canvas(WIDTH)))
    svg = console.export_svg(title=f"kubectl sfnrollout get {view.rollout.name}", unique_id="get")
    # Without fonts from elsewhere: a page that shows the picture must not let others know who reads it.
    return "".join(f"{line.rstrip()}\n" for line in _FONTS.sub("", svg).splitlines())


def _moment(manifest: Mapping[str, Any]) -> Moment:
    from sfn_rollouts.sim.history import Announced, StatusWritten  # noqa: PLC0415 - see get_svg
    from sfn_rollouts.sim.scenario import Quirks, Scenario  # noqa: PLC0415
    from sfn_rollouts.sim.timeline import EPOCH  # noqa: PLC0415
    from sfn_rollouts.sim.world import World  # noqa: PLC0415

    spec = manifest["spec"]
    quirks = Quirks(latency_s=(0.05, 0.05))
    scenario = Scenario(
        spec=spec, alias=((_STABLE, 100),), versions=(_STABLE, spec["version"]), quirks=quirks, name="order-processor"
    )
    run = World(scenario).run()
    seen = [each for each in run.history.all if each.at_us <= LOOKED_AT_S * 1_000_000]
    status = [each.status for each in seen if isinstance(each, StatusWritten)][-1]
    announced = [
        (EPOCH + timedelta(microseconds=each.at_us), each.announcement) for each in seen if isinstance(each, Announced)
    ]
    metadata = {**manifest["metadata"], "namespace": "shop", "generation": 1}
    resource = {**manifest, "metadata": metadata, "status": status.to_resource()}
    return Moment(resource, list(_events(announced)), EPOCH + timedelta(seconds=LOOKED_AT_S))


def _events(announced: list[tuple[datetime, Any]]) -> Iterator[Mapping[str, Any]]:
    """As the operator writes them."""
    from sfn_rollouts.kube.event_flow import Create, Subject  # noqa: PLC0415 - see get_svg
    from sfn_rollouts.kube.events import event  # noqa: PLC0415
    from sfn_rollouts.ports import Key  # noqa: PLC0415

    for number, (at, news) in enumerate(announced):
        yield event(Create(Subject(Key("shop", "order-processor"), "1"), news), at, f"{number}")
