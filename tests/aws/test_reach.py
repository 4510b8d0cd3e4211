"""Whose credentials these are, which regions there are, and what is kept for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.readings import Account
from sfn_rollouts.errors import Denied, PortError, Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import Answer, CannedServer

if TYPE_CHECKING:
    from devenv.aws.client import Emulator
    from sfn_rollouts.aws.connection import Aws
    from sfn_rollouts.core.values.arn import AliasArn
    from tests.aws.conftest import Connect
    from tests.aws.doubles import RecordingMeter

XML = (("Content-Type", "text/xml"),)


def identity(arn: str, account: str) -> Answer:
    result = f"<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>x</UserId><Account>{account}</Account>"
    about = "<ResponseMetadata><RequestId>0a1b2c3d</RequestId></ResponseMetadata>"
    body = f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResult>{about}</GetCallerIdentityResponse>"
    return Answer(200, body, XML)


def test_the_emulator_tells_its_account(aws: Aws, meter: RecordingMeter) -> None:
    assert aws.reach.account() == Account("123456789012", "aws")
    assert meter.calls == [("GetCallerIdentity", "OK")]


def test_the_partition_stands_in_the_arn(canned: CannedServer, connected: Connect) -> None:
    canned.say(identity("arn:aws-cn:sts::123456789012:assumed-role/x/y", "123456789012"))
    assert connected().reach.account() == Account("123456789012", "aws-cn")


FAILURES: dict[str, tuple[Answer, type[PortError]]] = {
    "an answer that contradicts itself": (identity("arn:aws:iam::123456789012:user/x", "210987654321"), Transient),
    "an ARN that is none": (identity("x", "123456789012"), Transient),
    "a page": (Answer(200, "<html>welcome</html>", ()), Transient),
    "a 403 of a proxy": (Answer(403, "<html>no</html>", ()), Transient),
    "AWS fails": (Answer(500, "", ()), Transient),
    "unknown keys": (
        Answer(403, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>", XML),
        Denied,
    ),
}


@pytest.mark.parametrize(("answer", "kind"), FAILURES.values(), ids=FAILURES.keys())
def test_what_it_cannot_tell(
    answer: Answer, kind: type[PortError], canned: CannedServer, connected: Connect, meter: RecordingMeter
) -> None:
    canned.say(answer)
    with pytest.raises(PortError) as refusal:
        connected().reach.account()
    assert type(refusal.value) is kind
    assert refusal.value.why.startswith("sts:GetCallerIdentity ")
    assert meter.calls == [("GetCallerIdentity", kind.trouble)]
    assert len(canned.requests) == 1, "asked once: rollouts wait for it"


def test_nobody_there(canned: CannedServer, connected: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A VPC without an endpoint for STS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    with pytest.raises(Transient, match="could not reach AWS"):
        connected().reach.account()


@pytest.mark.parametrize(
    ("partition", "region", "is_known"),
    [
        ("aws", "eu-west-1", True),
        ("aws", "us-gov-west-1", False),
        ("aws-us-gov", "us-gov-west-1", True),
        ("aws-cn", "cn-north-1", True),
        ("aws", "eu-invented-7", False),
        ("aws", "eu-west-9", False),
        ("aws-invented", "eu-west-1", False),
    ],
)
def test_regions(partition: str, region: str, is_known: bool, canned: CannedServer, connected: Connect) -> None:
    assert connected().reach.knows(partition, region) is is_known


def test_the_region_of_the_operator_is_known_before_botocore_hears_of_it(
    canned: CannedServer, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-tomorrow-1")
    reach = connected().reach
    assert reach.knows("aws", "eu-tomorrow-1")
    assert reach.knows("aws", "eu-west-1")
    assert not reach.knows("aws", "eu-tomorrow-2")


def test_what_is_kept_for_a_region_is_given_up(aws: Aws, emulator: Emulator, alias: AliasArn) -> None:
    def use() -> None:
        aws.router.read(alias, Urgency.FORWARD)
        aws.alarms.read(alias.machine.place, ["a"])

    use()
    kept = aws.clients.reader(alias.machine.region)
    assert (aws.clients.count(), len(aws.bucket_fills())) == (2, 2)
    aws.reach.leave("us-east-1")
    assert aws.clients.count() == 2
    aws.reach.leave(alias.machine.region)
    assert (aws.clients.count(), len(aws.bucket_fills())) == (0, 0)
    use()
    assert aws.clients.reader(alias.machine.region) is not kept


def test_accounts_share_the_clients_and_each_has_its_own_quota(canned: CannedServer, connected: Connect) -> None:
    routing = {"stateMachineVersionArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders:1", "weight": 100}
    canned.say(Answer(body=json.dumps({"updateDate": 1.0, "routingConfiguration": [routing]})))
    aws = connected()
    for account in range(50):
        arn = f"arn:aws:states:eu-west-1:{account:012d}:stateMachine:Orders"
        aws.router.read(StateMachineArn.parse(arn).alias("live"), Urgency.FORWARD)
    assert aws.clients.count() == 1
    fills = [(fill.account, fill.region, fill.tokens) for fill in aws.bucket_fills()]
    assert fills == [(f"{account:012d}", "eu-west-1", 199.0) for account in range(50)]
    aws.reach.leave("eu-west-1")
    assert aws.bucket_fills() == []
