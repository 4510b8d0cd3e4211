"""What the engine knows of a source."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.ports import Lane, Urgency


def forward(_: Status) -> tuple[Lane, Urgency]:
    """Forward work, wherever the rollout is."""
    return Lane.FORWARD, Urgency.FORWARD


def never(_: object) -> bool:
    """No answer asks for something to be created first."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """Who answers one kind of look.

    `what` names its jobs. `answer(alias, look, urgency)` makes the call, in a worker, and may raise PortError. `route`
    tells lane and urgency for a rollout with this status. `tries`: how often a transient failure is worth another try
    before it becomes the answer. `is_lacking(answer)`: a person must create something first, so that it is
    enough to ask again seldom.
    """

    what: str
    answer: Callable[[AliasArn, Any, Urgency], object]
    route: Callable[[Status], tuple[Lane, Urgency]] = forward
    tries: int = 0
    is_lacking: Callable[[object], bool] = never
