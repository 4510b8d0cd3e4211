"""ARNs, parsed once at the edge; they never travel as bare strings."""

import re
from dataclasses import dataclass

_MACHINE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):states:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):stateMachine:(?P<name>[^:]{1,80})"
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One account in one region: what clients, quotas and the alarm board are kept for."""

    account: str
    region: str

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
        """Take `arn:P:states:R:A:stateMachine:NAME`.

        Raises:
            ValueError: no such ARN, or one with a version or alias behind it.
        """
        match = _MACHINE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not the ARN of a state machine without a version or alias")
        return cls(**match.groupdict())

    @property
    def place(self) -> Place:
        """Where it lives."""
        return Place(self.account, self.region)

    def version(self, number: int) -> str:
        """ARN of one of its versions, as AWS writes it."""
        return f"{self}:{number}"

    def alias(self, name: str) -> "AliasArn":
        """ARN of one of its aliases."""
        return AliasArn(self, name)

    def __str__(self) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class AliasArn:
    """ARN of an alias."""

    machine: StateMachineArn
    name: str

    def __str__(self) -> str:
        return f"{self.machine}:{self.name}"
