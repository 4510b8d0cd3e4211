"""Where credentials come from, and what no environment may change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts import __version__
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import Answer, CannedServer

if TYPE_CHECKING:
    from pathlib import Path

    from devenv.aws.client import Emulator
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.conftest import Connect

HERE = "eu-west-1"
LIVE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor").alias("live")


@pytest.fixture
def web_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What EKS gives a pod whose service account is annotated with a role."""
    (tmp_path / "token").write_text("a-token")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/sfn-rollouts")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def test_no_credentials_are_denied_with_the_three_ways(bare_environment: None, connected: Connect) -> None:
    with pytest.raises(Denied) as refusal:
        connected().credential_source()
    for way in ("eks.amazonaws.com/role-arn", "Pod Identity", "AWS_PROFILE"):
        assert way in refusal.value.why


def test_a_profile_that_does_not_exist_is_named(
    bare_environment: None, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    with pytest.raises(Denied, match="ProfileNotFound profile=prod"):
        connected().credential_source()


def test_half_of_the_keys_is_named(bare_environment: None, connected: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(Denied, match="PartialCredentialsError provider=env cred_var=AWS_SECRET_ACCESS_KEY"):
        connected().credential_source()


def test_keys_from_the_environment(canned: CannedServer, connected: Connect) -> None:
    assert connected().credential_source() == "env"
    assert canned.requests == []


def test_irsa_is_found_without_asking_sts(canned: CannedServer, web_identity: None, connected: Connect) -> None:
    assert connected().credential_source() == "assume-role-with-web-identity"
    assert canned.requests == []


def test_irsa_works(emulator: Emulator, alias: AliasArn, web_identity: None, connected: Connect) -> None:
    assert connected().router.read(alias, Urgency.FORWARD) is not None


def test_a_role_that_does_not_trust_the_operator(canned: CannedServer, web_identity: None, connected: Connect) -> None:
    error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>hunter2</Message></Error></ErrorResponse>"
    canned.say(Answer(403, error, (("Content-Type", "text/xml"),)))
    with pytest.raises(Denied) as refusal:
        connected().router.shift(LIVE, Routing.whole(1), Urgency.FORWARD)
    assert refusal.value.why.startswith("AssumeRoleWithWebIdentity was denied, so the operator has no credentials")
    assert "trust policy" in refusal.value.why
    assert "hunter2" not in refusal.value.why


def test_pod_identity(
    bare_environment: None, emulator: Emulator, alias: AliasArn, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"AccessKeyId": "AKIA", "SecretAccessKey": "x", "Token": "y", "Expiration": "2099-01-01T00:00:00Z"}
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with CannedServer(Answer(body=json.dumps(keys))) as agent:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{agent.url}/v1/credentials")
        aws = connected()
        assert aws.credential_source() == "container-role"
        assert aws.router.read(alias, Urgency.FORWARD) is not None


def test_no_environment_changes_attempts_or_time_outs(
    canned: CannedServer, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"MAX_ATTEMPTS": "9", "RETRY_MODE": "adaptive", "DEFAULTS_MODE": "mobile"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    clients = connected(workers=12).clients
    configs = [clients.reader(HERE), clients.watcher(HERE), clients.writer(HERE)]
    for client in configs:
        config = client.meta.config
        assert config.retries == {"mode": "standard", "total_max_attempts": 1}
        assert (config.connect_timeout, config.read_timeout) == (2, 5)
        assert config.max_pool_connections == 12
        assert config.tcp_keepalive


def test_the_operator_says_who_it_is(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer(body='{"updateDate": 1.0}'))
    connected().router.shift(LIVE, Routing.whole(1), Urgency.FORWARD)
    assert f"sfn-rollouts/{__version__}" in canned.requests[0][1]["user-agent"]


def test_clients_are_kept_for_each_region(canned: CannedServer, connected: Connect) -> None:
    clients = connected().clients
    elsewhere = "us-east-1"
    assert clients.writer(HERE) is clients.writer(HERE)
    assert clients.writer(HERE) is not clients.reader(HERE)
    assert clients.writer(HERE) is not clients.writer(elsewhere)
    assert clients.writer(elsewhere).meta.region_name == "us-east-1"
