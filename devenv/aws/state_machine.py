"""What a state machine is: its current revision, the versions made of it, and how an ARN finds it. No operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devenv.aws.arns import MachineArn, parse_machine_arn
from devenv.aws.errors import AwsError, kms_access_denied, machine_does_not_exist

if TYPE_CHECKING:
    from datetime import datetime

    from devenv.aws.aliases import Alias
    from devenv.aws.region import Fields, Params, Region


@dataclass(frozen=True)
class Revision:
    """What a version pins. `id` is None for the INITIAL revision; `settings` are the fields as AWS names them."""

    id: str | None
    settings: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class Version:
    number: int
    revision: Revision
    description: str | None
    created: datetime


@dataclass
class Machine:
    """`published` is the highest number ever given out: numbers are never used again (recorded)."""

    arn: str
    name: str
    type: str
    created: datetime
    revision: Revision
    created_with: dict[str, Any]
    versions: dict[int, Version] = field(default_factory=dict)
    published: int = 0
    aliases: dict[str, Alias] = field(default_factory=dict)

    def version_arn(self, number: int) -> str:
        return f"{self.arn}:{number}"


def find(region: Region, arn: MachineArn) -> Machine | None:
    """The machine of a qualified or plain ARN, as far as this account and region can see it."""
    return region.machines.get(arn.machine)


def require(region: Region, arn: MachineArn) -> Machine:
    if machine := find(region, arn):
        return machine
    raise machine_does_not_exist(str(arn))


def require_unqualified(region: Region, text: str) -> Machine:
    """For operations that take no version: its ARN "does not exist" for them (recorded for UpdateStateMachine)."""
    arn = parse_machine_arn(text)
    if arn.qualifier is not None:
        raise machine_does_not_exist(text)
    return require(region, arn)


def shown_settings(region: Region, revision: Revision, params: Params) -> Fields:
    """A revision's settings as the describe operations show them. With includedData METADATA_ONLY the definition is
    `{}` and no key is needed (API reference). Raises KmsAccessDeniedException."""
    if params.get("includedData") == "METADATA_ONLY":
        return revision.settings | {"definition": "{}"}
    require_key(region, revision)
    return revision.settings


def require_key(region: Region, revision: Revision) -> None:
    """Raises KmsAccessDeniedException where the caller may not use the key that encrypts a revision."""
    key = revision.settings.get("encryptionConfiguration", {}).get("kmsKeyId")
    if key in region.denied_keys:
        raise kms_access_denied(region.caller.arn, key)


def require_type(machine: Machine, wanted: str) -> None:
    """STANDARD or EXPRESS. The text is not established."""
    if machine.type != wanted:
        text = "This operation is not supported by this type of state machine"
        raise AwsError("StateMachineTypeNotSupported", text)


def invalid_token() -> AwsError:
    return AwsError("InvalidToken", "Invalid Token: 'Invalid token'")
