"""The rollouts of a file, for commands that need them valid."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.resource import concerns, lint
from sfn_rollouts.cli.manifests import manifests_in, within
from sfn_rollouts.printable import one_line


def rollout_in(file: str, name: str | None) -> Mapping[str, Any]:
    """Return the manifest of the one rollout in a file (`-` is standard input), or of the one with this name.

    Raises:
        click.UsageError: there is none, or more than one.
        SystemExit: 1, the manifest would be refused; standard error says why.
    """
    return rollout_among(file, name)[0]


def rollout_among(file: str, name: str | None) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """Return the same, and the other rollouts of the file as far as they are sound. Raises the same."""
    rollouts = _rollouts(file)
    named = [each for each in rollouts if name is None or name_of(each) == name]
    if len(named) != 1:
        names = one_line(", ".join(map(name_of, rollouts)) or "none")
        raise click.UsageError(f"{one_line(file)} has {len(rollouts)} rollouts ({names}): choose one with --name")
    _insist_on_none(file, _errors(named[0]))
    return dict(named[0]), [each for each in rollouts if each is not named[0] and not _errors(each)]


def rollouts_in(file: str) -> Sequence[Mapping[str, Any]]:
    """Return the manifests of all rollouts in a file (`-` is standard input).

    Raises:
        click.UsageError: there is none.
        SystemExit: 1, a manifest would be refused; standard error says why.
    """
    rollouts = _rollouts(file)
    if not rollouts:
        raise click.UsageError(f"{one_line(file)} has no StepFunctionRollout")
    _insist_on_none(file, [each for one in rollouts for each in _errors(one)])
    return rollouts


def name_of(manifest: Mapping[str, Any]) -> str:
    """Return the rollout's name, or the one that its name is generated from."""
    metadata = manifest.get("metadata")
    found = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, Mapping) else None
    return str(found or "rollout")


def _rollouts(file: str) -> Sequence[Mapping[str, Any]]:
    found = [(place, each) for _, place, each in manifests_in(file)]
    _insist_on_none(file, [within(place, each) for place, each in found if isinstance(each, Problem)])
    return [each for _, each in found if concerns(each)]


def _errors(manifest: object) -> Sequence[Problem]:
    return [each for each in lint(manifest) if each.severity is Severity.ERROR]


def _insist_on_none(file: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        click.echo(one_line(f"{file}: {problem}"), err=True)
    if problems:
        sys.exit(1)
