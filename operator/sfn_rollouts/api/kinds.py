"""The kinds of resources that the product brings: how each is named and shown, and which models it is made of."""

from dataclasses import dataclass
from typing import Literal

from sfn_rollouts.api import GROUP, KIND, PLURAL, SHORT_NAMES, VERSION
from sfn_rollouts.api.access import ACCESS_KIND, ACCESS_PLURAL, ACCESS_SHORT_NAME, AccessSpec, AccessStatus
from sfn_rollouts.api.base import ApiModel, StatusModel
from sfn_rollouts.api.spec import Spec
from sfn_rollouts.api.status import Status

API_VERSION = f"{GROUP}/{VERSION}"
_READY = '.status.conditions[?(@.type=="Ready")]'


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; a wide one is shown with `-o wide` only."""

    name: str
    type: Literal["string", "integer", "date"]
    path: str
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource. `noun` is what a sentence calls one; `needs` names the fields that its spec must have."""

    name: str
    plural: str
    short_names: tuple[str, ...]
    scope: Literal["Namespaced", "Cluster"]
    noun: str
    needs: str
    description: str
    spec: type[ApiModel]
    status: type[StatusModel]
    columns: tuple[Column, ...]

    @property
    def crd_name(self) -> str:
        """Name of its CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"

    @property
    def is_namespaced(self) -> bool:
        """Its resources are in namespaces."""
        return self.scope == "Namespaced"


ROLLOUT = Kind(
    name=KIND,
    plural=PLURAL,
    short_names=SHORT_NAMES,
    scope="Namespaced",
    noun="rollout",
    needs="stateMachineArn, alias, version and strategy",
    description="StepFunctionRollout names a state machine, an alias and the version that the alias should serve. The "
    "operator moves the alias there step by step, watches CloudWatch alarms, and goes back at once when one fires.",
    spec=Spec,
    status=Status,
    columns=(
        Column("Phase", "string", ".status.phase"),
        Column("Step", "string", ".status.step"),
        Column("Weight", "integer", ".status.weight"),
        Column("Target", "integer", ".status.targetVersion"),
        Column("Stable", "integer", ".status.stableVersion"),
        Column("Alarm", "string", ".status.alarm"),
        Column("Ready", "string", f"{_READY}.status"),
        Column("Age", "date", ".metadata.creationTimestamp"),
        Column("State-Machine", "string", ".spec.stateMachineArn", is_wide=True),
        Column("Alias", "string", ".spec.alias", is_wide=True),
        Column("Reason", "string", f"{_READY}.reason", is_wide=True),
        # A string: as a date kubectl would print an age, and the age of something to come is "<invalid>".
        Column("Next", "string", ".status.nextActionAt", is_wide=True),
        Column("Message", "string", ".status.message", is_wide=True),
    ),
)
ACCESS = Kind(
    name=ACCESS_KIND,
    plural=ACCESS_PLURAL,
    short_names=(ACCESS_SHORT_NAME,),
    scope="Cluster",
    noun="access",
    needs="namespaces and stateMachines",
    description="AWSAccess says which namespaces may move which aliases of which state machines, and by which role. "
    "Once a cluster has one, a rollout needs exactly one that matches it.",
    spec=AccessSpec,
    status=AccessStatus,
    columns=(
        Column("Ready", "string", f"{_READY}.status"),
        Column("Account", "string", ".status.account"),
        Column("Rollouts", "integer", ".status.rollouts"),
        Column("Age", "date", ".metadata.creationTimestamp"),
        Column("Role", "string", ".spec.roleArn", is_wide=True),
        Column("Reason", "string", f"{_READY}.reason", is_wide=True),
        Column("Message", "string", f"{_READY}.message", is_wide=True),
    ),
)
KINDS = (ROLLOUT, ACCESS)
