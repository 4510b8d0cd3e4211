"""What kubectl offers when a person presses Tab: verbs, flags and the names that live in the cluster.

kubectl asks in cobra's protocol: the words so far as arguments, the last one maybe empty; the answer is a candidate a
line, with a tab before what explains it, and at the end a directive.
https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/ and cobra's shell completions guide.
"""

import sys

import click
from click.shell_completion import CompletionItem, ShellComplete

from sfn_rollouts.plugin.verbs import PROGRAM, group

NOTHING_ELSE, FILES_TOO = ":4", ":0"


def run(words: list[str] | None = None) -> int:
    """Print the candidates for the last of the words; return the exit code. Who presses Tab wants no error text."""
    given = sys.argv[1:] if words is None else words
    items = candidates(given)
    is_path = any(item.type in ("file", "dir") for item in items)
    for item in items:
        if item.type == "plain":
            click.echo(f"{item.value}\t{item.help}" if item.help else item.value)
    click.echo(FILES_TOO if is_path else NOTHING_ELSE)
    return 0


def candidates(words: list[str]) -> list[CompletionItem]:
    """Return what the last word may become; nothing where it cannot be known."""
    *before, incomplete = words or [""]
    try:
        return ShellComplete(group, {}, PROGRAM, "").get_completions(before, incomplete)
    except click.ClickException:
        return []
