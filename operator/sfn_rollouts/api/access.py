"""AWSAccess: which namespaces may move which state machines, and by which role. Written by the platform team."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.access_use import SessionTags
from sfn_rollouts.api.base import ApiModel, StatusModel
from sfn_rollouts.api.dns_names import LONGEST_LABEL
from sfn_rollouts.api.names import MACHINE_NAME_CHARACTER, AnyAliasName, matches
from sfn_rollouts.api.rules import ListType, Rule, Shown, at_least_one, cel_text
from sfn_rollouts.api.status import Condition
from sfn_rollouts.api.times import Time

ACCESS_KIND, ACCESS_PLURAL, ACCESS_SHORT_NAME = "AWSAccess", "awsaccesses", "awsaccess"

# That a text is empty is minLength's to say, so each pattern takes an empty one.
# Parts of an ARN: all of it, or its beginning and a `*`.
_PARTITION = r"(aws[a-z-]*|aws[a-z-]*\*|\*)"
_REGION = r"([a-z0-9-]+|[a-z0-9-]*\*)"
_ACCOUNT = r"([0-9]{12}|[0-9]{0,11}\*)"
_NAME = rf"({MACHINE_NAME_CHARACTER}{{1,80}}|{MACHINE_NAME_CHARACTER}{{0,80}}\*)"
_BARE_PATTERN = rf"^(arn:{_PARTITION}:states:{_REGION}:{_ACCOUNT}:stateMachine:{_NAME})?$"
_QUALIFIED_PATTERN = rf"^arn:{_PARTITION}:states:{_REGION}:{_ACCOUNT}:stateMachine:{_NAME}:[^:]*$"
_STAR_WITHIN_A_PART = r"^.*\*[^:].*$"
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html: a path is printable ASCII between two slashes.
_ROLE = r"^(arn:aws[a-z-]*:iam::[0-9]{12}:role/([\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,64})?$"
_EXTERNAL_ID = r"^[\w+=,.@:\/-]*$"  # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_LABEL = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_LABEL_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LABEL_KEY = rf"^(([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?{_LABEL_WORD})?$"
_LABEL_VALUE = rf"^({_LABEL_WORD})?$"
_FORM = "arn:aws:states:REGION:ACCOUNT:stateMachine:NAME"

STAR_AT_AN_END = Rule(
    cel=f"!self.matches({cel_text(_STAR_WITHIN_A_PART)})",
    holds=lambda text: not matches(_STAR_WITHIN_A_PART, text),
    message="'{value}' has a '*' within a part: put it at the end of one, as in payments-*",
)
PATTERN_FORMAT = Rule(
    cel=f"self.matches({cel_text(_STAR_WITHIN_A_PART)}) || self.matches({cel_text(_QUALIFIED_PATTERN)}) || "
    f"self.matches({cel_text(_BARE_PATTERN)})",
    holds=lambda text: any(matches(each, text) for each in (_STAR_WITHIN_A_PART, _QUALIFIED_PATTERN, _BARE_PATTERN)),
    message=f"'{{value}}' is not the ARN of state machines: write {_FORM}; REGION, ACCOUNT and NAME may end in '*'",
)
PATTERN_WITHOUT_QUALIFIER = Rule(
    cel=f"self.matches({cel_text(_STAR_WITHIN_A_PART)}) || !self.matches({cel_text(_QUALIFIED_PATTERN)})",
    holds=lambda text: matches(_STAR_WITHIN_A_PART, text) or not matches(_QUALIFIED_PATTERN, text),
    message="'{value}' has a version or alias behind the name: name aliases in aliases, and write '{bare}' here",
    shows={"bare": Shown("self.substring(0, self.lastIndexOf(':'))", lambda text: text.rpartition(":")[0])},
)
ROLE_FORMAT = Rule(
    cel=f"self.matches({cel_text(_ROLE)})",
    holds=lambda text: matches(_ROLE, text),
    message="'{value}' is not the ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME, or leave it out for the "
    "operator's own identity",
)
EXTERNAL_ID_CHARACTERS = Rule(
    cel=f"self.matches({cel_text(_EXTERNAL_ID)})",
    holds=lambda text: matches(_EXTERNAL_ID, text),
    message="'{value}' is not an external id: use letters, digits, '_', '+', '=', ',', '.', '@', ':', '/' and '-' only",
)
NAMESPACE_NAME = Rule(
    cel=f"self.matches({cel_text(_LABEL)})",
    holds=lambda text: matches(_LABEL, text),
    message="'{value}' is not a name of a namespace: use lower-case letters, digits and '-', a letter or digit first "
    "and last",
)
LABEL_KEY = Rule(
    cel=f"self.matches({cel_text(_LABEL_KEY)})",
    holds=lambda text: matches(_LABEL_KEY, text),
    message="'{value}' is not a key of a label: write a name like team, or with a domain before it, example.com/team",
)
LABEL_VALUE = Rule(
    cel=f"self.matches({cel_text(_LABEL_VALUE)})",
    holds=lambda text: matches(_LABEL_VALUE, text),
    message="'{value}' is not a value of a label: use letters, digits, '-', '_' and '.' only, a letter or digit first "
    "and last",
)
_OPERATOR = {"operator": Shown("self.operator", lambda requirement: requirement.operator)}
VALUES_TO_COMPARE = Rule(
    cel="!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
    holds=lambda requirement: not requirement.operator.compares or bool(requirement.values),
    message="{operator} compares with values: give at least one",
    shows=_OPERATOR,
)
NO_VALUES_TO_COMPARE = Rule(
    cel="self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
    holds=lambda requirement: requirement.operator.compares or not requirement.values,
    message="{operator} compares with no value: leave values out, or write In or NotIn",
    shows=_OPERATOR,
)
EXTERNAL_ID_FOR_A_ROLE = Rule(
    cel="!has(self.externalId) || has(self.roleArn)",
    holds=lambda spec: not spec.external_id or bool(spec.role_arn),
    message="externalId is sent where a role is assumed, and there is no roleArn: give one, or leave externalId out",
)
SESSION_TAGS_FOR_A_ROLE = Rule(
    cel="self.sessionTags == 'None' || has(self.roleArn)",
    holds=lambda spec: spec.session_tags is SessionTags.NONE or bool(spec.role_arn),
    message="sessionTags are given to the session of a role, and there is no roleArn: give one, or write None",
)

MachinePattern = Annotated[
    str, Field(min_length=1, max_length=256), PATTERN_FORMAT, STAR_AT_AN_END, PATTERN_WITHOUT_QUALIFIER
]
"""ARN of a state machine in which each of its parts may end in `*`, and so stand for all that begin so."""
NamespaceName = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL), NAMESPACE_NAME]
LabelValue = Annotated[str, Field(max_length=LONGEST_LABEL)]
RoleArn = Annotated[str, Field(min_length=1, max_length=2048), ROLE_FORMAT]
ExternalId = Annotated[str, Field(min_length=2, max_length=1224), EXTERNAL_ID_CHARACTERS]


class Operator(StrEnum):
    """How a label is compared, as in every Kubernetes selector."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"

    @property
    def compares(self) -> bool:
        """It needs values; the others must have none."""
        return self in (Operator.IN, Operator.NOT_IN)


class Requirement(ApiModel):
    """One condition on a label."""

    rules = (VALUES_TO_COMPARE, NO_VALUES_TO_COMPARE)

    key: Annotated[str, Field(min_length=1, max_length=317), LABEL_KEY] = Field(description="Key of the label.")
    operator: Operator = Field(
        description="In and NotIn compare its value with values; a namespace without the label is NotIn. Exists and "
        "DoesNotExist look for the label alone."
    )
    values: Annotated[tuple[Annotated[LabelValue, LABEL_VALUE], ...], Field(max_length=50), ListType("atomic")] = Field(
        default=(), description="For In and NotIn, 1 to 50; for Exists and DoesNotExist none."
    )


class Selector(ApiModel):
    """Labels of a namespace. An empty object selects every namespace, as in Kubernetes."""

    match_labels: Annotated[dict[str, LabelValue], Field(max_length=50)] = Field(
        default={}, description="Labels that a namespace must have, with these values, up to 50."
    )
    match_expressions: Annotated[tuple[Requirement, ...], Field(max_length=20), ListType("atomic")] = Field(
        default=(), description="Conditions that all must hold, up to 20."
    )


class Namespaces(ApiModel):
    """Whose rollouts: names, a selector, or both; where both are given, both must hold."""

    rules = (at_least_one("namespaces", "names", "selector"),)

    names: Annotated[tuple[NamespaceName, ...], Field(min_length=1, max_length=200), ListType("set")] | None = Field(
        default=None, description="Names of namespaces, 1 to 200."
    )
    selector: Selector | None = Field(
        default=None,
        description="Labels of namespaces, as in every Kubernetes selector. Whoever may label a namespace may make it "
        "one of these; the label kubernetes.io/metadata.name is the API server's own.",
    )


class AccessSpec(ApiModel):
    """Which rollouts may move which state machines, and by which role."""

    rules = (EXTERNAL_ID_FOR_A_ROLE, SESSION_TAGS_FOR_A_ROLE)

    namespaces: Namespaces = Field(
        description="Whose rollouts: give names, selector or both; where both are given, both must hold."
    )
    state_machines: Annotated[tuple[MachinePattern, ...], Field(min_length=1, max_length=50), ListType("set")] = Field(
        description="ARNs of state machines, 1 to 50. Partition, region, account and name may each end in '*', which "
        "stands for any further characters of that part."
    )
    aliases: Annotated[tuple[AnyAliasName, ...], Field(max_length=50), ListType("set")] = Field(
        default=(), description="Names of aliases, up to 50. Left out or empty: any."
    )
    role_arn: RoleArn = Field(
        default="",
        description="ARN of the role that is assumed for these rollouts. Left out: the operator's own identity.",
    )
    external_id: ExternalId = Field(
        default="", description="External id that the role's trust policy asks for. Not a secret."
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
