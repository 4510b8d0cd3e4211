"""What all models share: camelCase outside, snake_case inside, frozen, and no field that nobody declared."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ApiModel(BaseModel):
    """A frozen piece of the spec; an unknown field is an error, as it is at the API server."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


class StatusModel(BaseModel):
    """A frozen piece of the status; unknown fields are passed over, so that an older operator survives a newer one."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")
