"""`sfn-rollouts forecast`: in how many of 100 rollouts a plan would notice a version that fails more often."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sfn_rollouts.analysis import Forecast, Plan, better_plan, forecast, in_words
from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.cli.rollouts import name_of, rollouts_in
from sfn_rollouts.core.values.judging import judged_plan, policy_of
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.printable import json_text, one_line


@dataclass(frozen=True, slots=True)
class Forecasted:
    """A rollout, and what is noticed of it: by its own plan, and by a better one if there is any."""

    namespace: str
    name: str
    starts_per_hour: float
    noticed: Forecast
    better: tuple[Plan, Forecast] | None


def forecast_file(file: str, starts_per_hour: float) -> Sequence[Forecasted]:
    """Forecast each rollout of a file, as if all were judged.

    Raises:
        click.UsageError: there is none.
        SystemExit: 1, a manifest would be refused; standard error says why.
    """
    return [_forecasted(each, starts_per_hour) for each in rollouts_in(file)]


def shown_as_text(forecasted: Sequence[Forecasted]) -> str:
    """A line for each rollout."""
    return "\n".join(
        one_line(f"{each.namespace}/{each.name}: {in_words(each.noticed, each.starts_per_hour, each.better)}")
        for each in forecasted
    )


def shown_as_json(forecasted: Sequence[Forecasted]) -> str:
    """Return an object with `rollouts`, for other programs."""
    return json_text({"rollouts": [_data(each) for each in forecasted]})


def _forecasted(manifest: Mapping[str, Any], starts_per_hour: float) -> Forecasted:
    spec = Spec.model_validate(manifest["spec"])
    policy, plan, bake_s = (
        policy_of(spec.analysis or Analysis()),
        judged_plan(compile_plan(spec)),
        compile_plan(spec).bake_s,
    )
    return Forecasted(
        str((manifest.get("metadata") or {}).get("namespace") or "default"),
        name_of(manifest),
        starts_per_hour,
        forecast(plan, policy, starts_per_hour, bake_s=bake_s),
        better_plan(plan, policy, starts_per_hour, bake_s=bake_s),
    )


def _data(each: Forecasted) -> dict[str, Any]:
    better = None
    if each.better is not None:
        plan, noticed = each.better
        steps = [{"weight": round(100 * weight), "seconds": seconds} for weight, seconds in plan.steps]
        better = {"steps": steps, "noticed": asdict(noticed)}
    return {
        "namespace": each.namespace,
        "name": each.name,
        "startsPerHour": each.starts_per_hour,
        "noticed": asdict(each.noticed),
        "better": better,
    }
