"""ARNs, and the shorter names that AWS takes in their place: one parser, which counts their parts from the front.

From the front, because a name may be any word: in `...:function:charge-function:7` whoever searches for "function:"
from the back finds the end of the name. Which accounts and regions exist, and which names AWS refuses, is not asked
here. The shapes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Arn:
    """Any ARN. `region` and `account` are empty where it has none; `resource` may hold further colons."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> "Arn":
        """Parse `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.

        Raises:
            ValueError: no ARN.
        """
        scheme, *parts = text.split(":", 5)
        if scheme != "arn" or len(parts) != 5 or not (parts[0] and parts[1] and parts[4]):
            raise ValueError(f"{text!r} is not an ARN")
        return cls(*parts)

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """One thing that AWS keeps in versions, as somebody names it; None is what the name does not tell.

    `qualifier` is what stands behind the name: a version's number, an alias, $LATEST, a revision. `label` is that of a
    Distributed Map inside a state machine. Without a `partition` it was named by less than an ARN.
    """

    name: str
    qualifier: str | None = None
    label: str | None = None
    partition: str | None = None
    region: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Nomenclature:
    """How AWS names one kind of resource: `...:SERVICE:REGION:ACCOUNT:TYPE{divider}NAME[/LABEL][:QUALIFIER]`."""

    service: str
    type: str
    divider: str
    has_short_names: bool = True
    """NAME[:QUALIFIER] stands for the whole ARN."""
    has_partial_arns: bool = False
    """[REGION:]ACCOUNT:TYPE:NAME[:QUALIFIER] does as well."""
    has_labels: bool = False

    def parse(self, text: str) -> Reference:
        """Parse an ARN, or what AWS takes in its place.

        Raises:
            ValueError: it names nothing of this kind.
        """
        if text.startswith("arn:") and text.count(":") >= 5:
            return self._of_arn(text)
        if not self.has_short_names:
            raise ValueError(f"{text!r} is not the ARN of a {self.type}")
        if self.has_partial_arns:
            match text.split(":", 3):
                case [account, self.type, name, *qualifier] if account:
                    return self._named(text, ":".join((name, *qualifier)), account=account)
                case [region, account, self.type, rest] if region and account:
                    return self._named(text, rest, region=region, account=account)
        return self._named(text, text)

    def format(self, reference: Reference) -> str:
        """Write it as it was named; `parse` gives it back."""
        label = f"/{reference.label}" if reference.label is not None else ""
        qualifier = f":{reference.qualifier}" if reference.qualifier is not None else ""
        named = f"{reference.name}{label}{qualifier}"
        place = [each for each in (reference.region, reference.account) if each is not None]
        if reference.partition is not None:
            return ":".join(("arn", reference.partition, self.service, *place, f"{self.type}{self.divider}{named}"))
        return ":".join((*place, self.type, named)) if place else named

    def _of_arn(self, text: str) -> Reference:
        arn = Arn.parse(text)
        kind, divider, rest = arn.resource.partition(self.divider)
        if (arn.service, kind, divider) != (self.service, self.type, self.divider):
            raise ValueError(f"{text!r} is not the ARN of a {self.type}")
        return self._named(text, rest, partition=arn.partition, region=arn.region, account=arn.account)

    def _named(self, text: str, rest: str, **place: str) -> Reference:
        full_name, colon, qualifier = rest.partition(":")
        name, slash, label = full_name.partition("/")
        is_complete = name and (qualifier or not colon) and (label or not slash)
        if not is_complete or ":" in qualifier or (slash and not self.has_labels):
            raise ValueError(f"{text!r} is not a name of a {self.type}")
        return Reference(name, qualifier or None, label or None, **place)


FUNCTION = Nomenclature("lambda", "function", ":", has_partial_arns=True)
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
STATE_MACHINE = Nomenclature("states", "stateMachine", ":", has_short_names=False, has_labels=True)
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""
TASK_DEFINITION = Nomenclature("ecs", "task-definition", "/")
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
JOB_DEFINITION = Nomenclature("batch", "job-definition", "/")
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html"""
