"""Manifests from files: selected, checked by `api`, and shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.resource import concerns
from sfn_rollouts.api.resource import lint as lint_manifest
from sfn_rollouts.cli.manifests import manifests_in, within
from sfn_rollouts.printable import json_text, one_line


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and where its manifest stands; `document` counts from 1."""

    file: str
    document: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class LintResult:
    """Findings in the order of files and documents; `checked` counts rollouts, `skipped` documents of other kinds."""

    findings: Sequence[Finding]
    checked: int
    skipped: int

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(each.problem.severity is Severity.ERROR for each in self.findings)


def lint_files(files: Sequence[str]) -> LintResult:
    """Check each rollout in these files; `-` is standard input. What cannot be read is an error like others."""
    findings: list[Finding] = []
    checked = skipped = 0
    for file in files:
        for document, place, manifest in manifests_in(file):
            if isinstance(manifest, Problem):
                findings.append(Finding(file, document, within(place, manifest)))
            elif concerns(manifest):
                checked += 1
                findings += [Finding(file, document, within(place, problem)) for problem in lint_manifest(manifest)]
            else:
                skipped += 1
    return LintResult(findings, checked, skipped)


def shown_as_text(result: LintResult) -> str:
    """One line a finding, `file:document: path: message`, and one that counts."""
    return "\n".join([*map(_line, result.findings), _summary(result)])


def shown_as_json(result: LintResult) -> str:
    """Return an object with `checked`, `skipped` and `problems`, for other programs."""
    problems = [
        {
            "file": each.file,
            "document": each.document,
            "path": each.problem.path,
            "value": each.problem.value,
            "severity": str(each.problem.severity),
            "message": each.problem.message,
        }
        for each in result.findings
    ]
    return json_text({"checked": result.checked, "skipped": result.skipped, "problems": problems})


def _line(finding: Finding) -> str:
    kind = "warning: " if finding.problem.severity is Severity.WARNING else ""
    return one_line(f"{finding.file}:{finding.document}: {kind}{finding.problem}")


def _summary(result: LintResult) -> str:
    warnings = len(result.findings) - result.errors
    others = f", {_counted(result.skipped, 'document')} of other kinds skipped" if result.skipped else ""
    counts = f"{_counted(result.errors, 'error')}, {_counted(warnings, 'warning')}"
    return f"{_counted(result.checked, 'rollout')} checked{others}: {counts}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
