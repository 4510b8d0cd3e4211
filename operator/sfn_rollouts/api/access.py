"""AWSAccess: which namespaces may move which state machines, and by which role. Written by the platform team."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.base import ApiModel, StatusModel
from sfn_rollouts.api.names import AnyAliasName
from sfn_rollouts.api.rules import ListType, at_least_one
from sfn_rollouts.api.status import Condition
from sfn_rollouts.api.times import Time

ACCESS_KIND, ACCESS_PLURAL, ACCESS_SHORT_NAME = "AWSAccess", "awsaccesses", "awsaccess"

MachinePattern = Annotated[str, Field(min_length=1, max_length=256)]
"""ARN of a state machine in which each part may end with `*`."""


class Operator(StrEnum):
    """How a label is compared, as in every Kubernetes selector."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Requirement(ApiModel):
    """One condition on a label."""

    key: str = Field(min_length=1, max_length=317, description="Key of the label.")
    operator: Operator = Field(description="In, NotIn, Exists or DoesNotExist.")
    values: Annotated[tuple[str, ...], Field(max_length=50), ListType("atomic")] = Field(
        default=(), description="For In and NotIn: at least one."
    )


class Selector(ApiModel):
    """Labels of a namespace. An empty object selects every namespace, as in Kubernetes."""

    match_labels: dict[str, str] = Field(default={}, description="Labels that a namespace must have.")
    match_expressions: Annotated[tuple[Requirement, ...], Field(max_length=50), ListType("atomic")] = Field(
        default=(), description="Conditions that all must hold."
    )


class Namespaces(ApiModel):
    """Whose rollouts: names, a selector, or both; where both are given, both must hold."""

    rules = (at_least_one("namespaces", "names", "selector"),)

    names: Annotated[tuple[str, ...], Field(max_length=200), ListType("set")] | None = Field(
        default=None, description="Names of namespaces, up to 200."
    )
    selector: Selector | None = Field(default=None, description="Labels of namespaces.")


class SessionTags(StrEnum):
    """What a session of the role is tagged with."""

    NONE = "None"
    NAMESPACE = "Namespace"


class AccessSpec(ApiModel):
    """Which rollouts may move which state machines, and by which role."""

    namespaces: Namespaces = Field(description="Whose rollouts: give names, selector or both.")
    state_machines: Annotated[tuple[MachinePattern, ...], Field(min_length=1, max_length=50), ListType("set")] = Field(
        description="ARNs of state machines, 1 to 50; each part between colons may end with `*`."
    )
    aliases: Annotated[tuple[AnyAliasName, ...], Field(max_length=50), ListType("set")] = Field(
        default=(), description="Names of aliases, up to 50. Empty: any."
    )
    role_arn: str = Field(
        default="", max_length=2048, description="Role that is assumed. Left out: the operator's own identity."
    )
    external_id: str = Field(
        default="", max_length=1224, description="External id that the role's trust policy asks for. Not a secret."
    )
    session_tags: SessionTags = Field(
        default=SessionTags.NONE,
        description="Tags of each session. Namespace: sfnrollouts.dev/namespace and sfnrollouts.dev/rollout, for "
        "conditions on aws:PrincipalTag; the trust policy must allow sts:TagSession. None: no tags.",
    )


class AccessStatus(StatusModel):
    """What the operator found out about an access."""

    observed_generation: int = Field(default=-1, description="The generation of the spec that this is about.")
    conditions: Annotated[tuple[Condition, ...], Field(max_length=8), ListType("map", "type")] = Field(
        default=(), description="Ready: the role can be assumed, and its account is known."
    )
    account: str | None = Field(default=None, max_length=12, description="Account of the role's sessions.")
    rollouts: int = Field(default=0, ge=0, description="How many rollouts use it.")
    last_verified_at: Time | None = Field(default=None, description="When the role was last assumed for a check.")
