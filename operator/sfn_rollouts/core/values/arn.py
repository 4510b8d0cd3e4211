"""ARNs, parsed once at the edge; they never travel as bare strings."""

import re
from dataclasses import dataclass

from sfn_rollouts.arns import STATE_MACHINE
from sfn_rollouts.core.values.identity import OWN, Identity

_PLACE = re.compile(r"aws[a-z-]*:[a-z0-9-]+:[0-9]{12}")
_NUMBER = re.compile(r"[0-9]+")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One account in one region, seen by one identity: what lanes, breakers and the alarm board are kept for.

    AWS counts quotas for account and region, whoever calls.
    """

    account: str
    region: str
    identity: Identity = OWN

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True, order=True)
class StateMachineArn:
    """ARN of a state machine without a qualifier."""

    partition: str
    region: str
    account: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "StateMachineArn":
        """Parse `arn:P:states:R:A:stateMachine:NAME`.

        Raises:
            ValueError: no such ARN, or one with a version or alias behind it.
        """
        problem = ValueError(f"{text!r} is not the ARN of a state machine without a version or alias")
        try:
            found = STATE_MACHINE.parse(text)
        except ValueError:
            raise problem from None
        place = found.partition or "", found.region or "", found.account or ""
        machine = cls(*place, found.name)
        if str(machine) != text or not _PLACE.fullmatch(":".join(place)) or len(found.name) > _LONGEST_NAME:
            raise problem
        return machine

    @property
    def place(self) -> Place:
        """Where it lives, seen by the operator's own identity."""
        return Place(self.account, self.region)

    def version(self, number: int) -> str:
        """ARN of one of its versions, as AWS writes it."""
        return f"{self}:{number}"

    def alias(self, name: str) -> "AliasArn":
        """ARN of one of its aliases."""
        return AliasArn(self, name)

    def execution(self, name: str) -> str:
        """ARN of one of its executions; those of an Express machine have others."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:execution:{self.name}:{name}"

    def __str__(self) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class AliasArn:
    """ARN of an alias."""

    machine: StateMachineArn
    name: str

    def __str__(self) -> str:
        return f"{self.machine}:{self.name}"


def version_number(version_arn: str) -> int:
    """Return the number in the ARN of a version of a state machine.

    Raises:
        ValueError: it is the ARN of something else.
    """
    qualifier = STATE_MACHINE.parse(version_arn).qualifier or ""
    if not _NUMBER.fullmatch(qualifier):
        raise ValueError(f"{version_arn!r} is not the ARN of a version of a state machine")
    return int(qualifier)
