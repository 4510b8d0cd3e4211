"""Calls with roles of other accounts: whom AWS sees, what each failure of AssumeRole says, and who is spared by it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from devenv.aws.client import Emulator, trusting
from devenv.waiting import wait_until
from sfn_rollouts import acting
from sfn_rollouts.acting import acting_for
from sfn_rollouts.aws.remembered import RememberingInspector
from sfn_rollouts.aws.roles import DURATION_S
from sfn_rollouts.aws.sessions import AGAIN_S, EARLY_S, LATEST_S
from sfn_rollouts.core.values.arn import AliasArn, Place, StateMachineArn
from sfn_rollouts.core.values.identity import OWN, Caller, Identity
from sfn_rollouts.core.values.readings import Account, Trouble
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Denied, NoAnswer, PortError, Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfn_rollouts.aws.connection import Aws
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer, HandClock, RecordingMeter

HOME, TEAM, SHOP = "123456789012", "222222222222", "333333333333"
OPERATOR_ROLE = f"arn:aws:iam::{HOME}:role/operator"
ROLE = "arn:aws:iam::{}:role/sfn-rollouts"
EXTERNAL_ID = "team-payments"
TAGS = (("sfnrollouts.dev/namespace", "payments"),)
DESCRIBE = "DescribeStateMachineAlias"
READ = f"states:{DESCRIBE}"


@dataclass(frozen=True)
class Team:
    """An account with a machine `Orders`, its alias `live`, and a role that trusts the operator."""

    at: Emulator
    alias: AliasArn

    @property
    def role(self) -> str:
        return ROLE.format(self.at.account)

    def caller(self, external_id: str = EXTERNAL_ID, tags: tuple[tuple[str, str], ...] = ()) -> Caller:
        return Caller.of_rollout(Identity(self.role, external_id, tags), "payments", "orders")


def team(emulator: Emulator, account: str) -> Team:
    at = Emulator(emulator.url, account=account)
    at.put_role("sfn-rollouts", trust=trusting(OPERATOR_ROLE, external_id=EXTERNAL_ID))
    machine = StateMachineArn.parse(at.publish_machine("Orders"))
    at.create_alias(str(machine), "live", {1: 100})
    return Team(at, machine.alias("live"))


@pytest.fixture
def payments(emulator: Emulator) -> Team:
    return team(emulator, TEAM)


@pytest.fixture
def shop(emulator: Emulator) -> Team:
    return team(emulator, SHOP)


@pytest.fixture
def aws(emulator: Emulator, connected: Connect, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The operator as a pod: a session of its own role."""
    emulator.put_role("operator")
    for name, value in emulator.environment(**emulator.credentials("operator", "pod", seconds=43_200)).items():
        monkeypatch.setenv(name, value)
    return connected(caller=acting.current)


def read(aws: Aws, team: Team, caller: Caller | None = None) -> Routing:
    with acting_for(caller or team.caller()):
        found = aws.router.read(team.alias, Urgency.FORWARD)
    assert found is not None
    return found.routing


def refusal(aws: Aws, team: Team, caller: Caller | None = None) -> PortError:
    with pytest.raises(PortError) as raised:
        read(aws, team, caller)
    return raised.value


# -- whom AWS sees --


def test_a_call_is_made_as_the_caller_and_is_named_after_its_rollout(
    aws: Aws, emulator: Emulator, payments: Team, meter: RecordingMeter
) -> None:
    assert read(aws, payments) == Routing.whole(1)
    [assumed] = emulator.calls("AssumeRole")
    assert assumed.caller == f"arn:aws:sts::{HOME}:assumed-role/operator/pod"
    assert assumed.params == {
        "RoleArn": payments.role,
        "RoleSessionName": "payments.orders",
        "DurationSeconds": 3600,
        "ExternalId": EXTERNAL_ID,
    }
    [call] = emulator.calls(DESCRIBE)
    assert (call.account, call.role, call.session_name) == (TEAM, payments.role, "payments.orders")
    assert meter.calls == [("AssumeRole", "OK"), (DESCRIBE, "OK")]


def test_the_session_has_the_tags(aws: Aws, emulator: Emulator, payments: Team) -> None:
    payments.at.set_trust("sfn-rollouts", trusting(OPERATOR_ROLE, external_id=EXTERNAL_ID, may_tag=True))
    read(aws, payments, payments.caller(tags=TAGS))
    assert emulator.calls(DESCRIBE)[0].session_tags == dict(TAGS)


def test_callers_share_clients_and_each_is_itself(aws: Aws, emulator: Emulator, payments: Team, shop: Team) -> None:
    emulator.publish_machine("Orders")
    emulator.create_alias(f"arn:aws:states:eu-west-1:{HOME}:stateMachine:Orders", "live", {2: 100})
    home = Team(emulator, replace(payments.alias, machine=replace(payments.alias.machine, account=HOME)))
    for _ in range(2):
        assert read(aws, payments) == Routing.whole(1)
        assert read(aws, shop) == Routing.whole(1)
        assert read(aws, home, Caller()) == Routing.whole(2)
    assert [call.account for call in emulator.calls(DESCRIBE)] == [TEAM, SHOP, HOME] * 2
    assert len(emulator.calls("AssumeRole")) == 2
    assert aws.clients.count() == 1


def test_each_identity_asks_for_its_own_account(aws: Aws, payments: Team) -> None:
    with acting_for(payments.caller()):
        assert aws.reach.account() == Account(TEAM, "aws")
    with acting_for(Caller()):
        assert aws.reach.account() == Account(HOME, "aws")


def test_each_account_has_its_own_quota(aws: Aws, emulator: Emulator, payments: Team, shop: Team) -> None:
    emulator.set_quotas(limits={DESCRIBE: (2, 0.001)})
    for _ in range(2):
        read(aws, payments)
    assert "was throttled" in refusal(aws, payments).why
    assert read(aws, shop) == Routing.whole(1)
    assert {fill.account: fill.tokens for fill in aws.bucket_fills()} == {TEAM: 0.0, SHOP: 199.0}


def test_a_call_for_nobody_is_a_defect_and_is_not_made(aws: Aws, emulator: Emulator, payments: Team) -> None:
    with pytest.raises(PortError) as raised:
        aws.router.read(payments.alias, Urgency.FORWARD)
    assert (type(raised.value), raised.value.trouble) == (PortError, Trouble.INTERNAL)
    assert "a call to AWS without a caller. Please report it as a defect" in raised.value.why
    with pytest.raises(PortError, match="without a caller"):
        aws.reach.account()
    assert emulator.calls() == []
    assert aws.bucket_fills() == []


# -- why a role is not assumed --

TRUST = "Check that the role exists, that its trust policy names the operator's own role"
REFUSALS: dict[str, tuple[Callable[[Team, Emulator], object], str]] = {
    "the trust policy names nobody": (
        lambda team, _: team.at.set_trust("sfn-rollouts", trusting("arn:aws:iam::444444444444:root")),
        TRUST,
    ),
    "another principal of the account": (
        lambda team, _: team.at.set_trust("sfn-rollouts", trusting(f"{OPERATOR_ROLE}-2")),
        TRUST,
    ),
    "another external id": (
        lambda team, _: team.at.set_trust("sfn-rollouts", trusting(OPERATOR_ROLE, external_id="other")),
        "with the externalId of the AWSAccess if it asks for one",
    ),
    "no such role": (lambda team, _: team.at.delete_role("sfn-rollouts"), TRUST),
    "the operator may not": (
        lambda _, home: home.deny("operator", "sts:AssumeRole"),
        "and that the IAM role of the operator may call sts:AssumeRole on it",
    ),
}


@pytest.mark.parametrize(("break_it", "remedy"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_names_the_role_what_aws_said_and_what_to_do(
    break_it: Callable[[Team, Emulator], object],
    remedy: str,
    aws: Aws,
    emulator: Emulator,
    payments: Team,
    meter: RecordingMeter,
) -> None:
    break_it(payments, emulator)
    found = refusal(aws, payments)
    assert isinstance(found, Denied)
    assert found.why.startswith(f"sts:AssumeRole was denied (AccessDenied) for {payments.role}: User: arn:aws:sts::")
    assert f"is not authorized to perform: sts:AssumeRole on resource: {payments.role}" in found.why
    assert remedy in found.why
    assert EXTERNAL_ID not in found.why
    assert emulator.calls(DESCRIBE) == []
    assert meter.calls == [("AssumeRole", "Denied")]
    assert aws.bucket_fills() == [], "no token of the account is spent on a call that is not made"


def test_tags_without_the_permission_to_tag(aws: Aws, payments: Team) -> None:
    found = refusal(aws, payments, payments.caller(tags=TAGS))
    assert isinstance(found, Denied)
    assert found.why.startswith("sts:AssumeRole was denied because of the session tags (AccessDenied) for arn:")
    assert "Allow sts:TagSession beside sts:AssumeRole" in found.why


def sts_error(code: str, status: int = 400, message: str = "hunter2") -> Answer:
    error = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, f"{error}<RequestId>0a1b2c3d</RequestId></ErrorResponse>", (("Content-Type", "text/xml"),))


def granted(**changes: str) -> Answer:
    fields = {
        "AccessKeyId": "ASIA",
        "SecretAccessKey": "hunter2",
        "SessionToken": "t",
        "Expiration": "2099-01-01T00:00:00Z",
    } | changes
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
    result = f"<AssumeRoleResult><Credentials>{inner}</Credentials></AssumeRoleResult>"
    about = "<ResponseMetadata><RequestId>0a1b2c3d</RequestId></ResponseMetadata>"
    body = f"<AssumeRoleResponse>{result}{about}</AssumeRoleResponse>"
    return Answer(200, body, (("Content-Type", "text/xml"),))


ANSWERS: dict[str, tuple[Answer, type[PortError], str]] = {
    "the operator's own session has expired": (sts_error("ExpiredToken", 403), Denied, "credentials have expired"),
    "its keys are unknown there": (sts_error("InvalidClientTokenId", 403), Denied, "does not know the operator's"),
    "its clock is wrong": (sts_error("SignatureDoesNotMatch", 403), Denied, "the clock of its node"),
    "no ARN of a role": (sts_error("ValidationError"), Denied, "the role must be in the operator's own partition"),
    "tags that are too long": (sts_error("PackedPolicyTooLarge"), Denied, "Set sessionTags: None"),
    "a region that is closed": (sts_error("RegionDisabledException", 403), Denied, "Activate it in the settings"),
    "throttled": (sts_error("Throttling"), Transient, "was throttled (Throttling)"),
    "AWS fails": (sts_error("InternalFailure", 500), Transient, "failed on the side of AWS"),
    "a page of a proxy": (Answer(200, "<html>welcome</html>", ()), Transient, "check the way to STS"),
    "a proxy's 403": (Answer(403, "<html>no</html>", ()), Transient, "check the way to STS"),
    "an error of tomorrow": (sts_error("TomorrowException"), PortError, "Please report it as a defect"),
    "nothing there": (sts_error("NoSuchEntity", 404), PortError, "Please report it as a defect"),
    "no credentials in it": (granted(AccessKeyId=""), Transient, "an answer that is not AWS's"),
    "an expiration that is none": (granted(Expiration="soon"), Transient, "an answer that is not AWS's"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), ANSWERS.values(), ids=ANSWERS.keys())
def test_every_answer_of_sts_becomes_a_sentence(
    answer: Answer,
    kind: type[PortError],
    words: str,
    canned: CannedServer,
    connected: Connect,
    capfd: pytest.CaptureFixture[str],
) -> None:
    canned.say(answer)
    aws = connected(caller=acting.current)
    caller = Caller(Identity(ROLE.format(TEAM), EXTERNAL_ID), "payments.orders")
    alias = StateMachineArn.parse(f"arn:aws:states:eu-west-1:{TEAM}:stateMachine:Orders").alias("live")
    with acting_for(caller), pytest.raises(PortError) as raised:
        aws.router.read(alias, Urgency.ROLLBACK)
    found = raised.value
    assert isinstance(found, kind)
    assert found.trouble is kind.trouble
    assert found.why.startswith("sts:AssumeRole ")
    assert ROLE.format(TEAM) in found.why
    assert words in found.why
    assert EXTERNAL_ID not in found.why
    assert len(canned.requests) == 1, "the engine tries again, and a rollback may wait for it"
    if kind is not PortError and "invalid" not in found.why:
        assert "hunter2" not in found.why
    assert "hunter2" not in "".join(capfd.readouterr())


def test_an_external_id_that_aws_quotes_is_not_shown(canned: CannedServer, connected: Connect) -> None:
    canned.say(sts_error("ValidationError", message=f"Value '{EXTERNAL_ID}' at 'externalId' failed"))
    with acting_for(Caller(Identity(ROLE.format(TEAM), EXTERNAL_ID))), pytest.raises(Denied) as raised:
        connected(caller=acting.current).reach.account()
    assert EXTERNAL_ID not in raised.value.why
    assert "Correct roleArn, externalId or sessionTags" in raised.value.why


def test_what_botocore_does_not_send_is_invalid_too(canned: CannedServer, connected: Connect) -> None:
    with acting_for(Caller(Identity("no-arn"))), pytest.raises(Denied, match="ParamValidationError"):
        connected(caller=acting.current).reach.account()
    assert canned.requests == []


def test_no_way_to_sts(canned: CannedServer, connected: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    with acting_for(Caller(Identity(ROLE.format(TEAM)))), pytest.raises(NoAnswer, match="check the way to STS"):
        connected(caller=acting.current).reach.account()


def test_sts_hangs_for_one_role_and_no_other_call_waits(
    aws: Aws, emulator: Emulator, payments: Team, shop: Team
) -> None:
    emulator.fail("AssumeRole", "timeout", times=1, match=payments.role)
    is_over = threading.Event()

    def hang() -> PortError:
        found = refusal(aws, payments)
        is_over.set()
        return found

    with ThreadPoolExecutor(1) as thread:
        hanging = thread.submit(hang)
        wait_until(lambda: emulator.faults()[0].times == 0, 10, "STS holds the call")
        assert read(aws, shop) == Routing.whole(1)
        assert not is_over.is_set()
        found = hanging.result()
    assert isinstance(found, NoAnswer)
    assert found.why.startswith(
        f"sts:AssumeRole got no answer in time (ReadTimeoutError) for {payments.role}. The call"
    )


# -- how sessions end --


def test_a_session_is_renewed_and_a_role_that_is_gone_is_used_until_its_session_ends(
    aws: Aws, emulator: Emulator, payments: Team, clock: HandClock, capfd: pytest.CaptureFixture[str]
) -> None:
    read(aws, payments)
    clock.advance(DURATION_S - EARLY_S)
    read(aws, payments)
    assert len(emulator.calls("AssumeRole")) == 2

    payments.at.delete_role("sfn-rollouts")
    clock.advance(DURATION_S - EARLY_S)
    assert read(aws, payments) == Routing.whole(1)
    assert [call.outcome for call in emulator.calls("AssumeRole")] == ["ok", "ok", "AccessDeniedException"]
    clock.advance(EARLY_S - LATEST_S + AGAIN_S)
    assert "sts:AssumeRole was denied" in refusal(aws, payments).why
    printed = "".join(capfd.readouterr())
    assert payments.role in printed
    assert EXTERNAL_ID not in printed


def test_sts_is_throttled_while_a_session_is_renewed(
    aws: Aws, emulator: Emulator, payments: Team, clock: HandClock
) -> None:
    read(aws, payments)
    emulator.fail("AssumeRole", "throttle", times=1)
    clock.advance(DURATION_S - EARLY_S)
    assert read(aws, payments) == Routing.whole(1)
    clock.advance(2 * AGAIN_S)
    assert read(aws, payments) == Routing.whole(1)
    assert [call.outcome for call in emulator.calls("AssumeRole")] == ["ok", "ThrottlingException", "ok"]


def test_one_that_aws_takes_for_expired_is_opened_again(aws: Aws, emulator: Emulator, payments: Team) -> None:
    read(aws, payments)
    assert payments.at.expire_sessions("sfn-rollouts") == 1
    found = refusal(aws, payments)
    assert isinstance(found, Transient)
    assert f"because the credentials of {payments.role} have expired" in found.why
    assert read(aws, payments) == Routing.whole(1)
    payments.at.expire_sessions("sfn-rollouts")
    with acting_for(payments.caller()):
        with pytest.raises(Transient, match="have expired"):
            aws.reach.account()
        assert aws.reach.account().number == TEAM


def test_what_is_refused_is_asked_again_with_a_new_session(
    aws: Aws, emulator: Emulator, payments: Team, clock: HandClock
) -> None:
    """Somebody revoked the role's active sessions in IAM: a new one is allowed what the old one is not."""
    read(aws, payments)
    clock.advance(AGAIN_S)
    payments.at.deny("sfn-rollouts", READ)
    assert isinstance(refusal(aws, payments), Denied)
    assert isinstance(refusal(aws, payments), Denied)
    assert isinstance(refusal(aws, payments), Denied)
    assert len(emulator.calls("AssumeRole")) == 2


def test_a_session_ends_by_awss_clock(aws: Aws, emulator: Emulator, payments: Team, clock: HandClock) -> None:
    """Ours stands in March, and the session is renewed in time all the same; STS's is ten minutes ahead."""
    emulator.skew_sts(600)
    read(aws, payments)
    clock.advance(DURATION_S - LATEST_S)
    read(aws, payments)
    assert len(emulator.calls("AssumeRole")) == 2


def test_a_refusal_by_the_role_is_for_the_role_to_fix(aws: Aws, payments: Team) -> None:
    payments.at.deny("sfn-rollouts", READ)
    found = refusal(aws, payments)
    assert isinstance(found, Denied)
    assert found.why.endswith(f"Allow it for {payments.alias} in {payments.role}")


# -- what is remembered --


def test_no_identity_hears_what_another_was_answered(
    aws: Aws, emulator: Emulator, payments: Team, clock: HandClock
) -> None:
    machine = payments.alias.machine
    targets = RememberingInspector(aws.targets, clock, acting.current)
    other = Caller(Identity(payments.at.put_role("reader", trust=trusting(OPERATOR_ROLE))), "audit.orders")
    payments.at.deny("reader", "states:DescribeStateMachine")
    with acting_for(payments.caller()):
        created_at = aws.catalog.find(machine, 1).created_at
        targets.definition(machine, 1, created_at)
    with acting_for(other), pytest.raises(Denied):
        targets.definition(machine, 1, created_at)
    with acting_for(payments.caller()):
        targets.definition(machine, 1, created_at)
    assert [call.outcome for call in emulator.calls("DescribeStateMachine")] == ["ok", "ok", "AccessDeniedException"]


def test_that_a_role_was_not_assumed_is_not_remembered_of_what_was_asked(
    aws: Aws, payments: Team, clock: HandClock
) -> None:
    targets = RememberingInspector(aws.targets, clock, acting.current)
    payments.at.set_trust("sfn-rollouts", trusting(f"{OPERATOR_ROLE}-2"))
    with acting_for(payments.caller()):
        with pytest.raises(Denied, match="sts:AssumeRole was denied"):
            targets.callers(payments.alias)
        payments.at.set_trust("sfn-rollouts", trusting(OPERATOR_ROLE))
        assert targets.callers(payments.alias).started == 0


def test_log_alarms_are_left_out_only_for_the_identity_that_was_refused_them(
    canned: CannedServer, connected: Connect
) -> None:
    refused = Answer.error("ValidationError", "1 validation error: 'alarmTypes' failed to satisfy constraint")
    empty = Answer(body='{"MetricAlarms": []}')
    alarms = connected().alarms
    here = Place(TEAM, "eu-west-1", OWN)
    canned.say(refused, empty, empty)
    alarms.read(here, ["a"])
    alarms.read(here, ["a"])
    alarms.read(replace(here, identity=Identity("arn:aws:iam::222222222222:role/x")), ["a"])
    assert ["LogAlarm" in body for _, _, body in canned.requests] == [True, False, False, True]
