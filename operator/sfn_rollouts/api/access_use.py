"""The access under which a rollout goes on, as its status remembers it."""

from enum import StrEnum

from pydantic import Field

from sfn_rollouts.api.base import StatusModel


class SessionTags(StrEnum):
    """What a session of the role is tagged with."""

    NONE = "None"
    NAMESPACE = "Namespace"


class AccessUse(StatusModel):
    """An AWSAccess as it was when it last granted this rollout: enough to go back by, should it be gone since."""

    name: str = Field(max_length=253, description="Name of the AWSAccess.")
    role_arn: str = Field(
        default="", max_length=2048, description="Role that is assumed; empty: the operator's own identity."
    )
    external_id: str = Field(default="", max_length=1224, description="External id that the role is assumed with.")
    session_tags: SessionTags = Field(default=SessionTags.NONE, description="Tags of its sessions.")
