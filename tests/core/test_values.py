"""Routing, ARNs, moments: what they hold, and what they refuse."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.api.names import ARN_FORMAT, WITHOUT_QUALIFIER
from sfn_rollouts.arns import STATE_MACHINE
from sfn_rollouts.core.values.arn import Place, StateMachineArn, version_number
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import MACHINE

unhurried = settings(deadline=None)  # a busy machine is no defect
NO_ROUTINGS = {
    "none": (),
    "three versions": ((1, 30), (2, 30), (3, 40)),
    "one version twice": ((1, 50), (1, 50)),
    "a sum below 100": ((1, 99),),
    "a sum above 100": ((1, 60), (2, 60)),
    "a weight below 0": ((1, 110), (2, -10)),
    "a version 0": ((0, 100),),
}
NO_MACHINES = {
    "a version": f"{MACHINE}:4",
    "another service": "arn:aws:lambda:eu-west-1:123456789012:function:f",
    "no account": "arn:aws:states:eu-west-1::stateMachine:x",
    "nothing": "",
    "a Distributed Map inside one": f"{MACHINE}/Each",
    "another cloud": MACHINE.replace("arn:aws:", "arn:other:"),
    "a name that is too long": f"{MACHINE}{'x' * 80}",
}
NO_VERSIONS = {
    "a machine": MACHINE,
    "an alias": f"{MACHINE}:live",
    "digits of another script": f"{MACHINE}:\u0663",
    "another service": "arn:aws:lambda:eu-west-1:123456789012:function:f:3",
}


@pytest.mark.parametrize("sentence", NO_ROUTINGS)
def test_no_routing(sentence):
    with pytest.raises(ValueError, match="weights"):
        Routing(NO_ROUTINGS[sentence])


def test_a_routing_knows_neither_order_nor_empty_entries():
    assert Routing(((2, 0), (1, 100))) == Routing.whole(1) == Routing.split(1, 2, 0)
    assert Routing(((2, 10), (1, 90))) == Routing.split(1, 2, 10)
    assert Routing.split(1, 2, 100) == Routing.split(2, 2, 10) == Routing.whole(2)
    assert (Routing.whole(1).sole, Routing.split(1, 2, 10).sole) == (1, None)
    assert [Routing.split(1, 2, 10).weight_of(version) for version in (1, 2, 3)] == [90, 10, 0]
    assert str(Routing.split(1, 2, 10)) == "90 % on version 1, 10 % on version 2"


def test_an_arn_is_parsed_once():
    arn = StateMachineArn.parse(MACHINE)
    assert str(arn) == MACHINE
    assert arn.place == Place("123456789012", "eu-west-1")
    assert str(arn.place) == "123456789012/eu-west-1"
    assert arn.version(3) == f"{MACHINE}:3"
    assert str(arn.alias("live")) == f"{MACHINE}:live"
    assert StateMachineArn.parse(MACHINE.replace("aws", "aws-us-gov")).partition == "aws-us-gov"


@pytest.mark.parametrize("sentence", NO_MACHINES)
def test_no_arn_of_a_machine(sentence):
    with pytest.raises(ValueError, match="is not the ARN"):
        StateMachineArn.parse(NO_MACHINES[sentence])


def test_a_machine_may_be_called_as_its_kind():
    text = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:stateMachine"
    assert str(StateMachineArn.parse(text)) == text


PARTS = st.sampled_from(
    ["arn", "aws", "aws-cn", "states", "lambda", "eu-west-1", "123456789012", "stateMachine", "Orders", "4", "", "a/b"]
)


@unhurried
@given(
    st.lists(PARTS, max_size=9).map(":".join)
    | st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: f"{MACHINE}:{':'.join(parts)}")
    | st.text(max_size=9).map(lambda text: MACHINE + text)
)
def test_what_the_resource_takes_is_parsed_and_what_stands_behind_a_name_is_seen_alike(text):
    """The rules of the resource are patterns, since the API server checks them as well; both must mean the same."""
    is_qualified = not WITHOUT_QUALIFIER.holds(text)
    if ARN_FORMAT.holds(text) and not is_qualified:
        assert str(StateMachineArn.parse(text)) == text
    elif ARN_FORMAT.holds(text) and not text.endswith(":"):
        bare = WITHOUT_QUALIFIER.shows["bare"].python(text)
        assert STATE_MACHINE.parse(text).name == StateMachineArn.parse(bare).name


def test_the_number_of_a_version():
    assert version_number(StateMachineArn.parse(MACHINE).version(42)) == 42


@pytest.mark.parametrize("sentence", NO_VERSIONS)
def test_no_arn_of_a_version(sentence):
    with pytest.raises(ValueError, match="is not the ARN"):
        version_number(NO_VERSIONS[sentence])


def test_a_moment_later_than_all_is_the_last_one():
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert after(noon, 1.5) == noon.replace(second=1, microsecond=500000)
    assert after(noon, 1e12) == datetime.max.replace(tzinfo=UTC)
    assert after(datetime.max.replace(tzinfo=UTC), 0.5) == datetime.max.replace(tzinfo=UTC)
    assert after(noon, -1e12) == datetime.min.replace(tzinfo=UTC)


def test_each_reason_has_a_word_and_a_sentence():
    for reason in Reason:
        assert reason.value.isalnum()
        assert reason.value[0].isupper()
        assert reason.meaning.endswith(".")
    assert Reason("AlarmFiring") is Reason.ALARM_FIRING
