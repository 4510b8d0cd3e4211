"""A forecast with a plan that would notice more, and both in words: the same for operator and commands."""

from dataclasses import dataclass

from sfn_rollouts.analysis.forecasting import Forecast, better_plan, forecast
from sfn_rollouts.analysis.plan import Plan
from sfn_rollouts.analysis.values import Policy, Reported
from sfn_rollouts.analysis.wording import in_words


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is noticed by a plan, and by a better one if there is any."""

    noticed: Forecast
    better: tuple[Plan, Forecast] | None

    def in_words(self, starts_per_hour: float) -> str:
        """Return it as a sentence."""
        return in_words(self.noticed, starts_per_hour, self.better)


def foresee(
    plan: Plan, policy: Policy, starts_per_hour: float, *, bake_s: float, reported: Reported = Reported.LISTED
) -> Foreseen:
    """Return what is noticed within plan and bake, and a plan that notices more."""
    noticed = forecast(plan, policy, starts_per_hour, bake_s=bake_s, reported=reported)
    return Foreseen(noticed, better_plan(plan, policy, starts_per_hour, bake_s=bake_s, reported=reported))
