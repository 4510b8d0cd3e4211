"""What the engine knows of a source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.errors import PortError
from sfn_rollouts.ports import Lane, Urgency


def forward(_: Status) -> tuple[Lane, Urgency]:
    """Forward work, wherever the rollout is."""
    return Lane.FORWARD, Urgency.FORWARD


def alarms(_: Status) -> tuple[Lane, Urgency]:
    """Beside the alarms, wherever the rollout is."""
    return Lane.ALARMS, Urgency.FORWARD


def spare(_: Status) -> tuple[Lane, Urgency]:
    """Beside forward work, with what is left of the quotas: alarms are read by other threads."""
    return Lane.FORWARD, Urgency.BACKGROUND


def never(_: object) -> bool:
    """No answer asks for something to be created first."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """Who answers one kind of look.

    `answer(alias, look, urgency)` makes the call, in a worker, and may raise PortError. `route` tells lane and urgency
    for a rollout with this status. `tries`: how often a transient failure is worth another try before it becomes the
    answer. `is_lacking(answer)`: a person must create something first, so that it is enough to ask again seldom;
    `longest_pause_s` is how seldom at most.

    `is_kept`: the answer stays known once no decision asks for it any more; `is_kept_at_rest`: also when the
    rollout is over. `may_be_put_right`: somebody may change outside what it says, while the rollout waits for that:
    it is asked for again when somebody edits or commands, and kept no longer than until the rollout is over.
    `together_s`: all looks of this kind that a rollout asks for are one job, so that its share of the lane does not
    grow with them; seconds that so many may take. `is_done_once`: it is asked for again only while it fails.
    """

    answer: Callable[[AliasArn, Any, Urgency], object]
    route: Callable[[Status], tuple[Lane, Urgency]] = forward
    tries: int = 0
    is_lacking: Callable[[object], bool] = never
    is_kept: bool = True
    is_kept_at_rest: bool = True
    may_be_put_right: bool = False
    together_s: Callable[[int], float] | None = None
    longest_pause_s: float = 300.0
    is_done_once: bool = False

    def answer_all(self, alias: AliasArn, looks: Sequence[Look[Any]], urgency: Urgency) -> Mapping[Look[Any], object]:
        """Make the calls of one job, in a worker. Of several looks one that fails stops no other."""
        if self.together_s is None:
            return {look: self.answer(alias, look, urgency) for look in looks}
        return {look: self._answer_or_error(alias, look, urgency) for look in looks}

    def _answer_or_error(self, alias: AliasArn, look: Look[Any], urgency: Urgency) -> object:
        try:
            return self.answer(alias, look, urgency)
        except PortError as error:
            return error
