"""Flux as far as it concerns one resource: the verdict of a health check, and the clean-up before it applies.

Source: fluxcd/pkg, runtime/cel/status_evaluator.go and ssa/patch.go; fluxcd/kustomize-controller,
kustomization_controller.go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import celpy
import yaml
from celpy.celtypes import BoolType

from sfn_rollouts.api import GROUP, KIND
from tests.core.kstatus import kstatus

FOLDER = Path(__file__).parents[2] / "deploy/flux"
OWNER = "kustomize-controller"
_ORDER = {"inProgress": "InProgress", "failed": "Failed", "current": "Current"}
_STRIPPED = tuple((name, operation) for name in ("kubectl", "before-first-apply") for operation in ("Apply", "Update"))

Resource = dict[str, Any]


@dataclass(frozen=True)
class HealthCheck:
    """What a Kustomization asks of our kind; without expressions it is kstatus."""

    expressions: Mapping[str, str]

    @classmethod
    def of(cls, file: str, kind: str = KIND) -> "HealthCheck":
        """The one of the Kustomization in a file of deploy/flux, about this kind."""
        kustomization = yaml.safe_load((FOLDER / file).read_text())
        checks = kustomization["spec"].get("healthCheckExprs", ())
        ours = (each for each in checks if (each["apiVersion"].partition("/")[0], each["kind"]) == (GROUP, kind))
        return cls({name: text for name, text in next(ours, {}).items() if name in _ORDER})

    def __call__(self, resource: Resource) -> str:
        """Current, Failed or InProgress. Raises what Flux takes for "not yet": a field that is absent, no boolean."""
        if not self.expressions:
            return kstatus(resource)
        observed = resource.get("status", {}).get("observedGeneration")
        if observed is not None and observed != resource["metadata"]["generation"]:
            return "InProgress"
        asked = (verdict for name, verdict in _ORDER.items() if self._holds(name, resource))
        return next(asked, "InProgress")

    def _holds(self, name: str, resource: Resource) -> bool:
        text = self.expressions.get(name)
        if text is None:
            return False
        answer = _program(text).evaluate({field: celpy.json_to_cel(value) for field, value in resource.items()})
        if not isinstance(answer, BoolType):
            raise TypeError(f"{name}: {answer!r} is no boolean")
        return bool(answer)


@cache
def _program(text: str) -> celpy.Runner:
    environment = celpy.Environment()
    return environment.program(environment.compile(text))


def fields_taken_over(managed_fields: Sequence[Resource]) -> list[Resource] | None:
    """managedFields after the clean-up: what kubectl wrote belongs to Flux, None where there is nothing to clean.

    Managers are matched by the beginning of their name, and only outside subresources. What Flux then owns and does not
    apply, the API server removes.
    """
    taken = [entry for entry in managed_fields if _is_stripped(entry)]
    if not taken:
        return None
    own = [entry for entry in managed_fields if (entry["manager"], entry["operation"]) == (OWNER, "Apply")]
    others = [entry for entry in managed_fields if entry not in taken and entry not in own]
    first, *rest = [*own, *taken]
    fields = first["fieldsV1"]
    for entry in rest:
        fields = _united(fields, entry["fieldsV1"])
    return [*others, first | {"manager": OWNER, "operation": "Apply", "fieldsV1": fields}]


def _is_stripped(entry: Resource) -> bool:
    return "subresource" not in entry and any(
        entry["manager"].startswith(name) and entry["operation"] == operation for name, operation in _STRIPPED
    )


def _united(one: Resource, other: Resource) -> Resource:
    both = {name: _united(one[name], other[name]) for name in one.keys() & other.keys()}
    return {**one, **other, **both}
