"""Rollouts that a command examines before their first shift, and what was found of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sfn_rollouts.core.preflight.entry_point import neighbours_of
from sfn_rollouts.core.preflight.subject import Subject
from sfn_rollouts.core.values.targets import DefinitionReading, Neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfn_rollouts.api.spec import Spec
    from sfn_rollouts.asl.outline import Outline
    from sfn_rollouts.core.preflight.examination import Examination

LONG_AGO = datetime.fromtimestamp(0, UTC)
"""When a file was read: no age of it matters."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rollout that is to be examined.

    `outline` None: what its target calls is not known; `role` is the target's, empty where the definition is a file.
    """

    namespace: str
    name: str
    spec: Spec
    outline: Outline | None = None
    role: str = ""

    @property
    def key(self) -> str:
        """Its name for people."""
        return f"{self.namespace}/{self.name}"

    @property
    def subject(self) -> Subject:
        """Whom the checks are asked about."""
        return Subject(self.spec, self.spec.version)

    @property
    def reading(self) -> DefinitionReading | None:
        """Its definition, as if it had been read just now."""
        if self.outline is None:
            return None
        return DefinitionReading(self.outline, self.role, is_express=False, read_at=LONG_AGO)

    def neighbours(self, all_of_them: Iterable[Candidate]) -> Neighbours:
        """Return what is known of the others."""
        return neighbours_of((each.key, each.subject.alias, each.outline) for each in all_of_them if each is not self)


@dataclass(frozen=True, slots=True)
class Examined:
    """One rollout and what was found of it."""

    rollout: Candidate
    examination: Examination
