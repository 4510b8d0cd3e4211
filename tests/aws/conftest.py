"""Real boto3 over loopback: the emulator for what AWS does, a canned server for what it should never say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from devenv.aws.server import AwsEmulator
from sfn_rollouts.aws.connection import Aws, connect
from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn
from tests.aws.doubles import CannedServer, HandClock, RecordingMeter

if TYPE_CHECKING:
    from devenv.aws.client import Emulator

Connect = Callable[..., Aws]


@pytest.fixture(scope="session")
def _emulator() -> Iterator[AwsEmulator]:
    with AwsEmulator() as emulator:
        yield emulator


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No AWS settings but those of the test, whatever the developer's shell has."""
    nowhere = tmp_path_factory.mktemp("no-aws")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def emulator(_emulator: AwsEmulator, bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An empty AWS without faults, at which the environment points."""
    client = _emulator.client
    for name, value in client.environment().items():
        monkeypatch.setenv(name, value)
    client.reset()
    yield client
    client.clear_faults()


@pytest.fixture
def canned(bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[CannedServer]:
    """A server that answers as it is set, at which the environment points, with keys."""
    with CannedServer() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        yield server


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def meter() -> RecordingMeter:
    return RecordingMeter()


@pytest.fixture
def connected(clock: HandClock, meter: RecordingMeter) -> Iterator[Connect]:
    """Connect to where the environment points, when the test has finished setting it."""
    opened: list[Aws] = []

    def open_one(workers: int = 4, answer_timeout_s: float = 5, **more: Any) -> Aws:
        opened.append(connect(clock, meter, workers, answer_timeout_s, **more))
        return opened[-1]

    yield open_one
    for aws in opened:
        aws.close()


@pytest.fixture
def aws(emulator: Emulator, connected: Connect) -> Aws:
    """The adapters, connected to the emulator."""
    return connected()


@pytest.fixture
def machine(emulator: Emulator) -> StateMachineArn:
    """A state machine with versions 1 and 2."""
    return StateMachineArn.parse(emulator.publish_machine("OrderProcessor"))


@pytest.fixture
def alias(emulator: Emulator, machine: StateMachineArn) -> AliasArn:
    """Its alias `live`, all on version 1."""
    emulator.create_alias(str(machine), "live", {1: 100})
    return machine.alias("live")
