"""One call as the emulator sees it, whatever protocol brought it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devenv.aws.callers import Caller, user_of

_IAM_PREFIXES = {"stepfunctions": "states"}


def _names(identifier: str) -> set[str]:
    """What a person may call what an ARN or a name means."""
    last = identifier.rsplit(":", 1)[-1]
    function = identifier.partition(":function:")[2].partition(":")[0]
    role = identifier.rpartition("/")[2] if ":role/" in identifier else ""
    return {name for name in (identifier, last, function, role) if name}


@dataclass(frozen=True)
class Call:
    """`service` is boto3's name where the emulator answers itself, else the signing name. `by` is who made it; None for
    the user of the account."""

    service: str
    operation: str
    params: dict[str, Any]
    account: str
    region: str
    by: Caller | None = None

    @property
    def caller(self) -> Caller:
        return self.by or user_of(self.account)

    @property
    def action(self) -> str:
        """As IAM names it, such as states:UpdateStateMachineAlias."""
        return f"{_IAM_PREFIXES.get(self.service, self.service)}:{self.operation}"

    def identifiers(self) -> list[str]:
        """The names and ARNs among the parameters."""
        texts = [value for value in self.params.values() if isinstance(value, str)]
        lists = [value for value in self.params.values() if isinstance(value, list)]
        return texts + [item for value in lists for item in value if isinstance(item, str)]

    def concerns(self, wanted: str) -> bool:
        """Whether an alias, alarm, machine, function or role is meant, by ARN or name. The ARN of a machine covers its
        aliases, and a function's its versions; so does a function's name."""
        return any(found.startswith(f"{wanted}:") or wanted in _names(found) for found in self.identifiers())

    def resource(self) -> str:
        """The ARN that an authorisation error names."""
        return next((text for text in self.identifiers() if text.startswith("arn:")), "*")
