"""What all models share: camelCase outside, snake_case inside, frozen, and no field that nobody declared."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from sfn_rollouts.api.rules import Rule, with_rules


class ApiModel(BaseModel):
    """A frozen piece of the spec; an unknown field is an error, as it is at the API server.

    Rules over several fields stand in `rules`; a rule over one field is an annotation of that field.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        for rule in self.rules:
            rule.check(self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core_schema))
        return with_rules(schema, *cls.rules) if cls.rules else schema


class StatusModel(BaseModel):
    """A frozen piece of the status; unknown fields are ignored, so that an older operator survives a newer one."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    def with_(self, **changes: Any) -> Self:
        """Return a copy with these fields (snake_case) changed; the values are not validated again."""
        return self.model_copy(update=changes)

    def to_resource(self) -> dict[str, Any]:
        """Return it as the API server stores it: camelCase, times as RFC 3339, absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)
