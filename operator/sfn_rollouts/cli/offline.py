"""What files alone tell of a rollout before its first shift: `preflight`, `lint` and `simulate` ask it here."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from sfn_rollouts.api.preflight import PROBLEMS, Check, PreflightFinding
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.asl.document import DefinitionError, parse
from sfn_rollouts.asl.outline import Outline, outline
from sfn_rollouts.cli.candidates import LONG_AGO, Candidate
from sfn_rollouts.cli.manifests import LARGEST_FILE, content_of
from sfn_rollouts.core.preflight.examination import Examination, examine
from sfn_rollouts.core.preflight.reading import home_of
from sfn_rollouts.core.preflight.subject import Subject
from sfn_rollouts.core.values.looks import ReadDefinition
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.printable import one_line

OFFLINE = frozenset({Check.PINS, Check.ENTRY_POINT})
"""What files can tell, once there is a definition."""

UNREADABLE = 2
"""Exit code: what was given cannot be read."""


def candidate_of(manifest: Mapping[str, Any]) -> Candidate:
    """Return the rollout of a manifest that `lint` finds no error in."""
    metadata = manifest.get("metadata") or {}
    name = metadata.get("name") or metadata.get("generateName") or ""
    return Candidate(str(metadata.get("namespace") or "default"), str(name), parse_spec(manifest["spec"]))


def with_definition(rollout: Candidate, file: str) -> Candidate:
    """Return the rollout with what its target does, from a file in Amazon States Language.

    Raises:
        SystemExit: 2, it cannot be read or is no definition; standard error says why, on one line.
    """
    return replace(rollout, outline=_outline(file, rollout.subject))


def examine_offline(rollout: Candidate, beside: Sequence[Candidate], among: Container[Check] = OFFLINE) -> Examination:
    """Return what these checks find of a rollout without AWS; those `beside` are compared with."""
    unknown = Unseen("no definition was given: give --definition FILE, or --online", LONG_AGO)
    seen = Observation(neighbours=rollout.neighbours(beside))
    answered = seen.answering(ReadDefinition(rollout.spec.version), rollout.reading or unknown)
    return examine(rollout.subject, answered, among)


def problems_offline(rollout: Candidate, beside: Sequence[Candidate]) -> Sequence[PreflightFinding]:
    """Return what is wrong with a rollout as far as files tell; nothing of what they leave open."""
    found = examine_offline(rollout, beside, OFFLINE | {Check.ALARMS}).findings
    return [finding for finding in found if finding.verdict in PROBLEMS]


def no_owner(file: str) -> SystemExit:
    """Print that a definition belongs to no rollout of this file; return what ends the command."""
    return unreadable([one_line(f"{file}: no StepFunctionRollout in there that --definition could belong to")])


def unreadable(lines: Sequence[str]) -> SystemExit:
    """Print why something cannot be read; return what ends the command."""
    for line in lines:
        click.echo(line, err=True)
    return SystemExit(UNREADABLE)


def _outline(file: str, subject: Subject) -> Outline:
    try:
        return outline(parse(_text(file)), home_of(subject.machine))
    except OSError as error:
        raise unreadable([one_line(f"{file}: cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise unreadable([one_line(f"{file}: is no text in UTF-8")]) from None
    except DefinitionError as error:
        raise unreadable([one_line(f"{file}: is no definition: {error}")]) from None


def _text(file: str) -> str:
    raw = content_of(file)
    if len(raw) > LARGEST_FILE:
        raise DefinitionError(f"it is larger than {LARGEST_FILE // 2**20} MiB, and AWS takes 1 MB")
    return raw.decode("utf-8-sig")
