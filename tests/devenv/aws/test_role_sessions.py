"""What a session of a role can do, where, for how long, and what the journal says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import ReadTimeoutError

from devenv.aws.client import Emulator, trusting
from tests.devenv.aws.accounts import HOME, OPERATOR_ROLE, TEAM, TEAM_ROLE, Accounts, allow, document, tags
from tests.devenv.aws.world import T0

if TYPE_CHECKING:
    from collections.abc import Callable

SESSION = f"arn:aws:sts::{TEAM}:assumed-role/sfn-rollouts/payments.orders"
EXPIRED = "The security token included in the request is expired"
ORDERS = f"arn:aws:states:eu-west-1:{TEAM}:stateMachine:Orders"
ALIAS = f"{ORDERS}:live"


@pytest.fixture
def alias(accounts: Accounts) -> str:
    """`live` of the team's Orders; the operator's account has a machine and an alias of these names too."""
    for account in (accounts.home, accounts.team):
        account.create_alias(account.publish_machine("Orders"), "live", {1: 100})
    return ALIAS


def shift(sfn: Any, alias: str) -> None:
    version = f"{alias.rsplit(':', 1)[0]}:2"
    sfn.update_state_machine_alias(
        stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
    )


# -- where


def test_a_session_acts_in_the_account_of_its_role(accounts: Accounts, alias: str) -> None:
    shift(accounts.client("stepfunctions"), alias)
    assert accounts.team.routing(alias) == {2: 100}
    assert accounts.home.routing(alias.replace(TEAM, HOME)) == {1: 100}


def not_authorized(action: str, resource: str, why: str) -> str:
    return f"User: {SESSION} is not authorized to perform: {action} on resource: {resource} {why}"


def test_step_functions_denies_what_belongs_to_another_account(accounts: Accounts, alias: str, refused: Any) -> None:
    theirs = alias.replace(TEAM, HOME)
    code, text = refused(accounts.client("stepfunctions").describe_state_machine_alias, stateMachineAliasArn=theirs)
    why = "because no resource-based policy allows the states:DescribeStateMachineAlias action"
    expected = not_authorized("states:DescribeStateMachineAlias", theirs.removesuffix(":live"), why)
    assert (code, text) == ("AccessDeniedException", expected)
    accounts.team.allow("sfn-rollouts", "*")
    assert refused(accounts.client("stepfunctions").describe_state_machine_alias, stateMachineAliasArn=theirs) == (
        "AccessDeniedException",
        expected,
    )


def test_alarms_and_metrics_of_another_account_are_not_there(accounts: Accounts, alias: str) -> None:
    accounts.home.put_alarm("failures")
    accounts.home.start(alias.replace(TEAM, HOME))
    cloudwatch = accounts.client("cloudwatch")
    assert cloudwatch.describe_alarms(AlarmNames=["failures"])["MetricAlarms"] == []
    assert cloudwatch.describe_alarm_history(AlarmName="failures")["AlarmHistoryItems"] == []
    accounts.team.put_alarm("failures", "ALARM")
    [found] = cloudwatch.describe_alarms(AlarmNames=["failures"])["MetricAlarms"]
    assert (found["StateValue"], found["AlarmArn"].split(":")[4]) == ("ALARM", TEAM)
    assert started(cloudwatch, alias, accounts) == 0
    accounts.team.start(alias)
    assert started(cloudwatch, alias, accounts) == 1


def started(cloudwatch: Any, alias: str, accounts: Accounts) -> float:
    metric = {
        "Namespace": "AWS/States",
        "MetricName": "ExecutionsStarted",
        "Dimensions": [{"Name": "StateMachineArn", "Value": alias.removesuffix(":live")}],
    }
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    day = {"StartTime": T0 - timedelta(days=1), "EndTime": accounts.now + timedelta(minutes=1)}
    [result] = cloudwatch.get_metric_data(MetricDataQueries=[query], **day)["MetricDataResults"]
    return float(sum(result["Values"]))


def test_functions_and_roles_of_another_account_are_denied(accounts: Accounts, refused: Any) -> None:
    function = accounts.home.put_function("charge")
    code, text = refused(accounts.client("lambda").get_function_configuration, FunctionName=function)
    assert code == "AccessDeniedException"
    assert text.startswith(f"User: {SESSION} is not authorized")
    simulate = accounts.client("iam").simulate_principal_policy
    code, text = refused(simulate, PolicySourceArn=OPERATOR_ROLE, ActionNames=["lambda:InvokeFunction"])
    assert (code, text) == (
        "AccessDenied",
        f"User: {SESSION} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: {OPERATOR_ROLE}",
    )


def test_moto_answers_a_session_in_its_account_too(accounts: Accounts) -> None:
    topic = accounts.client("sns").create_topic(Name="alarms")["TopicArn"]
    assert topic == f"arn:aws:sns:eu-west-1:{TEAM}:alarms"


# -- how long

READS: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    # by protocol: (service, call, code); https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
    "JSON": ("stepfunctions", lambda it: it.describe_state_machine_alias(stateMachineAliasArn=ALIAS), "TokenException"),
    "JSON with query codes": ("cloudwatch", lambda it: it.describe_alarms(), "Token"),
    "REST": ("lambda", lambda it: it.get_function_configuration(FunctionName="charge"), "TokenException"),
    "query": ("iam", lambda it: it.list_roles(), "Token"),
    "query of STS itself": ("sts", lambda it: it.get_caller_identity(), "Token"),
}


@pytest.mark.parametrize("case", READS)
def test_credentials_hold_until_they_expire(case: str, accounts: Accounts, alias: str, refused: Any) -> None:
    service, read, suffix = READS[case]
    accounts.team.put_function("charge")
    client = accounts.client(service, DurationSeconds=900)
    accounts.wait(899)
    read(client)
    accounts.wait(1)
    assert refused(read, it=client) == (f"Expired{suffix}", EXPIRED)
    assert accounts.home.calls()[-1].outcome == "ExpiredTokenException"


def test_credentials_can_be_let_expire_at_once(accounts: Accounts, alias: str, refused: Any) -> None:
    accounts.team.put_role("other", trust=trusting(OPERATOR_ROLE))
    other = accounts.client("stepfunctions", RoleArn=f"arn:aws:iam::{TEAM}:role/other")
    old = accounts.client("stepfunctions")
    assert accounts.team.expire_sessions("sfn-rollouts") == 1
    assert refused(old.describe_state_machine_alias, stateMachineAliasArn=alias)[0] == "ExpiredTokenException"
    assert accounts.team.expire_sessions("sfn-rollouts") == 0
    other.describe_state_machine_alias(stateMachineAliasArn=alias)
    accounts.client("stepfunctions").describe_state_machine_alias(stateMachineAliasArn=alias)


ENDS: dict[str, Callable[[Accounts], None]] = {
    "deleted": lambda accounts: accounts.team.delete_role("sfn-rollouts"),
    "not trusting any more": lambda accounts: accounts.team.set_trust("sfn-rollouts", trusting(HOME[::-1])),
    "wanting another external id": lambda accounts: accounts.team.set_trust(
        "sfn-rollouts", trusting(OPERATOR_ROLE, external_id="another")
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_becomes_of_a_role_does_not_end_its_sessions(
    case: str, accounts: Accounts, alias: str, refused: Any
) -> None:
    sfn = accounts.client("stepfunctions")
    ENDS[case](accounts)
    assert refused(accounts.assume)[0] == "AccessDenied"
    shift(sfn, alias)
    accounts.wait(3600)
    assert refused(sfn.describe_state_machine_alias, stateMachineAliasArn=alias)[0] == "ExpiredTokenException"


def test_a_deleted_role_leaves_its_sessions_no_more_than_it_allowed(
    accounts: Accounts, alias: str, refused: Any
) -> None:
    accounts.team.put_role("sfn-rollouts", document(allow("states:DescribeStateMachineAlias")))
    sfn = accounts.client("stepfunctions")
    accounts.team.delete_role("sfn-rollouts")
    sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert refused(shift, sfn=sfn, alias=alias)[0] == "AccessDeniedException"


FORGED = {
    "a key that nobody gave out": {"aws_access_key_id": "ASIAIOSFODNN7EXAMPLE"},
    "another session's token": {"aws_session_token": "token"},
}


@pytest.mark.parametrize("case", FORGED)
def test_credentials_that_sts_did_not_give_out_are_refused(
    case: str, accounts: Accounts, alias: str, refused: Any
) -> None:
    keys = accounts.keys() | FORGED[case]
    text = "The security token included in the request is invalid"
    read = accounts.team.boto3_client("stepfunctions", **keys).describe_state_machine_alias
    assert refused(read, stateMachineAliasArn=alias) == ("UnrecognizedClientException", text)
    assert refused(accounts.team.boto3_client("sts", **keys).get_caller_identity) == ("InvalidClientTokenId", text)


def test_a_reset_forgets_every_session(accounts: Accounts, refused: Any) -> None:
    keys = accounts.keys()
    accounts.home.reset()
    assert refused(accounts.team.boto3_client("sts", **keys).get_caller_identity)[0] == "InvalidClientTokenId"


def test_a_clock_that_is_behind_takes_expired_credentials_for_good_ones(
    accounts: Accounts, alias: str, refused: Any
) -> None:
    accounts.home.skew_sts(600)
    answer = accounts.assume(DurationSeconds=900)
    assert answer["Credentials"]["Expiration"] == T0 + timedelta(seconds=1500)
    sfn = accounts.client("stepfunctions", DurationSeconds=900)
    accounts.wait(900)
    assert refused(sfn.describe_state_machine_alias, stateMachineAliasArn=alias)[0] == "ExpiredTokenException"


SKEWS = {
    901: ("Signature expired: 20261120T083000Z is now earlier than 20261120T083001Z (20261120T084501Z - 15 min.)"),
    -901: (
        "Signature not yet current: 20261120T083000Z is still later than 20261120T082959Z (20261120T081459Z + 15 min.)"
    ),
}


@pytest.mark.parametrize("seconds", SKEWS)
def test_a_clock_that_is_too_far_off_signs_in_vain(seconds: int, accounts: Accounts, refused: Any) -> None:
    accounts.home.skew_sts(seconds)
    for call in (accounts.assume, accounts.sts.get_caller_identity):
        assert refused(call) == ("SignatureDoesNotMatch", SKEWS[seconds])
    accounts.home.skew_sts(0)
    assert accounts.assume()["Credentials"]


def test_sts_can_be_throttled_for_one_role(accounts: Accounts, refused: Any) -> None:
    accounts.team.put_role("other", trust=trusting(OPERATOR_ROLE))
    accounts.home.fail("AssumeRole", "throttle", match=TEAM_ROLE)
    assert refused(accounts.assume) == ("Throttling", "Rate exceeded")
    assert accounts.assume(RoleArn=f"arn:aws:iam::{TEAM}:role/other")["Credentials"]


def test_an_answer_of_sts_can_be_lost(accounts: Accounts) -> None:
    sts = accounts.home.boto3_client("sts", read_timeout_s=0.2, **accounts.operator)
    accounts.home.fail("AssumeRole", "timeout", times=1, delay_s=5)
    with pytest.raises(ReadTimeoutError):
        sts.assume_role(RoleArn=TEAM_ROLE, RoleSessionName="payments.orders")


# -- what

SHIFTER = [
    allow(["states:DescribeStateMachineAlias", "states:DescribeStateMachine"], ORDERS),
    allow(
        "states:UpdateStateMachineAlias",
        ORDERS,
        Condition={"ForAnyValue:StringEquals": {"states:StateMachineQualifier": ["live"]}},
    ),
    allow("cloudwatch:DescribeAlarms"),
]


def test_a_role_with_policies_may_do_what_they_allow(accounts: Accounts, alias: str, refused: Any) -> None:
    preview = accounts.team.create_alias(ORDERS, "preview", {1: 100})
    other = accounts.team.publish_machine("Other")
    accounts.team.put_role("sfn-rollouts", document(*SHIFTER))
    sfn = accounts.client("stepfunctions")
    shift(sfn, alias)
    sfn.describe_state_machine(stateMachineArn=f"{ORDERS}:2")
    accounts.client("cloudwatch").describe_alarms()
    assert accounts.client("sts").get_caller_identity()["Arn"] == SESSION, "needs no permission"
    why = "because no identity-based policy allows the {} action"
    denied = [
        (shift, {"sfn": sfn, "alias": preview}, "states:UpdateStateMachineAlias", ORDERS),
        (sfn.describe_state_machine, {"stateMachineArn": other}, "states:DescribeStateMachine", other),
        (sfn.list_state_machines, {}, "states:ListStateMachines", "*"),
        (
            sfn.create_state_machine_alias,
            {"name": "new", "routingConfiguration": [{"stateMachineVersionArn": f"{ORDERS}:1", "weight": 100}]},
            "states:CreateStateMachineAlias",
            ORDERS,
        ),
    ]
    for call, params, action, resource in denied:
        expected = ("AccessDeniedException", not_authorized(action, resource, why.format(action)))
        assert refused(call, **params) == expected
    assert accounts.team.routing(preview) == {1: 100}
    assert accounts.home.calls("ListStateMachines")[-1].outcome == "AccessDeniedException"


def test_a_deny_is_stronger_and_holds_at_once(accounts: Accounts, alias: str, refused: Any) -> None:
    accounts.team.put_role("sfn-rollouts", document(allow("*")))
    sfn = accounts.client("stepfunctions")
    shift(sfn, alias)
    accounts.team.deny("sfn-rollouts", "states:UpdateStateMachineAlias")
    assert refused(shift, sfn=sfn, alias=alias) == (
        "AccessDeniedException",
        not_authorized("states:UpdateStateMachineAlias", ORDERS, "with an explicit deny in an identity-based policy"),
    )
    accounts.team.allow("sfn-rollouts", "states:UpdateStateMachineAlias")
    shift(sfn, alias)


ELSEWHERE = "arn:aws:s3:::elsewhere"
OTHER_SERVICES: dict[str, tuple[str, Callable[[Any], Any], str, str]] = {
    # a sentence: (service, call, what allows it, on what)
    "alarms": (
        "cloudwatch",
        lambda it: it.describe_alarms(AlarmNames=["a"]),
        "cloudwatch:DescribeAlarms",
        f"arn:aws:cloudwatch:*:{TEAM}:alarm:*",
    ),
    "one alarm's history": (
        "cloudwatch",
        lambda it: it.describe_alarm_history(AlarmName="a"),
        "cloudwatch:DescribeAlarmHistory",
        f"arn:aws:cloudwatch:eu-west-1:{TEAM}:alarm:a",
    ),
    "metrics": (
        "cloudwatch",
        lambda it: it.get_metric_data(MetricDataQueries=[], StartTime=T0, EndTime=T0 + timedelta(minutes=1)),
        "cloudwatch:GetMetricData",
        "*",
    ),
    "a function by its name": (
        "lambda",
        lambda it: it.get_function_configuration(FunctionName="charge", Qualifier="1"),
        "lambda:GetFunctionConfiguration",
        f"arn:aws:lambda:eu-west-1:{TEAM}:function:charge:1",
    ),
    "a function by its ARN": (
        "lambda",
        lambda it: it.get_function_configuration(FunctionName=f"arn:aws:lambda:eu-west-1:{TEAM}:function:charge"),
        "lambda:GetFunctionConfiguration",
        f"arn:aws:lambda:eu-west-1:{TEAM}:function:charge",
    ),
    "a role": (
        "iam",
        lambda it: it.simulate_principal_policy(PolicySourceArn=TEAM_ROLE, ActionNames=["s3:GetObject"]),
        "iam:SimulatePrincipalPolicy",
        TEAM_ROLE,
    ),
    "what moto answers": (
        "sns",
        lambda it: it.get_topic_attributes(TopicArn=f"arn:aws:sns:eu-west-1:{TEAM}:alarms"),
        "sns:GetTopicAttributes",
        f"arn:aws:sns:eu-west-1:{TEAM}:alarms",
    ),
}


@pytest.mark.parametrize("case", OTHER_SERVICES)
def test_every_service_asks_about_its_own_resources(case: str, accounts: Accounts, refused: Any) -> None:
    service, call, action, resource = OTHER_SERVICES[case]
    accounts.team.publish_function("charge")
    accounts.client("sns").create_topic(Name="alarms")
    accounts.team.put_role("sfn-rollouts", document(allow(action, resource)))
    client = accounts.client(service)
    call(client)
    accounts.team.put_role("sfn-rollouts", document(allow(action, ELSEWHERE)))
    assert refused(call, it=client)[0].startswith("AccessDenied")


def test_what_belongs_to_a_team_can_hang_on_session_tags(accounts: Accounts, alias: str, refused: Any) -> None:
    """ABAC: the machine's tag must be the session's, and whoever has no tag may do nothing."""
    own = "${aws:PrincipalTag/sfnrollouts.dev/namespace}"
    by_tag = {"StringEquals": {"aws:ResourceTag/sfnrollouts.dev/namespace": own}}
    accounts.client("stepfunctions").tag_resource(
        resourceArn=ORDERS, tags=[{"key": "sfnrollouts.dev/namespace", "value": "payments"}]
    )
    accounts.team.put_role("sfn-rollouts", document(allow("states:UpdateStateMachineAlias", Condition=by_tag)))
    shift(accounts.client("stepfunctions", Tags=tags(namespace="payments", rollout="orders")), alias)
    for more in ({"Tags": tags(namespace="orders")}, {}):
        assert refused(shift, sfn=accounts.client("stepfunctions", **more), alias=alias)[0] == "AccessDeniedException"


def test_a_policy_can_name_a_session_tag(accounts: Accounts, alias: str, refused: Any) -> None:
    wanted = {"StringEquals": {"aws:PrincipalTag/sfnrollouts.dev/rollout": "orders"}}
    accounts.team.put_role("sfn-rollouts", document(allow("states:*", Condition=wanted)))
    shift(accounts.client("stepfunctions", Tags=tags(rollout="orders")), alias)
    other = accounts.client("stepfunctions", Tags=tags(rollout="refunds"))
    assert refused(shift, sfn=other, alias=alias)[0] == "AccessDeniedException"


# -- quotas and the journal


def test_each_account_has_its_own_quotas(accounts: Accounts, alias: str, refused: Any) -> None:
    own = accounts.home.boto3_client("stepfunctions")
    sfn = accounts.client("stepfunctions")
    accounts.home.set_quotas(limits={"DescribeStateMachineAlias": (1, 1)})
    sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert refused(sfn.describe_state_machine_alias, stateMachineAliasArn=alias)[0] == "ThrottlingException"
    own.describe_state_machine_alias(stateMachineAliasArn=alias.replace(TEAM, HOME))
    elsewhere = Emulator(accounts.home.url, region="us-east-1").boto3_client("stepfunctions", **accounts.keys())
    assert refused(elsewhere.describe_state_machine_alias, stateMachineAliasArn=alias)[0] != "ThrottlingException"


def test_sessions_of_one_account_share_its_quotas(accounts: Accounts, alias: str, refused: Any) -> None:
    first, second = (accounts.client("stepfunctions", name) for name in ("payments.orders", "payments.refunds"))
    accounts.home.set_quotas(limits={"DescribeStateMachineAlias": (1, 1)})
    first.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert refused(second.describe_state_machine_alias, stateMachineAliasArn=alias)[0] == "ThrottlingException"


def test_sts_has_one_quota_for_all_its_calls_charged_to_the_caller(accounts: Accounts, refused: Any) -> None:
    team = accounts.client("sts")
    accounts.home.set_quotas()
    for _ in range(600):
        accounts.sts.get_caller_identity()
    assert refused(accounts.assume) == ("Throttling", "Rate exceeded")
    assert team.get_caller_identity()["Arn"] == SESSION


def test_the_journal_says_who_wrote_an_alias(accounts: Accounts, alias: str) -> None:
    given = tags(namespace="payments", rollout="orders")
    shift(accounts.client("stepfunctions", "payments.orders", Tags=given), alias)
    accounts.home.boto3_client("stepfunctions").list_state_machines()
    [written] = accounts.home.calls("UpdateStateMachineAlias")
    assert (written.account, written.region, written.outcome) == (TEAM, "eu-west-1", "ok")
    assert (written.caller, written.role, written.session_name) == (SESSION, TEAM_ROLE, "payments.orders")
    assert written.session_tags == {"sfnrollouts.dev/namespace": "payments", "sfnrollouts.dev/rollout": "orders"}
    [assumed] = accounts.home.calls("AssumeRole")
    assert (assumed.service, assumed.account, assumed.role, assumed.session_name) == (
        "sts",
        HOME,
        OPERATOR_ROLE,
        "pod",
    )
    assert (assumed.params["RoleArn"], assumed.params["Tags"]) == (TEAM_ROLE, given)
    [listed] = accounts.home.calls("ListStateMachines")
    assert (listed.account, listed.caller, listed.role, listed.session_name, listed.session_tags) == (
        HOME,
        f"arn:aws:iam::{HOME}:user/emulated",
        None,
        None,
        {},
    )


def test_a_process_can_be_given_a_session(accounts: Accounts) -> None:
    given = accounts.home.environment(**accounts.operator)
    assert given["AWS_SESSION_TOKEN"] == accounts.operator["aws_session_token"]
    assert given["AWS_ACCESS_KEY_ID"] == accounts.operator["aws_access_key_id"]
    assert "AWS_SESSION_TOKEN" not in accounts.home.environment()


# -- botocore's own refresh


class Refreshing:
    """A session of botocore's that assumes the team's role by itself, by the clock of the accounts."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        credentials = DeferredRefreshableCredentials(self._fetch, "assume-role", time_fetcher=lambda: accounts.now)
        session = botocore.session.Session()
        session._credentials = credentials  # there is no public way
        self.sfn = session.create_client("stepfunctions", region_name="eu-west-1", endpoint_url=accounts.home.url)

    def _fetch(self) -> dict[str, str]:
        found = self.accounts.assume()["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    def read(self, alias: str) -> None:
        self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)


def test_botocore_refreshes_credentials_before_they_expire(accounts: Accounts, alias: str) -> None:
    refreshing = Refreshing(accounts)
    refreshing.read(alias)
    accounts.wait(44 * 60)
    refreshing.read(alias)
    assert len(accounts.home.calls("AssumeRole")) == 1
    accounts.wait(61)
    refreshing.read(alias)  # less than a quarter of an hour is left
    assert len(accounts.home.calls("AssumeRole")) == 2
    accounts.wait(24 * 3600)
    refreshing.read(alias)
    assert [call.outcome for call in accounts.home.calls("DescribeStateMachineAlias")] == ["ok"] * 4


def test_botocore_goes_on_with_what_it_has_while_sts_is_away(accounts: Accounts, alias: str, refused: Any) -> None:
    refreshing = Refreshing(accounts)
    refreshing.read(alias)
    accounts.wait(46 * 60)
    accounts.home.fail("AssumeRole", "unavailable", times=1)
    refreshing.read(alias)
    accounts.wait(5 * 60)
    accounts.home.fail("AssumeRole", "throttle", times=1)
    assert refused(refreshing.read, alias=alias)[0] == "Throttling", "within the last ten minutes it must be new"
    refreshing.read(alias)
