"""What a pipeline waits for: the end of one version. Fed with what is seen, it says when that is decided, and how.

Pure. A pipeline that has pushed a commit asks before Argo CD or Flux has applied it, so the resource may still ask for
the version before, or not be there at all; neither is an answer about the version that was pushed.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.problems import NotFoundError, PluginError


class Verdict(IntEnum):
    """How it stands; the value is the exit code."""

    PROMOTED = 0
    FAILED = 1
    UNDECIDED = 2


def verdict(rollout: Rollout) -> Verdict:
    """Judge as kstatus does. A status that speaks of an older generation is no answer, whatever it says."""
    if rollout.is_deleting:
        return Verdict.FAILED
    if not rollout.is_observed:
        return Verdict.UNDECIDED
    if rollout.is_stalled:
        return Verdict.FAILED
    return Verdict.PROMOTED if rollout.holds("Ready") else Verdict.UNDECIDED


@dataclass(slots=True)
class Awaited:
    """One wait. `version` None: whichever the resource asks for when it is first seen."""

    name: str
    version: int | None = None
    _asked_before: int | None = field(default=None, init=False)
    _has_been_asked_for: bool = field(default=False, init=False)

    def judge(self, seen: Rollout | None) -> Verdict:
        """Judge what is seen now; None when there is no such rollout.

        Raises:
            NotFoundError: it was deleted after it had asked for the version.
            PluginError: it asks for another version than the one that it had asked for, or has passed that over.
        """
        if seen is None:
            if self._has_been_asked_for:
                raise NotFoundError(f"{self.name} was deleted meanwhile")
            return Verdict.UNDECIDED
        if self.version is None:
            self.version = seen.version
        if seen.version == self.version:
            self._has_been_asked_for = True
            return verdict(seen)
        if self._has_been_asked_for or self._has_passed(seen.version):
            raise PluginError(f"version {self.version} was superseded: {self.name} asks for {seen.version} now")
        self._asked_before = seen.version
        return Verdict.UNDECIDED

    def _has_passed(self, version: int | None) -> bool:
        """Two commits in a row may be applied as one: then the first one's version is never asked for.

        A number that is higher from the beginning says nothing, since a revert asks for a lower one.
        """
        if self.version is None or version is None or self._asked_before is None:
            return False
        return self._asked_before < self.version < version
