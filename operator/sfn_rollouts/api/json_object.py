"""A JSON object of a person's own: nothing of it is known here, so that nothing of it may be pruned or changed."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from sfn_rollouts.api.rules import BROKEN

LARGEST = 8 * 1024
"""Bytes of its JSON. The API server cannot count them: CEL sees nothing of an object without a schema."""

OPEN = "x-kubernetes-preserve-unknown-fields"


def canonical(value: Mapping[str, Any] | None) -> str:
    """Return the one text of a JSON object, so that equal objects are equal texts; None is {}."""
    return json.dumps(value or {}, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(canonical(value).encode())
    except (ValueError, TypeError, RecursionError):
        raise _broken("is no JSON object: use texts, numbers, true, false, null, lists and mappings only") from None
    if size > LARGEST:
        raise _broken(f"is {size} bytes of JSON: give at most {LARGEST} (8 KiB)")
    return value


def _broken(sentence: str) -> PydanticCustomError:
    return PydanticCustomError(BROKEN, "{sentence}", {"sentence": sentence})


class _Open:
    """An object of which the API server keeps every field."""

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "object", OPEN: True}


JsonObject = Annotated[dict[str, Any], AfterValidator(_checked), _Open]
