"""Credentials that cannot be fetched while the operator runs: it says which and where, holds, and goes on by itself."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devenv.aws.client import Emulator
from devenv.control_plane import ControlPlane
from devenv.operator_process import OperatorProcess
from tests.e2e.cluster import Cluster
from tests.e2e.story import QUICK_PATH, SLOW_STEPS, STALLED, Story, set_the_scene, split, verdict
from tests.e2e.traces import defects

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}


class Helper:
    """A credential_process, whose answer a test writes."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "helper.py"
        self.config = folder / "config"
        self.config.write_text(f"[default]\ncredential_process = {sys.executable} {self._program}\n")

    def gives_keys(self, lifetime_s: float) -> None:
        """With less than 10 minutes botocore renews them before each call."""
        end = (datetime.now(UTC) + timedelta(seconds=lifetime_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "x", "SessionToken": "t", "Expiration": end}
        self._write(f"print({json.dumps(json.dumps(keys))})")

    def fails(self) -> None:
        self._write("import sys\nsys.exit('the certificate has expired: hunter2')")

    def _write(self, program: str) -> None:
        """In one go: the operator may run it at any moment."""
        fresh = self._program.with_suffix(".new")
        fresh.write_text(program)
        fresh.replace(self._program)


@pytest.fixture
def helper(tmp_path: Path) -> Helper:
    return Helper(tmp_path)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """Where the token of IRSA is to be; it is not there yet."""
    return tmp_path / "token"


@pytest.fixture
def operator(
    request: pytest.FixtureRequest,
    control_plane: ControlPlane,
    crds_installed: None,
    namespace: str,
    aws: Emulator,
    helper: Helper,
    token: Path,
) -> Iterator[OperatorProcess]:
    """By IRSA, or by the helper where the test is marked so."""
    irsa = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": str(token)}
    by_helper = {"AWS_CONFIG_FILE": str(helper.config)}
    environment = NO_KEYS | (irsa if "irsa" in request.node.name else by_helper)
    helper.gives_keys(lifetime_s=300)
    with OperatorProcess(control_plane, aws, namespaces=[namespace], environment=environment) as process:
        yield process
        print(process.last_log_lines(100))
        assert not defects(process.log_lines())
        assert "hunter2" not in process.log_path.read_text()


@pytest.fixture
def story(cluster: Cluster, namespace: str, aws: Emulator, operator: OperatorProcess) -> Story:
    return set_the_scene(cluster, namespace, aws, operator)


def test_irsa_without_its_token_is_reported_with_the_file_and_tried_again(story: Story, token: Path) -> None:
    story.apply(version=2)

    status = story.wait_for_reason("AccessDenied")

    assert (status["phase"], verdict(status)) == ("Failed", STALLED)
    assert f"AWS_WEB_IDENTITY_TOKEN_FILE={token}: {token}: No such file or directory" in status["message"]
    assert "defect" not in status["message"]
    token.write_text("a-token")
    story.wait_for_phase("Succeeded")
    assert story.routings() == QUICK_PATH


def test_a_helper_that_fails_in_flight_holds_the_split_and_lets_it_go_on(story: Story, helper: Helper) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    helper.fails()
    story.wait_for(lambda status: status["alarm"] == "UNKNOWN", "the alarms to be out of sight")
    story.send("promote")
    status = story.wait_for(lambda status: verdict(status) == STALLED, "the step to be held")

    assert status["phase"] == "Progressing"
    assert "the credential_process of the profile: CredentialRetrievalError" in status["message"]
    assert story.routing() == split(1, 2, 10)
    helper.gives_keys(lifetime_s=3600)
    story.wait_for_weight(50)


def test_a_helper_that_comes_back_lets_the_rollback_through(story: Story, helper: Helper, aws: Emulator) -> None:
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)

    helper.fails()
    story.wait_for(lambda status: status["alarm"] == "UNKNOWN", "the alarms to be out of sight")
    story.send("abort")
    status = story.wait_for_reason("RollbackFailed")

    assert "the credential_process of the profile: CredentialRetrievalError" in status["message"]
    helper.gives_keys(lifetime_s=3600)
    story.wait_for_phase("RolledBack")
