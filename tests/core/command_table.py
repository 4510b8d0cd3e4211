"""What each command does in each stage, asked of `decide`; docs/concepts.md shows it between two marks.

python -m tests.core.command_table      # renew the page, then read the diff
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from sfn_rollouts.api.status import CommandResult
from sfn_rollouts.core.values.commands import Action
from tests.core import situations
from tests.core.world import World

PAGE = Path(__file__).parents[2] / "docs/concepts.md"
BEGIN, END = "<!-- commands: begin -->", "<!-- commands: end -->"

STAGES: Mapping[str, Callable[[], World]] = {
    "not begun": situations.pending,
    "not begun, paused by the manifest": situations.paused_before_the_start,
    "waiting in a step": situations.stepping,
    "waiting for approval": situations.approving,
    "a due step is held": situations.held,
    "paused by command": situations.paused_by_command,
    "paused by command at a gate": situations.paused_at_a_gate,
    "paused by the manifest": situations.paused_by_manifest,
    "alias changed by somebody else": situations.drifted,
    "in the bake": situations.baking,
    "one write (rollbackWindow)": situations.fast_back,
    "one write (new alias, Reassert)": situations.creating,
    "going back": situations.going_back,
    "being deleted, going back": situations.deleting,
    "at rest after a success": situations.succeeded,
    "at rest after a rollback": situations.rolled_back,
    "another resource has the alias": situations.out_of_line,
    "the spec is refused": situations.invalid,
}


def cell(stage: str, action: str) -> str:
    """Return the phase that the command leads to, `done` where it stays as it is, `-` where it is refused."""
    world = STAGES[stage]()
    phase = world.status.phase
    world.say(action, id_="asked")
    answered = world.status.last_command
    if answered is None or answered.id != "asked":
        return "no answer"
    if answered.result is not CommandResult.DONE:
        return "-"
    return "done" if world.status.phase is phase else str(world.status.phase)


def table() -> str:
    """Return the table as Markdown."""
    rows = [
        ["stage", *(f"`{action}`" for action in Action)],
        ["---"] * (len(Action) + 1),
        *([stage, *(cell(stage, action) for action in Action)] for stage in STAGES),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def renewed(page: str) -> str:
    """Return the page with the table of today; ValueError where it has lost its marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
