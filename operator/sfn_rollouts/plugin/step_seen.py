"""Whether the step that a person saw is the one that a promote would end."""

import sys
from datetime import UTC, datetime, timedelta

import click

from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.printable import word

BAKE = "bake"
_YOUNG = timedelta(seconds=5)
"""Whoever looks and types takes longer."""


def check_step(rollout: Rollout, wanted: str, place: str) -> None:
    """Accept a rollout that is at this step: `2/5` as status.step says it, or `bake`.

    Raises:
        PluginError: it is not; nothing must be sent.
    """
    stands = f"How it stands: kubectl sfnrollout get {word(rollout.name)}{place}"
    if not rollout.is_in_flight or "/" not in rollout.step:
        raise PluginError(f"{rollout.name} is at no step: nothing was sent", stands)
    if rollout.intended_weight is not None:
        raise PluginError(f"{rollout.name} is on its way to step {rollout.step}: nothing was sent", stands)
    here = _labels(rollout)
    if wanted.strip() not in here:
        raise PluginError(
            f"{rollout.name} is at {_spoken(here[0])}, not at {_spoken(wanted)}: nothing was sent", stands
        )


def confirm_if_young(rollout: Rollout) -> None:
    """Ask who has a terminal before a step is ended that has just begun: they may have seen the one before.

    Raises:
        PluginError: they do not want it.
    """
    since = rollout.step_started_at
    is_asked = sys.stdin.isatty() and sys.stderr.isatty()
    if not is_asked or since is None or "/" not in rollout.step or datetime.now(UTC) - since >= _YOUNG:
        return
    step = _spoken(_labels(rollout)[0])
    if not click.confirm(f"{rollout.name} has come to {step} a moment ago. Promote from there?", err=True):
        raise PluginError("nothing was sent", f"To promote from there without a question: --step {_labels(rollout)[0]}")


def _labels(rollout: Rollout) -> tuple[str, ...]:
    """Return what the position is called, the clearest name first.

    The bake is shown as the last step, which is clear only where that step has no wait of its own.
    """
    last, _, count = rollout.step.partition("/")
    if last != count or str(rollout.step_index) != count:
        return (rollout.step,)
    return (BAKE, rollout.step) if _last_wait_s(rollout) == 0 else (BAKE,)


def _last_wait_s(rollout: Rollout) -> float | None:
    try:
        plan = compile_plan(parse_spec(rollout.resource.get("spec") or {}))
    except SpecError:
        return None
    return plan.wait_at(plan.last_index)


def _spoken(label: str) -> str:
    return "the bake" if label == BAKE else f"step {label}"
