"""What `sfn-rollouts simulate` prints for each file of `examples/`, as it stands beside the file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_MORE: Mapping[str, Sequence[str]] = {
    "canary": ["--alarm OrderProcessor-p95=ALARM@12m..14m"],
    "analysis": ["--starts-per-hour 40"],
    "linear": ["--alarm OrderProcessor-failures=INSUFFICIENT_DATA@7m..12m"],
    "exponential": ["--fault states.UpdateStateMachineAlias=timeout-after@10m..11m --kill-operator 20m..22m"],
    "steps-with-approval": ["--user promote@15m", "--user abort@12m"],
    "all-at-once": ["--alarm OrderProcessor-failures=ALARM@4m..5m --kill-operator 3m..6m"],
}
"""Beside the undisturbed run: the options of further ones."""


def transcripts(root: Path) -> dict[str, Callable[[], str]]:
    """Return path below the root and text of the transcript of each example."""
    examples = sorted((root / "examples").glob("*.yaml"))
    return {f"examples/{each.stem}.transcript.txt": _renderer(each) for each in examples}


def _renderer(example: Path) -> Callable[[], str]:
    return lambda: "\n".join(_transcript(example, options) for options in ("", *_MORE.get(example.stem, ())))


def _transcript(example: Path, options: str) -> str:
    from click.testing import CliRunner  # noqa: PLC0415 - only for who renders them

    from sfn_rollouts.cli import main  # noqa: PLC0415

    answer = CliRunner().invoke(main, ["simulate", str(example), *options.split()], catch_exceptions=False)
    command = " ".join(["sfn-rollouts", "simulate", f"examples/{example.name}", *options.split()])
    return f"$ {command}\n{answer.output}"
