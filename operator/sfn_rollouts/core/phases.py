"""All transitions between phases, in one table; the diagram in the docs is drawn from it.

Each decision takes one of these at most, or leaves the phase as it is. No decision reads the table: the simulator holds
every decision to it (`sim/search/invariants/phases.py`), and so does every test of the core (`tests/core/world.py`).
"""

from sfn_rollouts.api.status import Phase

TRANSITIONS: dict[tuple[Phase | None, Phase], str] = {
    (None, Phase.PENDING): "accepted",
    (None, Phase.PAUSED): "accepted while paused",
    (None, Phase.PROGRESSING): "accepted, nothing in the way",
    (None, Phase.SUCCEEDED): "alias already serves the version",
    (None, Phase.FAILED): "needs manual intervention",
    (None, Phase.ROLLED_BACK): "aborted before it began",
    (Phase.PENDING, Phase.PROGRESSING): "first step decided",
    (Phase.PENDING, Phase.PAUSED): "paused before the first step",
    (Phase.PENDING, Phase.SUCCEEDED): "alias already serves the version",
    (Phase.PENDING, Phase.FAILED): "needs manual intervention",
    (Phase.PENDING, Phase.ROLLED_BACK): "aborted before it began",
    (Phase.PROGRESSING, Phase.PAUSED): "paused, or waiting for approval",
    (Phase.PROGRESSING, Phase.BAKING): "all traffic on the target",
    (Phase.PROGRESSING, Phase.SUCCEEDED): "done, no bake",
    (Phase.PROGRESSING, Phase.ROLLING_BACK): "tripped",
    (Phase.PROGRESSING, Phase.ROLLED_BACK): "tripped before any traffic moved",
    (Phase.PROGRESSING, Phase.FAILED): "deadline before any traffic moved",
    (Phase.PROGRESSING, Phase.PENDING): "another version before any traffic moved",
    (Phase.PAUSED, Phase.PENDING): "resumed before the first step",
    (Phase.PAUSED, Phase.PROGRESSING): "resumed or promoted",
    (Phase.PAUSED, Phase.BAKING): "resumed in the bake, or promoted into it",
    (Phase.PAUSED, Phase.SUCCEEDED): "resumed or promoted at the end",
    (Phase.PAUSED, Phase.ROLLING_BACK): "tripped",
    (Phase.PAUSED, Phase.ROLLED_BACK): "tripped before any traffic moved",
    (Phase.PAUSED, Phase.FAILED): "needs manual intervention",
    (Phase.BAKING, Phase.SUCCEEDED): "bake over",
    (Phase.BAKING, Phase.PAUSED): "paused",
    (Phase.BAKING, Phase.ROLLING_BACK): "tripped",
    (Phase.BAKING, Phase.PROGRESSING): "steps edited or alias put back",
    (Phase.BAKING, Phase.PENDING): "another version, and somebody else took the alias",
    (Phase.BAKING, Phase.ROLLED_BACK): "tripped, and the alias is on stable already",
    (Phase.BAKING, Phase.FAILED): "deadline, and the alias is on stable already",
    (Phase.ROLLING_BACK, Phase.ROLLED_BACK): "stable has all traffic",
    (Phase.ROLLING_BACK, Phase.FAILED): "deadline exceeded, or the rollback failed",
    (Phase.ROLLING_BACK, Phase.PENDING): "superseded by another version",
    (Phase.ROLLING_BACK, Phase.SUCCEEDED): "the stable version was asked for again",
    (Phase.SUCCEEDED, Phase.PENDING): "another version",
    (Phase.SUCCEEDED, Phase.PROGRESSING): "drift put back",
    (Phase.SUCCEEDED, Phase.FAILED): "spec became invalid",
    (Phase.ROLLED_BACK, Phase.PENDING): "another version or a retry",
    (Phase.ROLLED_BACK, Phase.FAILED): "spec became invalid",
    (Phase.FAILED, Phase.PENDING): "fixed, another version or a retry",
    (Phase.FAILED, Phase.PAUSED): "fixed while paused",
    (Phase.FAILED, Phase.PROGRESSING): "fixed, nothing in the way",
    (Phase.FAILED, Phase.SUCCEEDED): "fixed, alias already serves the version",
    (Phase.FAILED, Phase.ROLLING_BACK): "the rollback is tried again",
    (Phase.FAILED, Phase.ROLLED_BACK): "the rollback succeeded at last, or aborted",
}


def is_allowed(before: Phase | None, after: Phase | None) -> bool:
    """Whether one decision may lead from one phase to the other."""
    return before is after or (before, after) in TRANSITIONS


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = [f"    {before or '[*]'} --> {after}: {why}" for (before, after), why in TRANSITIONS.items()]
    return "\n".join(["stateDiagram-v2", *lines]) + "\n"
