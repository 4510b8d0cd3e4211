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
from sfn_rollouts.plugin.kubectl import Cluster, Resource
from sfn_rollouts.plugin.operator_signs import why_no_answer
from sfn_rollouts.plugin.problems import ForbiddenError, PluginError
from sfn_rollouts.plugin.rollout import Rollout, text_of

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


def send(cluster: Cluster, name: str, action: str, wait_s: float, operator_namespace: str) -> Answer:
    """Write the command and wait for its answer.

    Raises:
        NoAnswerError: none came; it tells why, if that can be found out.
        PluginError: it could not be written, or another command took its place.
    """
    found = cluster.get(name)
    command = _command(found, action, cluster.user() or _user_here())
    deadline = time.monotonic() + wait_s
    written = cluster.patch(name, {"metadata": {"annotations": {COMMAND_ANNOTATION: json.dumps(command)}}})
    try:
        answer = _awaited(cluster, written, command["id"], deadline)
    except ForbiddenError as error:
        raise NoAnswerError(
            f"{action} was sent to {name}, but its answer cannot be seen: {error.message}", error.cure
        ) from None
    if answer is None:
        why = f"{_unseen(written)}{why_no_answer(cluster, operator_namespace)}"
        raise NoAnswerError(f"{action} was sent to {name}, and no operator has answered within {wait_s:g} s", why)
    return answer


def _command(resource: Resource, action: str, by: str) -> dict[str, Any]:
    """Bind it to what was seen: it must not act on what comes after, nor on another object that it is copied to."""
    metadata = resource["metadata"]
    command = {"id": str(uuid.uuid4()), "action": action, "uid": metadata["uid"], "generation": metadata["generation"]}
    step = (resource.get("status") or {}).get("stepIndex")
    return {**command, **({"step": step} if step is not None else {}), "by": by[:253]}


def _user_here() -> str:
    """Who they are on this machine, for a cluster that does not tell; a container may know nobody."""
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return "somebody"


def _awaited(cluster: Cluster, written: Resource, command_id: str, deadline: float) -> Answer | None:
    """Watch until it is answered; None when time is over."""
    for seen in cluster.follow(written, tick_s=_TICK_S):
        if seen is not None:
            if (answer := _answer(seen, command_id)) is not None:
                return answer
            _check_place(seen, command_id)
        if time.monotonic() >= deadline:
            return None
    return None


def _answer(resource: Resource, command_id: str) -> Answer | None:
    last = Rollout.from_resource(resource).last_command
    if last is None or last.id != command_id:
        return None
    return Answer(last.result, last.message, resource["status"]["lastCommand"])


def _check_place(resource: Resource, command_id: str) -> None:
    """One annotation holds one command: who writes after us takes ours away, if the operator has not seen it.

    Raises:
        PluginError: so it is.
    """
    there = _command_there(resource)
    if there.get("id") == command_id:
        return
    action, by = text_of(there.get("action")) or "something else", text_of(there.get("by")) or "somebody"
    raise PluginError(
        f"another command took its place before the operator saw it: {action} by {by}",
        "Look how it stands, then send it again.",
    )


def _command_there(resource: Resource) -> Mapping[str, Any]:
    """Read the annotation, in which anybody may have written anything."""
    text = (resource["metadata"].get("annotations") or {}).get(COMMAND_ANNOTATION, "")
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        return found if isinstance(found, dict) else {}
    return {}


def _unseen(resource: Resource) -> str:
    is_seen = (resource.get("status") or {}).get("observedGeneration", -1) >= 0
    return "" if is_seen else "No operator has ever looked at this rollout. "
