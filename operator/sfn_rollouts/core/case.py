"""One case before the decision: everything known, with the questions that every stage asks of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sfn_rollouts.api.status import CommandResult
from sfn_rollouts.core.alias_state import AliasState, alias_state, intended_routing, routing_of
from sfn_rollouts.core.judges.judge import Judge, Judgement
from sfn_rollouts.core.schedule import Schedule
from sfn_rollouts.core.values.commands import Command, answer
from sfn_rollouts.core.values.findings import Hold, Trip
from sfn_rollouts.core.values.looks import FindVersion, Look
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import AliasReading, VersionReading
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing


@dataclass(frozen=True, slots=True)
class Case(Schedule):
    """What a stage decides on: where the rollout is, and all evidence, judged.

    `judgements` stand in the order in which they count. `command` is one that is in time and has not been answered.
    """

    generation: int
    seen: Observation
    judgements: Mapping[Judge, Judgement]
    command: Command | None = None

    @property
    def known_routing(self) -> Routing | None:
        """The alias as last verified."""
        return routing_of(self.status.alias)

    @property
    def intended_routing(self) -> Routing | None:
        """The alias as the pending intent wants it."""
        return intended_routing(self.spec, self.status)

    @property
    def reading(self) -> AliasReading | None:
        """The alias as last read, if it was there."""
        return self.seen.alias if isinstance(self.seen.alias, AliasReading) else None

    @property
    def alias_state(self) -> AliasState:
        """The live alias against what this rollout knows of it."""
        return alias_state(self.spec, self.status, self.seen)

    def created_at(self, version: int | None) -> datetime | None:
        """AWS's creationDate of what was last found under this number; None where it was not seen, or is not there.

        A number alone says nothing: a state machine that is created again counts from 1 again.
        """
        reading = self.seen.of(FindVersion(version)) if version is not None else None
        return reading.created_at if isinstance(reading, VersionReading) else None

    # -- what was judged --

    @property
    def judged_trip(self) -> Trip | None:
        """What the first judge finds that causes a rollback."""
        return next((each.trip for each in self.judgements.values() if each.trip is not None), None)

    @property
    def judged_hold(self) -> Hold | None:
        """What the first judge finds that forbids to advance. A judgement that is not there yet says what it needs."""
        holding = next((each for each in self.judgements.values() if each.hold is not None), None)
        if holding is None or holding.hold is None:
            return None
        hold = holding.hold
        return replace(hold, looks=hold.looks | holding.refresh) if hold.reason is Reason.INITIALIZING else hold

    @property
    def judges_lack(self) -> frozenset[Look[Any]]:
        """Evidence that judges lack whatever else happens."""
        return frozenset(look for each in self.judgements.values() for look in each.looks)

    # -- change --

    def reset(self) -> "Case":
        """The same case before its beginning; history, stable version and the last command stay."""
        return self.with_status(
            **NOTHING_PENDING,
            target_version=self.spec.version,
            target_creation_date=None,
            retry_token=self.spec.retry_token,
            weight=None,
            step_index=None,
            step_started_at=None,
            plan_hash=None,
            started_at=None,
            finished_at=None,
            approval_timeout=None,
            running_executions=None,
            **self.nothing_judged,
        )

    @property
    def nothing_judged(self) -> dict[str, Any]:
        """What judges remember of a rollout that has not begun."""
        return {name: value for judge in self.judgements for name, value in judge.blank.items()}

    def with_stable(self, version: int | None) -> "Case":
        """The same case with this version as the stable one, dated as it was last found under its number."""
        return self.with_status(stable_version=version, stable_creation_date=self.created_at(version))

    def with_command(self, command: Command | None) -> "Case":
        """The same case with a command to carry out."""
        return replace(self, command=command)

    def answering(self, result: CommandResult, message: str) -> "Case":
        """The same case with its command answered."""
        if self.command is None:
            return self
        answered = self.with_status(last_command=answer(self.command, result, message, self.now))
        return replace(answered, command=None)

    def done(self, message: str) -> "Case":
        """The command was carried out."""
        return self.answering(CommandResult.DONE, message)

    def refusing(self, message: str) -> "Case":
        """The command cannot be carried out: say why and what to do."""
        return self.answering(CommandResult.REFUSED, message)


NOTHING_PENDING: dict[str, None] = dict.fromkeys(
    ("intent", "shortcut", "wait_ended_at", "due_since", "pause_command", "trip", "next_action_at", "taken_over")
)
"""What a finished rollout leaves behind of its way there."""
