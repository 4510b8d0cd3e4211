"""Which AWSAccess matches, and as whom AWS is called: pure functions over what the platform team wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_rollouts.api.access import AccessSpec
from sfn_rollouts.api.access_use import AccessUse, SessionTags
from sfn_rollouts.api.status import Status
from sfn_rollouts.core.granting import Access, grants, identity_in_use, match, names, remembered, selects
from sfn_rollouts.core.values.access import UNGOVERNED, Ambiguous, Granted, NotGranted
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.identity import OWN, Caller, Identity
from tests.core.world import START

ARN = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-charge"
ALIAS = StateMachineArn.parse(ARN).alias("live")
ROLE = "arn:aws:iam::222222222222:role/sfn-rollouts"


def spec(**fields):
    raw = {"namespaces": {"names": ["payments"]}, "stateMachines": [ARN], **fields}
    return AccessSpec.model_validate(raw, by_alias=True, by_name=False)


@pytest.mark.parametrize(
    ("pattern", "is_named"),
    [
        (ARN, True),
        ("arn:aws:states:eu-west-1:222222222222:stateMachine:payments-*", True),
        ("arn:aws:states:*:222222222222:stateMachine:*", True),
        ("arn:aws*:states:eu-*:222222222222:stateMachine:payments-charge", True),
        ("arn:aws:states:eu-west-1:222222222222:stateMachine:payments", False),
        ("arn:aws:states:eu-west-1:222222222222:stateMachine:orders-*", False),
        ("arn:aws:states:us-*:222222222222:stateMachine:payments-*", False),
        ("arn:aws:states:eu-west-1:333333333333:stateMachine:payments-*", False),
        ("arn:aws:states:eu-west-1:222222222222:stateMachine:payments-charge:*", False),
        ("arn:*", False),
        ("*", False),
    ],
)
def test_a_star_ends_one_part_and_never_goes_past_a_colon(pattern, is_named):
    assert names(pattern, ARN) is is_named


PART = st.text("ab-*", min_size=1, max_size=4)


@given(st.lists(PART, min_size=1, max_size=4), st.lists(st.text("ab-", min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_pattern_names_what_each_of_its_parts_names(wanted, given_parts):
    each = len(wanted) == len(given_parts) and all(names(*pair) for pair in zip(wanted, given_parts, strict=True))
    assert names(":".join(wanted), ":".join(given_parts)) is each


@pytest.mark.parametrize(
    ("selector", "labels", "is_selected"),
    [
        ({}, {}, True),
        ({"matchLabels": {"team": "payments"}}, {"team": "payments", "more": "x"}, True),
        ({"matchLabels": {"team": "payments"}}, {"team": "orders"}, False),
        ({"matchLabels": {"team": "payments"}}, {}, False),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}]}, {"team": "b"}, True),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["a"]}]}, {}, False),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]}, {"team": "a"}, False),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]}, {"team": "b"}, True),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]}, {}, True),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, {"team": ""}, True),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, {}, True),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, {"team": ""}, False),
        (
            {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]},
            {"a": "1"},
            False,
        ),
    ],
)
def test_labels_are_selected_as_kubernetes_does(selector, labels, is_selected):
    found = spec(namespaces={"selector": selector}).namespaces.selector
    assert selects(found, labels) is is_selected


@pytest.mark.parametrize(
    ("fields", "namespace", "labels", "is_granted"),
    [
        ({}, "payments", None, True),
        ({}, "orders", None, False),
        ({"namespaces": {"selector": {"matchLabels": {"team": "p"}}}}, "any", {"team": "p"}, True),
        ({"namespaces": {"selector": {}}}, "any", {}, True),
        ({"namespaces": {"selector": {}}}, "not-seen-yet", None, False),
        ({"namespaces": {"names": ["payments"], "selector": {"matchLabels": {"team": "p"}}}}, "payments", {}, False),
        ({"namespaces": {"names": ["other"], "selector": {"matchLabels": {"team": "p"}}}}, "a", {"team": "p"}, False),
        ({"namespaces": {"names": ["a"], "selector": {"matchLabels": {"team": "p"}}}}, "a", {"team": "p"}, True),
        ({"aliases": ["live"]}, "payments", None, True),
        ({"aliases": ["preview"]}, "payments", None, False),
        ({"stateMachines": ["arn:aws:states:*:*:stateMachine:x", ARN]}, "payments", None, True),
        ({"stateMachines": ["arn:aws:states:*:*:stateMachine:x"]}, "payments", None, False),
    ],
)
def test_namespace_machine_and_alias_must_all_match(fields, namespace, labels, is_granted):
    assert grants(spec(**fields), namespace, labels, ALIAS) is is_granted


def access(name, **fields):
    return Access(name, spec(**fields))


def said(*accesses, is_required=False):
    return match(accesses, "payments", None, ALIAS, is_required=is_required)


def test_without_any_access_all_is_as_before_unless_one_is_required():
    assert said() == UNGOVERNED
    assert said(is_required=True) == NotGranted(is_any=False)


def test_exactly_one_must_match():
    other = access("other", namespaces={"names": ["orders"]})
    one = access("one", roleArn=ROLE, externalId="x-1", sessionTags="Namespace")
    assert said(other) == NotGranted(is_any=True)
    use = AccessUse(name="one", role_arn=ROLE, external_id="x-1", session_tags="Namespace")
    assert said(other, one) == Granted(use)
    assert said(access("b"), other, access("a")) == Ambiguous(("a", "b"))


@given(st.permutations([access("a"), access("b", namespaces={"names": ["orders"]}), access("c")]), st.data())
def test_the_order_of_the_accesses_says_nothing(accesses, data):
    some = data.draw(st.sets(st.sampled_from([each.name for each in accesses])))
    kept = [each for each in accesses if each.name in some]
    assert said(*kept) == said(*sorted(kept, key=lambda each: each.name))


# -- as whom --

IN_FLIGHT = Status(started_at=START)
USE = AccessUse(name="one", role_arn=ROLE, external_id="x-1")
GRANTED = Granted(USE)
THEIRS = Identity(ROLE, "x-1")


@pytest.mark.parametrize(
    ("reading", "status", "identity"),
    [
        (UNGOVERNED, Status(), OWN),
        (GRANTED, Status(), THEIRS),
        (Granted(AccessUse(name="own")), Status(), OWN),
        (NotGranted(is_any=True), Status(), None),
        (Ambiguous(("a", "b")), Status(), None),
        (None, Status(), None),
        (NotGranted(is_any=True), IN_FLIGHT, OWN),
        (NotGranted(is_any=True), IN_FLIGHT.with_(access=USE), THEIRS),
        (Ambiguous(("a", "b")), IN_FLIGHT.with_(access=USE), THEIRS),
        (UNGOVERNED, IN_FLIGHT.with_(access=USE), THEIRS),
        (UNGOVERNED, IN_FLIGHT, OWN),
        (None, IN_FLIGHT.with_(access=USE), THEIRS),
        (None, IN_FLIGHT, OWN),
        (Granted(AccessUse(name="new")), IN_FLIGHT.with_(access=USE), OWN),
        (NotGranted(is_any=True), Status(started_at=START, finished_at=START, access=USE), None),
    ],
)
def test_nothing_is_called_without_a_grant_but_for_the_way_back(reading, status, identity):
    assert identity_in_use(reading, status, "payments", "charge") == identity


def test_tags_make_a_session_of_each_rollout():
    use = USE.with_(session_tags=SessionTags.NAMESPACE)
    found = identity_in_use(Granted(use), Status(), "payments", "charge")
    assert found == Identity(
        ROLE, "x-1", (("sfnrollouts.dev/namespace", "payments"), ("sfnrollouts.dev/rollout", "charge"))
    )
    assert str(found) == ROLE
    assert str(OWN) == "the operator's own identity"


@pytest.mark.parametrize(
    ("namespace", "name", "session"),
    [
        ("payments", "charge", "payments.charge"),
        ("p" * 63, "charge", "p" * 63 + "."),
        ("payments", "with.dots", "payments.with.dots"),
    ],
)
def test_cloudtrail_names_namespace_and_rollout(namespace, name, session):
    assert Caller.of_rollout(OWN, namespace, name) == Caller(OWN, session)


@pytest.mark.parametrize(
    ("reading", "status", "kept"),
    [
        (GRANTED, Status(), USE),
        (UNGOVERNED, Status(access=USE), None),
        (NotGranted(is_any=True), Status(access=USE), None),
        (None, Status(access=USE), USE),
        (NotGranted(is_any=True), IN_FLIGHT.with_(access=USE), USE),
        (UNGOVERNED, IN_FLIGHT.with_(access=USE), USE),
        (Granted(AccessUse(name="new")), IN_FLIGHT.with_(access=USE), AccessUse(name="new")),
    ],
)
def test_a_rollout_remembers_the_grant_that_it_goes_on_under(reading, status, kept):
    assert remembered(reading, status) == kept
