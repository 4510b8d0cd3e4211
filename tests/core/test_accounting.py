"""What the status of an AWSAccess says."""

import pytest

from sfn_rollouts.api.access import AccessStatus
from sfn_rollouts.api.resource import parse_access
from sfn_rollouts.core.accounting import Verified, announced, ready_of, status_of
from sfn_rollouts.core.values.readings import Account, Trouble, Unseen
from tests.core.world import START

ROLE = "arn:aws:iam::222222222222:role/sfn-rollouts"
ARN = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-*"
OURS = Account("222222222222", "aws")


def spec(**fields):
    return parse_access(
        {"namespaces": {"names": ["payments"]}, "stateMachines": [ARN], "roleArn": ROLE, "externalId": "x-1", **fields}
    )


def unseen(trouble):
    return Unseen("STS says no", START, trouble)


@pytest.mark.parametrize(
    ("verified", "ready", "reason", "words"),
    [
        (Verified(OURS, START), "True", "AccessVerified", f"role {ROLE} is of account 222222222222"),
        (Verified(), "Unknown", "NotLooked", f"role {ROLE} is being verified"),
        (
            Verified(unseen(Trouble.DENIED), None, unseen(Trouble.DENIED)),
            "False",
            "AccessDenied",
            f"role {ROLE} cannot be verified: STS says no",
        ),
        (Verified(unseen(Trouble.TRANSIENT)), "False", "RetryingAWS", f"role {ROLE} cannot be verified: STS says no"),
        (
            Verified(OURS, START, unseen(Trouble.TRANSIENT)),
            "True",
            "RetryingAWS",
            f"role {ROLE} cannot be verified: STS says no",
        ),
        (
            Verified(OURS, START, unseen(Trouble.DENIED)),
            "False",
            "AccessDenied",
            f"role {ROLE} cannot be verified: STS says no",
        ),
    ],
)
def test_ready_is_what_is_known_of_the_role(verified, ready, reason, words):
    found = ready_of(spec(), verified)
    assert (found.value, found.reason, found.message) == (ready, reason, words)


@pytest.mark.parametrize(
    ("pattern", "is_elsewhere"),
    [
        (ARN, False),
        ("arn:aws:states:eu-west-1:2222*:stateMachine:x", False),
        ("arn:aws*:states:*:*:stateMachine:*", False),
        ("arn:aws:states:eu-west-1:333333333333:stateMachine:x", True),
        ("arn:aws-cn:states:cn-north-1:222222222222:stateMachine:x", True),
    ],
)
def test_patterns_of_another_account_are_named(pattern, is_elsewhere):
    found = ready_of(spec(stateMachines=[pattern]), Verified(OURS, START))
    assert (found.reason == "ForeignAccount", pattern in found.message) == (is_elsewhere, is_elsewhere)


def test_the_operators_own_identity_is_named_so():
    own = parse_access({"namespaces": {"names": ["payments"]}, "stateMachines": [ARN]})
    assert ready_of(own, Verified(OURS, START)).message == "the operator's own identity is of account 222222222222"


def test_a_refused_spec_grants_nothing():
    found = ready_of("spec.stateMachines: is required", Verified())
    assert (found.value, found.reason, found.message) == (
        "False", "InvalidSpec", "it grants nothing: spec.stateMachines: is required",
    )  # fmt: skip


def test_the_time_of_a_condition_is_that_of_its_change():
    first = status_of(AccessStatus(), 1, spec(), Verified(OURS, START), 3, START)
    later = START.replace(hour=20)
    same = status_of(first, 2, spec(), Verified(OURS, later), 4, later)
    lost = status_of(same, 2, spec(), Verified(OURS, START, unseen(Trouble.DENIED)), 4, later)
    assert (first.rollouts, first.account, first.observed_generation) == (3, "222222222222", 1)
    assert [each.conditions[0].last_transition_time for each in (first, same, lost)] == [START, START, later]
    assert (same.last_verified_at, same.observed_generation) == (later, 2)
    assert announced(AccessStatus(), first).reason == "AccessVerified"
    assert announced(first, same) is None
    assert announced(same, lost).is_warning
    assert announced(AccessStatus(), status_of(AccessStatus(), 1, spec(), Verified(), 0, START)) is None
