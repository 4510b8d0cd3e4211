"""ARNs of Step Functions, parsed once at the edge."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.aws.errors import invalid_arn


@dataclass(frozen=True)
class MachineArn:
    """A state machine's ARN; `qualifier` is the version number or the alias name behind it, if any."""

    partition: str
    region: str
    account: str
    name: str
    qualifier: str | None = None

    @property
    def version(self) -> int | None:
        return int(self.qualifier) if self.qualifier and self.qualifier.isdigit() else None

    @property
    def machine(self) -> str:
        """The ARN without its qualifier."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{self.name}"

    def __str__(self) -> str:
        return f"{self.machine}:{self.qualifier}" if self.qualifier else self.machine


def parse_machine_arn(text: str) -> MachineArn:
    """Raises InvalidArn with AWS's text. The text for a wrong resource type is not established for every operation."""
    parts = text.split(":")
    if parts[0] != "arn":
        raise invalid_arn(f"Invalid ARN prefix: {text}")
    if len(parts) not in (7, 8) or parts[2] != "states" or not all(parts):
        raise invalid_arn(f"Invalid ARN: {text}")
    if parts[5] != "stateMachine":
        raise invalid_arn(f"Resource type not valid in this context: {parts[5]}")
    return MachineArn(parts[1], parts[3], parts[4], parts[6], parts[7] if len(parts) == 8 else None)


def partition_of(region: str) -> str:
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((partition for prefix, partition in prefixes.items() if region.startswith(prefix)), "aws")
