"""`sfn-rollouts preflight`: what files tell of a rollout before its first shift, for a check of a pull request."""

from collections.abc import Iterator, Sequence
from typing import Any

from sfn_rollouts.api.preflight import Check, PreflightFinding, Verdict
from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.resource import concerns, lint
from sfn_rollouts.cli.candidates import Candidate, Examined
from sfn_rollouts.cli.manifests import manifests_in, within
from sfn_rollouts.cli.offline import candidate_of, examine_offline, no_owner, unreadable, with_definition
from sfn_rollouts.printable import json_text, one_line

BLOCKED = 1
"""Exit code: a rollout would not begin."""


def preflight_files(files: Sequence[str], definition: str | None, *, online: bool = False) -> Sequence[Examined]:
    """Examine each rollout of these files; the definition belongs to the first rollout of the first file.

    With `online` all checks are asked, and AWS answers by the caller's credentials what the files do not tell.

    Raises:
        SystemExit: 2, a file cannot be read or a manifest would be refused; standard error says why, a line each.
    """
    by_file = [list(_candidates_in(file)) for file in files]
    if definition is not None and not by_file[0]:
        raise no_owner(files[0])
    rollouts = [rollout for found in by_file for rollout in found]
    if not rollouts:
        raise unreadable([one_line(f"{', '.join(files)}: no StepFunctionRollout in there")])
    if definition is not None:
        rollouts[0] = with_definition(rollouts[0], definition)
    return _online(rollouts) if online else [Examined(each, examine_offline(each, rollouts)) for each in rollouts]


def exit_code(examined: Sequence[Examined], *, strict: bool) -> int:
    """Return 1 where a rollout would not begin, or, if strict, where anything but Passed was found."""
    verdicts = [each.examination.verdict for each in examined]
    is_bad = any(verdict is not Verdict.PASSED for verdict in verdicts) if strict else Verdict.FAILED in verdicts
    return BLOCKED if is_bad else 0


def notes(examined: Sequence[Examined]) -> Iterator[str]:
    """What was asked for and is not done by a command, a line each."""
    for each in examined:
        preflight = each.rollout.spec.preflight
        if preflight is not None and preflight.smoke is not None and not _tells_of_smoke(each):
            yield one_line(f"note: {each.rollout.key}: the smoke is not run: the operator alone starts executions")


def _tells_of_smoke(each: Examined) -> bool:
    return any(finding.check is Check.SMOKE for finding in each.examination.findings)


def shown_as_text(examined: Sequence[Examined]) -> str:
    """A block for each rollout: a line of its verdict, then one for each finding."""
    return "\n\n".join("\n".join(_block(each)) for each in examined)


def shown_as_json(examined: Sequence[Examined]) -> str:
    """Return an object with `rollouts`, for other programs."""
    return json_text(as_data(examined))


def as_data(examined: Sequence[Examined]) -> dict[str, Any]:
    """Return the same as plain data."""
    return {"rollouts": [_data(each) for each in examined]}


def _block(each: Examined) -> Iterator[str]:
    yield one_line(f"{each.rollout.key}: version {each.rollout.spec.version}: {each.examination.verdict}")
    for finding in each.examination.findings:
        yield one_line(f"  {finding.verdict:<7}  {finding.check}: {finding.subject}: {finding.message}")


def _data(each: Examined) -> dict[str, Any]:
    return {
        "namespace": each.rollout.namespace,
        "name": each.rollout.name,
        "version": each.rollout.spec.version,
        "verdict": str(each.examination.verdict),
        "findings": [_finding_data(finding) for finding in each.examination.findings],
    }


def _finding_data(finding: PreflightFinding) -> dict[str, str]:
    return {
        "check": str(finding.check),
        "verdict": str(finding.verdict),
        "subject": finding.subject,
        "message": finding.message,
    }


def _online(rollouts: Sequence[Candidate]) -> Sequence[Examined]:
    from sfn_rollouts.cli.online import examined_online  # noqa: PLC0415 - boto3 is slow to import
    from sfn_rollouts.errors import PortError  # noqa: PLC0415

    try:
        return examined_online(rollouts)
    except PortError as error:
        raise unreadable([one_line(error.why)]) from None


def _candidates_in(file: str) -> Iterator[Candidate]:
    for document, place, manifest in manifests_in(file):
        if isinstance(manifest, Problem):
            raise _refused(file, document, place, [manifest])
        if concerns(manifest):
            errors = [each for each in lint(manifest) if each.severity is Severity.ERROR]
            if errors:
                raise _refused(file, document, place, errors)
            yield candidate_of(manifest)


def _refused(file: str, document: int, place: str, problems: Sequence[Problem]) -> SystemExit:
    return unreadable([one_line(f"{file}:{document}: {within(place, problem)}") for problem in problems])
