"""The bodies of the merge patches (RFC 7386) that we write, as pure functions."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from sfn_rollouts.api.status import Status


def status_patch(resource_version: str, status: Mapping[str, Any], model: type[BaseModel] = Status) -> dict[str, Any]:
    """Patch that makes the stored status equal to `status` in every field we know; guarded by the resource version.

    Fields of a newer operator's status are left alone.
    """
    return {"metadata": {"resourceVersion": resource_version}, "status": with_nulls(status, model)}


def finalizer_patch(resource_version: str, finalizers: Sequence[str]) -> dict[str, Any]:
    """Patch that sets the whole list of finalizers; guarded, since a list is replaced and not merged."""
    return {"metadata": {"resourceVersion": resource_version, "finalizers": list(finalizers)}}


def with_or_without(finalizers: Sequence[str], ours: str, wanted: bool) -> list[str]:
    """Return the list with or without our finalizer, others' untouched and in their order."""
    others = [each for each in finalizers if each != ours]
    return [*others, ours] if wanted else others


def with_nulls(value: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return `value` with a null for each absent field of the model, at every depth of objects.

    A merge patch keeps what it does not name: without the nulls a finished rollout would keep the intent, the trip and
    the next action of its last step. Lists are replaced whole, so nothing inside them needs one.
    """
    return {**value, **{name: _nulls_of(value.get(name), kind) for name, kind in _fields(model).items()}}


def _nulls_of(value: Any, kind: Any) -> Any:
    nested = _model_in(kind)
    return with_nulls(value, nested) if nested is not None and isinstance(value, Mapping) else value


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_in(kind: Any) -> type[BaseModel] | None:
    """Return the model of `Model` or `Model | None`, None for everything else."""
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return next((each for each in options if isinstance(each, type) and issubclass(each, BaseModel)), None)
