"""An emulator whose clock the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from devenv.aws.server import AwsEmulator

T0 = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


class World:
    """A machine of two versions and an alias all on 1."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self.aws: Emulator = emulator.client
        self.sfn: Any = self.aws.boto3_client("stepfunctions")
        self.machine = self.aws.publish_machine("Orders")
        self.alias = self.aws.create_alias(self.machine, "live", {1: 100})
        self.now = T0

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def described(self, arn: str) -> dict[str, Any]:
        """What tells how an execution went."""
        found = self.sfn.describe_execution(executionArn=arn)
        return {key: found[key] for key in ("status", "output", "error", "cause", "stopDate") if key in found}
