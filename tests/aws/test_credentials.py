"""Credentials that cannot be fetched: what the start, a call and a person at a terminal see, at all four moments.

Each row is what an environment may hold. Whatever botocore raises for it, one sentence comes out: no traceback, no
"report it as a defect", none of the words that a credential helper printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws.definitions import UserStepFunctions
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import Answer, CannedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devenv.aws.client import Emulator
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.conftest import Connect
    from tests.aws.doubles import RecordingMeter

MACHINE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor")
LIVE = MACHINE.alias("live")
SECRET = "hunter2"
ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\n"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}
IRSA = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/sfn-rollouts", "AWS_REGION": "eu-west-1"}


def sts(code: str, status: int = 400) -> Answer:
    """A refusal of STS, which speaks XML."""
    error = f"<ErrorResponse><Error><Code>{code}</Code><Message>{SECRET}</Message></Error>"
    error += "<RequestId>0a1b2c3d</RequestId></ErrorResponse>"
    return Answer(status, error, (("Content-Type", "text/xml"),))


def keys(**changes: object) -> str:
    """What a good helper prints, with changes; None leaves a key out."""
    whole = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": SECRET, "SessionToken": "t", **changes}
    return json.dumps({name: value for name, value in whole.items() if value is not None})


@dataclass(frozen=True)
class Trouble:
    """`words` are shown everywhere; `{}` in config and environment: the test's folder. `kind`: what a call becomes."""

    words: str
    config: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    printed: str | None = None  # by a credential_process
    kind: type[PortError] = Denied
    agent: Answer | None = None


TROUBLES = {
    # -- IRSA --
    "the token of IRSA is not there": Trouble(
        "AWS_WEB_IDENTITY_TOKEN_FILE={}/token: {}/token: No such file or directory",
        environment={**IRSA, "AWS_WEB_IDENTITY_TOKEN_FILE": "{}/token"},
    ),
    "the token of IRSA is a folder": Trouble(
        "{}: Is a directory", environment={**IRSA, "AWS_WEB_IDENTITY_TOKEN_FILE": "{}"}
    ),
    "the token of IRSA is empty": Trouble(
        "AWS_WEB_IDENTITY_TOKEN_FILE={}/token: ParamValidationError (the token or the role is empty or too short)",
        environment={**IRSA, "AWS_WEB_IDENTITY_TOKEN_FILE": "{}/token"},
        files={"token": ""},
    ),
    "IRSA without a role": Trouble(
        "no role ARN configured", environment={"AWS_WEB_IDENTITY_TOKEN_FILE": "{}/token"}, files={"token": "token"}
    ),
    # -- credential_process --
    "a helper that fails": Trouble("the credential_process of the profile: CredentialRetrievalError", printed=""),
    "a helper that is not installed": Trouble(
        "/nowhere/aws_signing_helper: No such file or directory",
        "[default]\ncredential_process = /nowhere/aws_signing_helper credential-process\n",
    ),
    "a helper that is no program": Trouble("{}: Permission denied", "[default]\ncredential_process = {}\n"),
    "a helper that prints no JSON": Trouble(
        "credential_process of the profile: JSONDecodeError (it answered with what is not JSON)",
        printed=f"certificate has expired {SECRET}",
    ),
    "a helper that prints nothing": Trouble("JSONDecodeError", printed=""),
    "a helper that prints a list": Trouble("AttributeError (it answered in another form", printed="[]"),
    "a helper that prints null": Trouble("AttributeError (it answered in another form", printed="null"),
    "a helper of another version": Trouble("CredentialRetrievalError provider=custom-process", printed=keys(Version=2)),
    "a helper that leaves out a key": Trouble("CredentialRetrievalError", printed=keys(SecretAccessKey=None)),
    "a helper whose keys have expired": Trouble(
        "RuntimeError (what was fetched has expired already)", printed=keys(Expiration="2020-01-01T00:00:00Z")
    ),
    "a helper whose expiration is no time": Trouble(
        "ParserError (a setting is no URL, no number or no command line, or an expiration is no time)",
        printed=keys(Expiration="tomorrow"),
    ),
    "a helper whose expiration is a number": Trouble("TypeError (it answered", printed=keys(Expiration=5)),
    "a helper whose key is no text": Trouble("TypeError (it answered", printed=keys(AccessKeyId={"a": 1})),
    "a helper whose key has a line feed": Trouble(
        "UnsendableKeyError (a key holds a character that none has", printed=keys(AccessKeyId="AKIA\n")
    ),
    "a helper with an open quote": Trouble(
        "ValueError (a setting is no URL, no number or no command line",
        '[default]\ncredential_process = /bin/echo "a\n',
    ),
    "a helper without a command": Trouble(
        "IndexError (the command is empty", "[default]\ncredential_process =\nregion = eu-west-1\n"
    ),
    # -- profiles --
    "a source profile that is not there": Trouble(
        'The source_profile "base" referenced in the profile "default" does not exist',
        f"[default]\n{ROLE}source_profile = base\n",
    ),
    "source profiles in a circle": Trouble(
        "InfiniteLoopConfigError",
        f"[default]\n{ROLE}source_profile = a\n[profile a]\n{ROLE}source_profile = default\n",
    ),
    "a source profile without keys": Trouble(
        "InvalidConfigError", f"[default]\n{ROLE}source_profile = base\n[profile base]\nregion = eu-west-1\n"
    ),
    "a role without a source": Trouble("PartialCredentialsError", f"[default]\n{ROLE}"),
    "a credential source of no such name": Trouble(
        'The credential source "Moon" referenced in profile "default" is not valid',
        f"[default]\n{ROLE}credential_source = Moon\n",
    ),
    "a source profile whose helper is not installed": Trouble(
        "the role of the profile: /nowhere/helper: No such file or directory",
        f"[default]\n{ROLE}source_profile = base\n[profile base]\ncredential_process = /nowhere/helper\n",
    ),
    "a profile that does not exist": Trouble("ProfileNotFound profile=prod", environment={"AWS_PROFILE": "prod"}),
    "a config file that is none": Trouble("ConfigParseError path=", "[default\nregion"),
    "a config file that is no text": Trouble("ConfigParseError path=", "[default]\nregion = \udcff\udcfe\n"),
    "a Secret that ends with a line feed": Trouble(
        "the keys in the environment: UnsendableKeyError (a key holds a character that none has, like a line feed at",
        environment={**KEYS, "AWS_SECRET_ACCESS_KEY": f"{SECRET}\n"},
    ),
    "a token that is no ASCII": Trouble(
        "UnsendableKeyError (a key holds a character that none has",
        environment={**KEYS, "AWS_SESSION_TOKEN": "\u00e4"},
    ),
    "half of the keys": Trouble("PartialCredentialsError", environment={"AWS_ACCESS_KEY_ID": "AKIA"}),
    # -- logins --
    "an SSO login that is not there": Trouble(
        "the login at IAM Identity Center (aws sso login): SSOTokenLoadError (the login has expired, or there is none",
        "[default]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_account_id = 123456789012\nsso_role_name = dev\n",
    ),
    "an SSO session that is not there": Trouble(
        "InvalidConfigError",
        "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n",
    ),
    "an SSO session without its start": Trouble(
        "InvalidConfigError",
        "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n"
        "[sso-session corp]\nsso_region = eu-west-1\n",
    ),
    # -- EKS Pod Identity --
    "an agent that is away": Trouble(
        "the EKS Pod Identity agent, AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/v1/credentials",
        environment={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/v1/credentials"},
        kind=Transient,
    ),
    "an agent that answers a page": Trouble(
        "Pod Identity agent", agent=Answer(body=f"<html>{SECRET}</html>"), kind=Transient
    ),
    "an agent that leaves out a key": Trouble(
        "KeyError (it answered in another form", agent=Answer(body='{"AccessKeyId": "AKIA"}'), kind=Transient
    ),
    "an agent that answers a list": Trouble("(it answered in another form", agent=Answer(body="[]"), kind=Transient),
    "an agent whose expiration is no time": Trouble(
        "ParserError",
        agent=Answer(body=keys(Token="t", Expiration="tomorrow")),
        kind=Transient,
    ),
    "an agent somewhere on the internet": Trouble(
        "ValueError (a setting is no URL",
        environment={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://8.8.8.8/"},
        kind=Transient,
    ),
    "a token for the agent that is not there": Trouble(
        "{}/token: No such file or directory",
        environment={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{}/token",
        },
    ),
    # -- settings that no client can be made with --
    "an endpoint that is no URL": Trouble(
        "ValueError (a setting is no URL", environment={**KEYS, "AWS_ENDPOINT_URL": "x"}
    ),
    "a certificate bundle without a name": Trouble(
        "Invalid CA bundle",
        environment={**KEYS, "AWS_CA_BUNDLE": " "},
    ),
}  # fmt: skip
HELPER_THAT_FAILS = "a helper that fails"
SEEN_LATER = (
    "the token of IRSA is not there",
    "the token of IRSA is a folder",
    "the token of IRSA is empty",
    "an SSO login that is not there",
    "an endpoint that is no URL",
    "a certificate bundle without a name",
)


@pytest.fixture(params=TROUBLES)
def trouble(
    request: pytest.FixtureRequest, bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Trouble]:
    """The environment is as the row says."""
    found = TROUBLES[request.param]
    config = found.config.replace("{}", str(tmp_path))
    if found.printed is not None:
        config = helper(tmp_path, found.printed, code=int(request.param == HELPER_THAT_FAILS))
    (tmp_path / "config").write_text(config, errors="surrogateescape")
    for name, text in found.files.items():
        (tmp_path / name).write_text(text)
    environment = {"AWS_CONFIG_FILE": "{}/config", **found.environment}
    with CannedServer(found.agent or Answer()) as agent:
        if found.agent is not None:
            environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{agent.url}/v1/credentials"
        for name, value in environment.items():
            monkeypatch.setenv(name, value.replace("{}", str(tmp_path)))
        yield replace(found, words=found.words.replace("{}", str(tmp_path)))


def helper(folder: Path, printed: str, code: int = 0) -> str:
    """Write a program that prints this on both streams; gives the config that names it."""
    program = f"import sys\nsys.stdout.write({printed!r})\nsys.stderr.write({SECRET!r})\nsys.exit({code})\n"
    (folder / "helper.py").write_text(program)
    return f"[default]\ncredential_process = {sys.executable} {folder / 'helper.py'}\n"


def reported(error: PortError, trouble: Trouble) -> str:
    """What a person reads; it must be fit for them."""
    assert trouble.words in error.why
    assert SECRET not in error.why
    assert "defect" not in error.why
    assert "\n" not in error.why
    assert error.__suppress_context__
    return error.why


def test_the_start_says_so(trouble: Trouble, connected: Connect, request: pytest.FixtureRequest) -> None:
    """Where there is something to see without a call: web identities and logins fetch with the first one."""
    if any(f"[{name}]" in request.node.name for name in SEEN_LATER):
        assert connected().credential_source() in ("assume-role-with-web-identity", "sso", "env")
        return
    with pytest.raises(Denied) as refusal:
        connected().credential_source()
    assert reported(refusal.value, trouble).startswith("the AWS credentials cannot be fetched (")


def test_a_call_says_so(
    trouble: Trouble, connected: Connect, meter: RecordingMeter, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        aws = connected()
    except Denied:
        return  # the start has said so, and there is no operator that calls
    with pytest.raises(trouble.kind) as refusal:
        aws.router.read(LIVE, Urgency.FORWARD)
    assert reported(refusal.value, trouble).startswith("states:DescribeStateMachineAlias could not be made ")
    assert str(LIVE) in refusal.value.why
    assert meter.calls == [("DescribeStateMachineAlias", trouble.kind.trouble)]
    assert "Traceback" not in caplog.text
    assert SECRET not in caplog.text


def test_a_person_at_a_terminal_sees_why(trouble: Trouble) -> None:
    with pytest.raises(PortError) as refusal, closing(UserStepFunctions(MACHINE)) as reader:
        reader.read(1)
    if trouble.kind is Transient:
        assert type(refusal.value) in (Denied, Transient)
    else:
        assert reported(refusal.value, trouble).startswith("the AWS credentials of your shell cannot be used: ")
        assert refusal.value.why.endswith("aws sts get-caller-identity must work.")
    assert "operator" not in refusal.value.why


def test_every_call_tries_again(
    bare_environment: None, emulator: Emulator, alias: AliasArn, connected: Connect, monkeypatch, tmp_path: Path
) -> None:
    """The file comes late, as on a node where the kubelet is slow: nothing has to be started again."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in {**IRSA, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}.items():
        monkeypatch.setenv(name, value)
    aws = connected()
    with pytest.raises(Denied, match=f"{tmp_path / 'token'}: No such file"):
        aws.router.read(alias, Urgency.FORWARD)
    (tmp_path / "token").write_text("a-token")
    assert aws.router.read(alias, Urgency.FORWARD) is not None


# -- the fourth moment: what was fetched expires, and cannot be renewed --


def expiring(seconds: float) -> str:
    """Keys that end so soon that botocore renews them before the next call."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return keys(Expiration=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


RENEWALS = {
    "the helper fails": ("", 1, "CredentialRetrievalError"),
    "the helper prints no JSON": (f"your certificate {SECRET} has expired", 0, "JSONDecodeError"),
    "the helper is gone": (None, 0, "CredentialRetrievalError"),
    "the keys have expired": (keys(Expiration="2020-01-01T00:00:00Z"), 0, "RuntimeError"),
    "the expiration is left out": (keys(), 0, ""),
}


@pytest.mark.parametrize("what", RENEWALS)
def test_a_renewal_that_fails_in_flight(
    what: str, emulator: Emulator, alias: AliasArn, connected: Connect, monkeypatch, tmp_path: Path, caplog
) -> None:
    printed, code, words = RENEWALS[what]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(helper(tmp_path, expiring(seconds=300)))
    aws = connected()
    assert aws.router.read(alias, Urgency.FORWARD) is not None

    if printed is None:
        (tmp_path / "helper.py").unlink()
    else:
        helper(tmp_path, printed, code)
    for call in (lambda: aws.router.read(alias, Urgency.ROLLBACK), lambda: aws.alarms.read(MACHINE.place, ["a"])):
        with pytest.raises(Denied) as refusal:
            call()
        reported(refusal.value, Trouble(words))
        assert "the credential_process of the profile: " in refusal.value.why
    assert "Traceback" not in caplog.text
    assert SECRET not in caplog.text

    helper(tmp_path, keys(Expiration="2099-01-01T00:00:00Z"))
    assert aws.router.shift(alias, Routing.whole(2), Urgency.ROLLBACK) is not None


def test_mfa_without_a_terminal(tmp_path: Path) -> None:
    """In a session of its own, so that not even the developer's terminal is asked."""
    (tmp_path / "config").write_text(
        "[default]\nregion = eu-west-1\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        f"{ROLE}[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = {SECRET}\n"
    )
    program = (
        "from sfn_rollouts.aws.definitions import UserStepFunctions\n"
        "from sfn_rollouts.core.values.arn import StateMachineArn\n"
        "from sfn_rollouts.errors import Denied\n"
        "try:\n"
        f"    UserStepFunctions(StateMachineArn.parse({str(MACHINE)!r})).read(1)\n"
        "except Denied as error:\n"
        "    print(error.why)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"AWS_CONFIG_FILE": str(tmp_path / "config"), "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        start_new_session=True,
    )
    assert "it asks for an MFA code, and there is no terminal" in ended.stdout


# -- STS, when a role is assumed --

REFUSALS: dict[str, tuple[Answer, type[PortError], str]] = {
    "the role does not trust the pod": (sts("AccessDenied", 403), Denied, "AssumeRoleWithWebIdentity was denied"),
    "the token has expired": (sts("ExpiredTokenException"), Denied, "have expired"),
    "the provider refuses the claim": (sts("IDPRejectedClaim", 403), Denied, "IDPRejectedClaim"),
    "the session lasts too long": (sts("ValidationError"), Denied, "cannot be fetched (ValidationError)"),
    "STS is off in the region": (sts("RegionDisabledException", 403), Denied, "RegionDisabledException"),
    "STS throttles": (sts("Throttling"), Transient, "was throttled"),
    "a proxy before STS": (Answer(403, "<html>no</html>"), Transient, "not AWS's"),
    "STS fails": (sts("InternalFailure", 500), Transient, "on the side of AWS"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_sts_refuses(what: str, canned: CannedServer, connected: Connect, monkeypatch, tmp_path: Path) -> None:
    answer, kind, words = REFUSALS[what]
    (tmp_path / "token").write_text("a-token")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in {**IRSA, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}.items():
        monkeypatch.setenv(name, value)
    canned.say(answer)
    with pytest.raises(PortError) as refusal:
        connected().router.shift(LIVE, Routing.whole(1), Urgency.FORWARD)
    assert type(refusal.value) is kind
    reported(refusal.value, Trouble(words))
