"""Manifests from files: selected, checked by `api`, and shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api.kinds import ACCESS, ROLLOUT, Kind
from sfn_rollouts.api.preflight import Check, Verdict
from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.api.resource import kind_of, parse_access
from sfn_rollouts.api.resource import lint as lint_manifest
from sfn_rollouts.cli.candidates import Candidate
from sfn_rollouts.cli.comparable import problems_of_analysis
from sfn_rollouts.cli.granted import Granting, Question, labels_by_namespace
from sfn_rollouts.cli.manifests import manifests_in, within
from sfn_rollouts.cli.offline import candidate_of, no_owner, problems_offline, with_definition
from sfn_rollouts.core.granting import Access
from sfn_rollouts.printable import json_text, one_line


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and where its manifest stands; `document` counts from 1."""

    file: str
    document: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class LintResult:
    """Findings in the order of files and documents; `checked` counts rollouts, `accesses` AWSAccesses, `skipped`
    documents of other kinds.
    """

    findings: Sequence[Finding]
    checked: int
    accesses: int
    skipped: int

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(each.problem.severity is Severity.ERROR for each in self.findings)


def lint_files(files: Sequence[str], definition: str | None = None, starts_per_hour: float | None = None) -> LintResult:
    """Check each rollout and AWSAccess in these files; `-` is standard input. What cannot be read is an error too.

    The definition, in Amazon States Language, belongs to the first rollout of the first file. `starts_per_hour`: how
    busy each alias is, for what an analysis could notice.

    Raises:
        SystemExit: 2, the definition cannot be read, or there is no rollout for it; standard error says why.
    """
    documents = [(file, *each) for file in files for each in manifests_in(file)]
    checked = [_checked(*each) for each in documents if isinstance(each[-1], Problem) or kind_of(each[-1])]
    if definition is not None:
        _give_to_first(definition, files[0], checked)
    candidates = [each.candidate for each in checked if each.candidate is not None]
    beside = _Beside(candidates, _granting(checked, [each[-1] for each in documents]), starts_per_hour)
    findings = [finding for each in checked for finding in each.findings(beside)]
    rollouts, accesses = (sum(each.kind is kind for each in checked) for kind in (ROLLOUT, ACCESS))
    return LintResult(findings, rollouts, accesses, len(documents) - len(checked))


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a rollout is compared with. `granting` None: the files hold no AWSAccess, so all is granted."""

    candidates: Sequence[Candidate]
    granting: Granting | None
    starts_per_hour: float | None


@dataclass
class _Checked:
    """A manifest, or what stands in its place and cannot be read.

    Without errors it is a `candidate`, with what its manifest says of its namespace, or an `access`.
    """

    file: str
    document: int
    place: str
    problems: Sequence[Problem]
    kind: Kind | None
    candidate: Candidate | None = None
    namespace: str | None = None
    access: Access | None = None

    def findings(self, beside: _Beside) -> Iterator[Finding]:
        """Return what the API server would say of it, who grants it, what preflight says, and what no judge could."""
        spec = self.candidate.spec if self.candidate is not None else None
        judged = problems_of_analysis(spec, beside.starts_per_hour) if spec is not None else ()
        for problem in (*self.problems, *self._of_access(beside), *self._of_preflight(beside.candidates), *judged):
            yield Finding(self.file, self.document, within(self.place, problem))

    def _of_access(self, beside: _Beside) -> Iterator[Problem]:
        if self.candidate is not None and beside.granting is not None:
            yield from beside.granting.problems(Question(self.namespace, self.candidate.subject.alias))

    def _of_preflight(self, candidates: Sequence[Candidate]) -> Iterator[Problem]:
        """That there is no alarm is a warning of the API's already, whatever the policy of preflight."""
        for found in problems_offline(self.candidate, candidates) if self.candidate is not None else ():
            is_error = found.verdict is Verdict.FAILED
            if is_error or found.check is not Check.ALARMS:
                severity = Severity.ERROR if is_error else Severity.WARNING
                words = f"{found.subject}: {found.message}"
                yield Problem(f"spec.preflight.{found.check}", found.subject, words, severity)


def _checked(file: str, document: int, place: str, manifest: Any) -> _Checked:
    if isinstance(manifest, Problem):
        return _Checked(file, document, place, [manifest], kind=None)
    problems = lint_manifest(manifest)
    is_sound = all(each.severity is not Severity.ERROR for each in problems)
    checked = _Checked(file, document, place, problems, kind_of(manifest))
    metadata = manifest["metadata"] if is_sound else {}
    if is_sound and checked.kind is ROLLOUT:
        checked.candidate, checked.namespace = candidate_of(manifest), metadata.get("namespace") or None
    elif is_sound:
        name = metadata.get("name") or metadata["generateName"]
        checked.access = Access(name, parse_access(manifest["spec"]))
    return checked


def _granting(checked: Sequence[_Checked], manifests: Sequence[Any]) -> Granting | None:
    given = [each for each in checked if each.kind is ACCESS]
    accesses = [each.access for each in given if each.access is not None]
    is_whole = len(accesses) == len(given)
    return Granting(accesses, labels_by_namespace(manifests), is_whole) if given else None


def _give_to_first(definition: str, file: str, checked: Sequence[_Checked]) -> None:
    first = next((each for each in checked if each.kind is ROLLOUT and each.file == file), None)
    if first is None:
        raise no_owner(file)
    if first.candidate is not None:
        first.candidate = with_definition(first.candidate, definition)


def shown_as_text(result: LintResult) -> str:
    """One line a finding, `file:document: path: message`, and one that counts."""
    return "\n".join([*map(_line, result.findings), _summary(result)])


def shown_as_json(result: LintResult) -> str:
    """Return an object with `checked`, `accesses`, `skipped` and `problems`, for other programs."""
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
    counts = {"checked": result.checked, "accesses": result.accesses, "skipped": result.skipped}
    return json_text({**counts, "problems": problems})


def _line(finding: Finding) -> str:
    kind = "warning: " if finding.problem.severity is Severity.WARNING else ""
    return one_line(f"{finding.file}:{finding.document}: {kind}{finding.problem}")


def _summary(result: LintResult) -> str:
    warnings = len(result.findings) - result.errors
    others = f", {_counted(result.skipped, 'document')} of other kinds skipped" if result.skipped else ""
    counts = f"{_counted(result.errors, 'error')}, {_counted(warnings, 'warning')}"
    accesses = f" and {_counted(result.accesses, 'access', 'es')}" if result.accesses else ""
    return f"{_counted(result.checked, 'rollout')}{accesses} checked{others}: {counts}"


def _counted(count: int, noun: str, plural: str = "s") -> str:
    return f"{count} {noun}{'' if count == 1 else plural}"
