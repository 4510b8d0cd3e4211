"""Which AWSAccess of some files lets which rollout of them move its alias, as far as files tell.

A file may leave open in which namespace a rollout will be, and which labels that has: what is not known is said as
such. Where all is known, `core.granting` says what the operator will do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.api.access import AccessSpec
from sfn_rollouts.api.problems import Problem, Severity
from sfn_rollouts.core.granting import Access, grants
from sfn_rollouts.core.values.arn import AliasArn

PATH = "spec.stateMachineArn"
_OWN_NAME = "kubernetes.io/metadata.name"
"""The label that the API server itself gives each namespace."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A rollout that wants to move an alias. `namespace` None: its manifest names none."""

    namespace: str | None
    alias: AliasArn


@dataclass(frozen=True, slots=True)
class Granting:
    """What the files hold: accesses, and the labels of each namespace by its name.

    `is_whole`: each AWSAccess of the files is among the accesses; one that has errors is not.
    """

    accesses: Sequence[Access]
    namespaces: Mapping[str, Labels]
    is_whole: bool

    def problems(self, asked: Question) -> Iterator[Problem]:
        """Yield what keeps exactly one access from matching, or may keep it."""
        granting = [access.name for access in self.accesses if self._verdict(access, asked) is True]
        open_ones = [access for access in self.accesses if self._verdict(access, asked) is None]
        if len(granting) > 1:
            yield _problem(asked, _all_of(granting), Severity.ERROR)
        elif open_ones:
            yield _problem(asked, self._open(open_ones, asked))
        elif not granting and self.is_whole:
            yield _problem(asked, _none(asked))

    def _verdict(self, access: Access, asked: Question) -> bool | None:
        """Whether it grants; None: the files do not tell."""
        labels = self._labels(asked, access.spec)
        if asked.namespace is not None and labels is not None:
            return grants(access.spec, asked.namespace, labels, asked.alias)
        return None if grants(_of_any_namespace(access.spec, asked), asked.namespace or "", {}, asked.alias) else False

    def _labels(self, asked: Question, spec: AccessSpec) -> Labels | None:
        """The labels of the namespace, those that the selector asks for at least; None: they are not known."""
        own = {_OWN_NAME: asked.namespace or ""}
        found = self.namespaces.get(asked.namespace or "")
        if found is not None:
            return {**found, **own}
        return own if _keys(spec) <= own.keys() else None

    def _open(self, accesses: Sequence[Access], asked: Question) -> str:
        names = _joined(access.name for access in accesses)
        if asked.namespace is None:
            return f"cannot tell whether AWSAccess {names} lets it move its alias: the manifest names no namespace"
        return (
            f"cannot tell whether AWSAccess {names} lets it move its alias: that hangs on labels, and Namespace "
            f"{asked.namespace} is not among the files"
        )


def labels_by_namespace(manifests: Iterable[Any]) -> dict[str, Labels]:
    """Return the labels of each Namespace among these manifests."""
    found: dict[str, Labels] = {}
    for manifest in manifests:
        if isinstance(manifest, Mapping) and (manifest.get("apiVersion"), manifest.get("kind")) == ("v1", "Namespace"):
            metadata = manifest.get("metadata")
            fields = metadata if isinstance(metadata, Mapping) else {}
            labels = fields.get("labels")
            found[str(fields.get("name"))] = dict(labels) if isinstance(labels, Mapping) else {}
    return found


def _keys(spec: AccessSpec) -> set[str]:
    selector = spec.namespaces.selector
    return set() if selector is None else {*selector.match_labels, *(each.key for each in selector.match_expressions)}


def _of_any_namespace(spec: AccessSpec, asked: Question) -> AccessSpec:
    """The access without what is not known: the selector, and where no namespace is named its names too."""
    names = None if asked.namespace is None else spec.namespaces.names
    return spec.model_copy(update={"namespaces": spec.namespaces.model_copy(update={"names": names, "selector": None})})


def _none(asked: Question) -> str:
    where = "rollouts" if asked.namespace is None else f"rollouts of namespace {asked.namespace}"
    return (
        f"no AWSAccess of the files lets {where} move alias {asked.alias.name} of '{asked.alias.machine}', so it would "
        "do nothing: add it to one, or give it one of its own"
    )


def _all_of(names: Sequence[str]) -> str:
    return (
        f"AWSAccess {_joined(names)} let it move its alias, and nobody chooses between them, so it would do nothing: "
        "narrow all but one"
    )


def _joined(names: Iterable[str]) -> str:
    *first, last = sorted(names)
    return f"{', '.join(first)} and {last}" if first else last


def _problem(asked: Question, message: str, severity: Severity = Severity.WARNING) -> Problem:
    return Problem(PATH, str(asked.alias.machine), message, severity)
