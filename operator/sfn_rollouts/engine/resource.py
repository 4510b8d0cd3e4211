"""A resource as the API server gives it, parsed as far as the engine needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfn_rollouts.api import COMMAND_ANNOTATION, FINALIZER
from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_spec, parse_status
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn
from sfn_rollouts.core.values.rollout import InvalidSpec, Rollout
from sfn_rollouts.ports import Key


@dataclass(frozen=True, slots=True)
class Resource:
    """The parts of a live resource that count. `alias` is None where the spec does not even tell that."""

    key: Key
    uid: str
    resource_version: str
    rollout: Rollout
    has_finalizer: bool
    alias: AliasArn | None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> "Resource":
        """Parse a resource; a spec that the models refuse becomes an InvalidSpec."""
        metadata = raw["metadata"]
        rollout = Rollout(
            generation=int(metadata["generation"]),
            spec=_spec(raw),
            status=parse_status(raw.get("status")),
            created_at=datetime.fromisoformat(metadata["creationTimestamp"]),
            is_deleting=metadata.get("deletionTimestamp") is not None,
            command=(metadata.get("annotations") or {}).get(COMMAND_ANNOTATION),
            uid=uid_of(raw),
            had_status=_had_status(metadata),
        )
        return cls(
            key=Key(metadata["namespace"], metadata["name"]),
            uid=uid_of(raw),
            resource_version=version_of(raw),
            rollout=rollout,
            has_finalizer=FINALIZER in (metadata.get("finalizers") or ()),
            alias=_alias(raw.get("spec") or {}),
        )

    @property
    def spec(self) -> Spec | None:
        """The spec, None while it is invalid."""
        return self.rollout.spec if isinstance(self.rollout.spec, Spec) else None

    def is_outdated_by(self, raw: Mapping[str, Any]) -> bool:
        """Whether that one is newer. Versions of one resource are ordered numbers (Kubernetes 1.35)."""
        ours, theirs = self.resource_version, version_of(raw)
        if ours.isdecimal() and theirs.isdecimal():
            return int(ours) < int(theirs)
        return ours != theirs


def uid_of(raw: Mapping[str, Any]) -> str:
    """Return the identity of a resource, without parsing the rest."""
    return str(raw["metadata"]["uid"])


def version_of(raw: Mapping[str, Any]) -> str:
    """Return the resourceVersion, without parsing the rest."""
    return str(raw["metadata"]["resourceVersion"])


def _had_status(metadata: Mapping[str, Any]) -> bool:
    """The API server notes who has written what, and keeps the note of a status that was taken away."""
    return any(each.get("subresource") == "status" for each in metadata.get("managedFields") or ())


def _spec(raw: Mapping[str, Any]) -> Spec | InvalidSpec:
    try:
        return parse_spec(raw.get("spec") or {})
    except SpecError as error:
        return InvalidSpec(str(error)[:1024])


def _alias(spec: Mapping[str, Any]) -> AliasArn | None:
    """Also of a spec that is invalid elsewhere: traffic in flight must find its way back."""
    try:
        return StateMachineArn.parse(str(spec["stateMachineArn"])).alias(str(spec["alias"]))
    except (KeyError, TypeError, ValueError):
        return None
