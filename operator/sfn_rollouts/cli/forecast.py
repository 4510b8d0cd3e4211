"""`sfn-rollouts forecast`: in how many of 100 rollouts a plan would notice a version that fails more often."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sfn_rollouts.analysis import Foreseen, foresee
from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.cli.rollouts import name_of, rollouts_in
from sfn_rollouts.core.values.judging import judged_plan, policy_of
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.printable import json_text, one_line


def forecast_of(spec: Spec, starts_per_hour: float) -> Foreseen:
    """Return what the plan of a spec would notice, as if it were judged."""
    policy, compiled = policy_of(spec.analysis or Analysis()), compile_plan(spec)
    return foresee(judged_plan(compiled), policy, starts_per_hour, bake_s=compiled.bake_s)


@dataclass(frozen=True, slots=True)
class Forecasted:
    """A rollout, and what is noticed of it."""

    namespace: str
    name: str
    starts_per_hour: float
    foreseen: Foreseen


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
        one_line(f"{each.namespace}/{each.name}: {each.foreseen.in_words(each.starts_per_hour)}") for each in forecasted
    )


def shown_as_json(forecasted: Sequence[Forecasted]) -> str:
    """Return an object with `rollouts`, for other programs."""
    return json_text({"rollouts": [_data(each) for each in forecasted]})


def _forecasted(manifest: Mapping[str, Any], starts_per_hour: float) -> Forecasted:
    return Forecasted(
        str((manifest.get("metadata") or {}).get("namespace") or "default"),
        name_of(manifest),
        starts_per_hour,
        forecast_of(Spec.model_validate(manifest["spec"]), starts_per_hour),
    )


def _data(each: Forecasted) -> dict[str, Any]:
    better = None
    if each.foreseen.better is not None:
        plan, noticed = each.foreseen.better
        steps = [{"weight": round(100 * weight), "seconds": seconds} for weight, seconds in plan.steps]
        better = {"steps": steps, "noticed": asdict(noticed)}
    return {
        "namespace": each.namespace,
        "name": each.name,
        "startsPerHour": each.starts_per_hour,
        "noticed": asdict(each.foreseen.noticed),
        "better": better,
    }
