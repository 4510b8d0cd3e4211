"""Manifests from files: read, told apart, checked by `api`, and shown."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.resource import concerns
from sfn_rollouts.api.resource import lint as lint_manifest


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


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key given twice, as kubectl does: YAML would quietly take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((name for name in names if name != "<<" and names.count(name) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def lint_files(files: Sequence[str]) -> LintResult:
    """Check each rollout in these files; `-` is standard input. A file that is no YAML is an error like others."""
    findings: list[Finding] = []
    checked = skipped = 0
    for file in files:
        for document, manifest in _documents(file):
            if isinstance(manifest, Problem):
                findings.append(Finding(file, document, manifest))
            elif concerns(manifest):
                checked += 1
                findings += [Finding(file, document, problem) for problem in lint_manifest(manifest)]
            else:
                skipped += 1
    return LintResult(findings, checked, skipped)


def shown_as_text(result: LintResult) -> str:
    """One line a finding, `file:document: path: message`, and one that counts."""
    return "\n".join([*map(_line, result.findings), _summary(result)])


def shown_as_json(result: LintResult) -> str:
    """Give an object with `checked`, `skipped` and `problems`, for other programs."""
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
    return json.dumps(
        {"checked": result.checked, "skipped": result.skipped, "problems": problems}, indent=2, default=str
    )


def _documents(file: str) -> Iterator[tuple[int, Any]]:
    """Each document with its number; lists are taken apart, empty documents left out."""
    documents = yaml.load_all(_text(file), Loader=_StrictLoader)
    number = 0
    while True:
        number += 1
        try:
            manifest = next(documents)
        except StopIteration:
            return
        except yaml.YAMLError as error:
            yield number, Problem("", None, f"is not readable as YAML: {_on_one_line(error)}")
            return
        if manifest is not None:
            yield from ((number, each) for each in _items(manifest))


def _items(manifest: Any) -> Sequence[Any]:
    """Give the items of a `kind: List`, as kubectl takes it, else the manifest itself."""
    if isinstance(manifest, Mapping) and manifest.get("kind") == "List" and isinstance(manifest.get("items"), list):
        return list(manifest["items"])
    return [manifest]


def _text(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()


def _on_one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


def _line(finding: Finding) -> str:
    kind = "warning: " if finding.problem.severity is Severity.WARNING else ""
    return f"{finding.file}:{finding.document}: {kind}{finding.problem}"


def _summary(result: LintResult) -> str:
    warnings = len(result.findings) - result.errors
    others = f", {_counted(result.skipped, 'document')} of other kinds passed over" if result.skipped else ""
    counts = f"{_counted(result.errors, 'error')}, {_counted(warnings, 'warning')}"
    return f"{_counted(result.checked, 'rollout')} checked{others}: {counts}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
