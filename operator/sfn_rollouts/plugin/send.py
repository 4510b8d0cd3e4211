"""One command to the operator: written as an annotation, its answer waited for.

The annotation holds one command, bound to the generation and step that the person saw; the operator answers in
`status.lastCommand`. The status itself is the operator's alone: who could write it could forge progress.
"""

import contextlib
import getpass
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api import COMMAND_ANNOTATION
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.kubectl import Cluster, Resource
from sfn_rollouts.plugin.operator_signs import why_no_answer
from sfn_rollouts.plugin.problems import ConflictError, ForbiddenError, PluginError
from sfn_rollouts.printable import word

_TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command; `result` is Done, Stale or Refused, `raw` is status.lastCommand as it stands."""

    result: str
    message: str
    raw: Mapping[str, Any]

    @property
    def is_done(self) -> bool:
        """The operator has carried it out."""
        return self.result == "Done"


class NoAnswerError(PluginError):
    """The command was written, and nobody has answered."""


def send(cluster: Cluster, found: Resource, action: str, wait_s: float, operator_namespace: str) -> Answer:
    """Write the command, bound to what was found, and wait for its answer.

    Raises:
        NoAnswerError: none came; the message says why, if that can be found out.
        PluginError: it was not written, or another command took its place and was answered first.
    """
    command = _command(found, action, cluster.user() or _user_here())
    sending = _Sending(cluster, command, time.monotonic() + wait_s, wait_s, operator_namespace)
    return sending.answer(sending.written(found))


@dataclass(frozen=True, slots=True)
class _Sending:
    """One command on its way. `deadline` is of the monotonic clock."""

    cluster: Cluster
    command: Mapping[str, Any]
    deadline: float
    wait_s: float
    operator_namespace: str

    @property
    def action(self) -> str:
        """What is commanded."""
        return str(self.command["action"])

    # -- writing it --

    def written(self, found: Resource) -> Resource:
        """Write it; return the rollout as it is then.

        One annotation holds one command, so a command that is not answered yet keeps its place: whoever sent it would
        never get an answer. An abort does not wait, and nothing is written over unseen.
        """
        name = found["metadata"]["name"]
        body = {"metadata": {"annotations": {COMMAND_ANNOTATION: json.dumps(self.command)}}}
        if self.action == "abort":
            return self.cluster.patch(name, body)
        while True:
            found = self._with_a_free_place(found)
            try:
                return self.cluster.patch(name, body, found["metadata"]["resourceVersion"])
            except ConflictError:
                found = self.cluster.get(name)

    def _with_a_free_place(self, found: Resource) -> Resource:
        """Wait until the command that is there has been answered.

        Raises:
            PluginError: it has not been in time.
        """
        waiting = unanswered(found)
        if waiting is None and time.monotonic() < self.deadline:
            return found
        try:
            for seen in self.cluster.follow(found, tick_s=_TICK_S):
                if seen is not None:
                    waiting = unanswered(seen)
                    if waiting is None:
                        return seen
                if time.monotonic() >= self.deadline:
                    break
        except ForbiddenError as error:
            raise PluginError(self._not_sent(waiting), f"When it is cannot be seen: {error.message}") from None
        name = found["metadata"]["name"]
        raise PluginError(
            self._not_sent(waiting),
            f"{self._why()}\nOnly an abort takes its place. To take it back: "
            f"kubectl annotate sfnrollout {name} {COMMAND_ANNOTATION}-{self.cluster.place}",
        )

    def _not_sent(self, waiting: str | None) -> str:
        held = f"{waiting} is not answered yet" if waiting else "the rollout changes all the time"
        return f"{self.action} was not sent: {held}"

    def _why(self) -> str:
        return why_no_answer(self.cluster, self.operator_namespace)

    # -- waiting for its answer --

    def answer(self, written: Resource) -> Answer:
        """Wait until it is answered. Who loses the place goes on waiting: it may have been seen before."""
        name = written["metadata"]["name"]
        try:
            return self._awaited(written)
        except ForbiddenError as error:
            raise NoAnswerError(
                f"{self.action} was sent to {name}, but its answer cannot be seen: {error.message}", error.remedy
            ) from None

    def _awaited(self, written: Resource) -> Answer:
        name, taken_by, known = written["metadata"]["name"], "", {_last_id(written)}
        for seen in self.cluster.follow(written, tick_s=_TICK_S):
            if seen is not None:
                if (answer := _answer(seen, self.command["id"])) is not None:
                    return answer
                taken_by = _taken_by(seen, self.command["id"]) or taken_by
                if taken_by and _last_id(seen) not in known:
                    raise PluginError(
                        f"{self.action} may have been carried out: {taken_by} took its place and was answered first",
                        f"Look before you send it again: kubectl sfnrollout get {word(name)}{self.cluster.place}",
                    )
                known.add(_last_id(seen))
            if time.monotonic() >= self.deadline:
                break
        sent = f"was sent to {name}, and"
        if taken_by:
            sent = f"may have been carried out: {taken_by} took its place, and"
        why = f"{_unseen(written)}{self._why()}"
        raise NoAnswerError(f"{self.action} {sent} no operator has answered within {self.wait_s:g} s", why)


def unanswered(resource: Resource) -> str | None:
    """Describe which command there waits for its answer; None where none does."""
    rollout = Rollout.from_resource(resource)
    if COMMAND_ANNOTATION not in rollout.annotations:
        return None
    last_id = _last_id(resource)
    if rollout.sent_command is not None and rollout.sent_command.id == last_id:
        return None
    # What is no command has an id that only the operator's own reading knows; to import that takes a while.
    from sfn_rollouts.core.values.commands import parse_command  # noqa: PLC0415

    text = str(resource["metadata"]["annotations"][COMMAND_ANNOTATION])
    return None if parse_command(text).id == last_id else _words(rollout)


def _command(resource: Resource, action: str, by: str) -> dict[str, Any]:
    """Bind it to what was seen: it must not act on what comes after, nor on another object that it is copied to."""
    metadata = resource["metadata"]
    command = {"id": str(uuid.uuid4()), "action": action, "uid": metadata["uid"], "generation": metadata["generation"]}
    step = (resource.get("status") or {}).get("stepIndex")
    return {**command, **({"step": step} if step is not None else {}), "by": by[:253]}


def _user_here() -> str:
    """Who they are on this machine, for a cluster that does not say; a container may know nobody."""
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return "somebody"


def _answer(resource: Resource, command_id: str) -> Answer | None:
    last = Rollout.from_resource(resource).last_command
    if last is None or last.id != command_id:
        return None
    return Answer(last.result, last.message, resource["status"]["lastCommand"])


def _last_id(resource: Resource) -> str:
    last = Rollout.from_resource(resource).last_command
    return last.id if last is not None else ""


def _taken_by(resource: Resource, command_id: str) -> str:
    """Describe whose command is there now; empty while it is ours."""
    rollout = Rollout.from_resource(resource)
    is_ours = rollout.sent_command is not None and rollout.sent_command.id == command_id
    return "" if is_ours else _words(rollout)


def _words(rollout: Rollout) -> str:
    """Name the command that is there. Anybody may have written anything, or taken it away."""
    sent = rollout.sent_command
    if sent is None:
        return "something else" if COMMAND_ANNOTATION in rollout.annotations else "somebody who removed it"
    return f"{sent.action or 'another command'} by {sent.by or 'somebody'}"


def _unseen(resource: Resource) -> str:
    is_seen = (resource.get("status") or {}).get("observedGeneration", -1) >= 0
    return "" if is_seen else "No operator has ever looked at this rollout. "
