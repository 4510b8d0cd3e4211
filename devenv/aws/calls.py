"""One call as the emulator sees it, whatever protocol brought it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_IAM_PREFIXES = {"stepfunctions": "states"}


@dataclass(frozen=True)
class Call:
    """`service` is boto3's name where the emulator answers itself, else the signing name."""

    service: str
    operation: str
    params: dict[str, Any]
    account: str
    region: str

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
        """Whether an alias, alarm or machine is meant, by ARN or name; a machine's ARN covers its aliases."""
        return any(
            wanted == found or found.startswith(f"{wanted}:") or found.rsplit(":", 1)[-1] == wanted
            for found in self.identifiers()
        )

    def resource(self) -> str:
        """The ARN that an authorisation error names."""
        return next((text for text in self.identifiers() if text.startswith("arn:")), "*")
