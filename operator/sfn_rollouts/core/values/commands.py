"""Commands: what a person says by annotation, once, to one object, for one generation and, for promote, one step."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sfn_rollouts.api.status import CommandResult, LastCommand, Status
from sfn_rollouts.core.values.rollout import Rollout
from sfn_rollouts.printable import one_line


class Action(StrEnum):
    """What can be commanded."""

    PROMOTE = "promote"
    PROMOTE_FULL = "promote-full"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    RETRY = "retry"


Printable = Annotated[str, AfterValidator(lambda text: one_line(text, longest=253))]


class Command(BaseModel):
    """The annotation `sfnrollouts.dev/command`: {"id", "action", "uid", "generation", "step", "by"}.

    Its texts are made printable, as they go into statuses, Events and logs: whoever may annotate a rollout writes them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Printable = Field(min_length=1, max_length=253)
    action: Action
    generation: int
    uid: Printable | None = Field(default=None, max_length=253)
    step: int | None = None
    by: Printable | None = Field(default=None, max_length=253)


@dataclass(frozen=True, slots=True)
class Malformed:
    """An annotation that is no command. Its id is a digest of the text, so that it is refused once and not for ever."""

    id: str
    why: str


def parse_command(text: str) -> Command | Malformed:
    """Read the annotation; total."""
    try:
        return Command.model_validate_json(text)
    except ValidationError as error:
        digest = hashlib.sha256(text.encode("utf8", "surrogatepass")).hexdigest()[:12]
        return Malformed(f"malformed-{digest}", "; ".join(_problem(dict(item)) for item in error.errors()))


def _problem(item: dict[str, Any]) -> str:
    field = item["loc"][0] if item["loc"] else "command"
    remedy = f" (one of {', '.join(Action)})" if field == "action" else ""
    return f"{field}: {item['msg']}{remedy}"


def pending_command(text: str | None, status: Status) -> Command | Malformed | None:
    """Return the command that has not been answered yet."""
    if text is None:
        return None
    command = parse_command(text)
    answered = status.last_command is not None and status.last_command.id == command.id
    return None if answered else command


def staleness(command: Command, rollout: Rollout) -> str | None:
    """Return why a command is too late, None if it is in time: a late promote must not promote the next version."""
    return _of_another_object(command, rollout) or _of_another_time(command, rollout)


def _of_another_object(command: Command, rollout: Rollout) -> str | None:
    """A backup, an export and a copy keep the annotation and lose the status, and generation 1 is every object's first.

    So an object without a status obeys what names its uid, which nobody can know before it is created. Where its status
    was taken away, such a command may have been obeyed before.
    """
    if command.uid not in (None, rollout.uid):
        return f"it was sent to another object, with uid {command.uid}; this one has uid {rollout.uid}"
    if rollout.status.is_written:
        return None
    if command.uid is None:
        return (
            "this object had no status yet, so the command may have been created with it; if it is meant, send it again"
        )
    if rollout.had_status:
        return "the status was taken away, so the command may have been obeyed before; if it is meant, send it again"
    return None


def _of_another_time(command: Command, rollout: Rollout) -> str | None:
    generation, step_index = rollout.generation, rollout.status.step_index
    if command.generation != generation:
        return f"it was meant for generation {command.generation}, this is generation {generation}"
    if command.action is Action.PROMOTE and command.step not in (None, step_index):
        return f"it was meant for step index {command.step}, the rollout is at {step_index}"
    return None


def answer(command: Command | Malformed, result: CommandResult, message: str, now: datetime) -> LastCommand:
    """Return the answer as it goes into the status."""
    known = command if isinstance(command, Command) else None
    return LastCommand(
        id=command.id,
        action=known.action.value if known is not None else "unknown",
        result=result,
        message=one_line(message, longest=1024),
        by=known.by if known is not None else None,
        observed_at=now,
    )


def by_words(by: str | None) -> str:
    """Return " by ann", to stand behind what was done; empty where nobody is named."""
    return f" by {by}" if by else ""
