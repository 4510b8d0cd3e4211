"""The emulator for its own tests, and the recorded answers of AWS that it is held to."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from devenv.aws.server import AwsEmulator
from tests.devenv.aws.accounts import Accounts
from tests.devenv.aws.world import T0, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devenv.aws.client import Emulator

ROLE = "arn:aws:iam::123456789012:role/state-machine"
RECORDINGS = Path(
    os.environ.get("SFN_ROLLOUTS_AWS_RECORDINGS")
    or Path(__file__).resolve().parents[3].parent / "shared" / "aws-recordings"
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(autouse=True)
def _no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto makes sessions of its own, which would fail on a profile that does not exist."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def aws() -> Iterator[Emulator]:
    with AwsEmulator(seed=1) as emulator:
        yield emulator.client


@pytest.fixture
def sfn(aws: Emulator) -> Any:
    return aws.boto3_client("stepfunctions")


@pytest.fixture
def cloudwatch(aws: Emulator) -> Any:
    return aws.boto3_client("cloudwatch")


@pytest.fixture
def machine(aws: Emulator) -> str:
    """A state machine with versions 1 and 2."""
    return aws.publish_machine("Orders")


@pytest.fixture
def alias(aws: Emulator, machine: str) -> str:
    """`live`, all on version 1."""
    return aws.create_alias(machine, "live", {1: 100})


@pytest.fixture
def world() -> Iterator[World]:
    now: list[World] = []
    with AwsEmulator(clock=lambda: now[0].now if now else T0, seed=1) as emulator:
        now.append(World(emulator))
        yield now[0]


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    now: list[Accounts] = []
    with AwsEmulator(clock=lambda: now[0].now if now else T0, seed=1) as emulator:
        now.append(Accounts(emulator))
        yield now[0]


class Refused:
    """Calls that must fail: `refused(call, **params)` is (code, message)."""

    def __call__(self, call: Callable[..., Any], **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture
def refused() -> Refused:
    return Refused()


class Replay:
    """Collects answers under the recording's labels, normalised to the placeholders of the recordings:

    - `ResponseMetadata` keeps HTTPStatusCode alone, with empty HTTPHeaders: no request ids, dates, retries;
    - every datetime becomes "datetime";
    - partition, region, account, machine name, execution name and role become the recordings' placeholders;
    - each revision id becomes <uuid:n> in the order in which they appear, and a page token <next-token:1>;
    - a definition is parsed, because its text's whitespace means nothing.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        self.answers: dict[str, Any] = {}
        self.names: dict[str, str] = {ROLE: "snf_role_arn", "123456789012": "111111111111"}
        self.names |= {"eu-west-1": "<region>", "arn:aws:": "arn:<partition>:"}

    def mask(self, text: str, placeholder: str) -> None:
        self.names = {text: placeholder} | self.names

    def answer(self, label: str, operation: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.client, operation)(**params)
        self.answers[label] = answer
        return answer

    def error(self, label: str, shape: str, operation: str, **params: Any) -> None:
        """The recordings hold errors in three shapes: `exception` (type and text), `response`, or the bare `text`."""
        with pytest.raises((ClientError, ParamValidationError)) as caught:
            getattr(self.client, operation)(**params)
        error = caught.value
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        self.answers[label] = {
            "exception": lambda: {"exception_typename": code, "exception_value": str(error)},
            "response": lambda: error.response,
            "text": lambda: str(error),
        }[shape]()

    def normalised(self) -> dict[str, Any]:
        self._number_ids()
        return {label: self._value(answer) for label, answer in self.answers.items()}

    def _number_ids(self) -> None:
        found = UUID.findall(json.dumps(self.answers, default=str))
        revisions = dict.fromkeys(found_id for found_id in found if self._is_revision(found_id))
        for number, revision in enumerate(revisions, start=1):
            self.mask(revision, f"<uuid:{number}>")

    def _is_revision(self, found_id: str) -> bool:
        request_ids = {answer["ResponseMetadata"]["RequestId"] for answer in self.answers.values() if _has_id(answer)}
        return found_id not in request_ids and found_id not in self.names

    def _value(self, value: Any, key: str = "") -> Any:
        if key == "ResponseMetadata":
            return {"HTTPHeaders": {}, "HTTPStatusCode": value["HTTPStatusCode"]}
        if isinstance(value, datetime):
            return "datetime"
        if isinstance(value, dict):
            return {name: self._value(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return self._text(value, key) if isinstance(value, str) else value

    def _text(self, text: str, key: str) -> Any:
        if key == "definition":
            return json.loads(text)
        if key == "nextToken":
            return "<next-token:1>"
        for found, placeholder in self.names.items():
            text = text.replace(found, placeholder)
        return text


def _has_id(answer: Any) -> bool:
    return isinstance(answer, dict) and "RequestId" in answer.get("ResponseMetadata", {})


@pytest.fixture
def replay(aws: Emulator) -> Replay:
    # Three attempts, boto3's default: with one, botocore adds "(reached max retries: 0)" to each error's text.
    return Replay(aws.boto3_client("stepfunctions", attempts=3))


@pytest.fixture
def recorded() -> Callable[[str], dict[str, Any]]:
    """The scenarios of one recording, each as {label: answer}."""

    def read(name: str) -> dict[str, Any]:
        path = RECORDINGS / name
        if not path.is_file():
            pytest.skip(f"no recorded answers of AWS: neither SFN_ROLLOUTS_AWS_RECORDINGS nor {RECORDINGS} has {name}")
        return {scenario: entry["recorded-content"] for scenario, entry in json.loads(path.read_text()).items()}

    return read
