"""Who may call, over places, APIs and threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Budget
from sfn_rollouts.aws.quotas import Quota, quota
from sfn_rollouts.core.values.arn import Place
from sfn_rollouts.core.values.identity import Identity
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Urgency

if TYPE_CHECKING:
    from tests.aws.doubles import HandClock

HERE = Place("123456789012", "eu-west-1")


def spent(budget: Budget, place: Place, api: Api, urgency: Urgency) -> int:
    """How many calls are served before the first refusal."""
    count = 0
    try:
        while True:
            budget.spend(place, api, urgency)
            count += 1
    except Transient:
        return count


@pytest.mark.parametrize(
    ("api", "region", "expected"),
    [
        (Api.DESCRIBE_ALIAS, "eu-west-1", Quota(200, 1)),
        (Api.UPDATE_ALIAS, "eu-west-1", Quota(100, 1)),
        (Api.CREATE_ALIAS, "eu-central-1", Quota(100, 1)),
        (Api.DESCRIBE_STATE_MACHINE, "ap-south-1", Quota(200, 20)),
        (Api.LIST_EXECUTIONS, "us-east-1", Quota(200, 5)),
        (Api.LIST_EXECUTIONS, "us-west-2", Quota(200, 5)),
        (Api.LIST_EXECUTIONS, "eu-west-1", Quota(200, 5)),
        (Api.LIST_EXECUTIONS, "eu-central-1", Quota(100, 2)),
        (Api.DESCRIBE_ALARMS, "eu-west-1", Quota(9, 9)),
        (Api.DESCRIBE_ALARM_HISTORY, "eu-west-1", Quota(20, 20)),
    ],
)
def test_the_published_quotas(api: Api, region: str, expected: Quota) -> None:
    assert quota(api, region) == expected


@pytest.mark.parametrize("api", [api for api in Api if api.needs_permission])
@pytest.mark.parametrize("region", ["eu-west-1", "sa-east-1", "a-region-of-tomorrow"])
def test_every_api_has_a_quota_everywhere(api: Api, region: str) -> None:
    assert quota(api, region).capacity > 0


def test_each_account_region_and_api_has_its_own_bucket(clock: HandClock) -> None:
    budget = Budget(clock)
    assert spent(budget, HERE, Api.UPDATE_ALIAS, Urgency.ROLLBACK) == 100
    assert spent(budget, HERE, Api.CREATE_ALIAS, Urgency.ROLLBACK) == 100
    assert spent(budget, replace(HERE, region="us-east-1"), Api.UPDATE_ALIAS, Urgency.ROLLBACK) == 100
    assert spent(budget, replace(HERE, account="222222222222"), Api.UPDATE_ALIAS, Urgency.ROLLBACK) == 100


def test_two_identities_share_the_bucket_of_an_account(clock: HandClock) -> None:
    """AWS counts for the account: a second role must not promise what the first has spent."""
    budget, other = Budget(clock), replace(HERE, identity=Identity("arn:aws:iam::123456789012:role/other"))
    assert spent(budget, HERE, Api.UPDATE_ALIAS, Urgency.ROLLBACK) == 100
    assert spent(budget, other, Api.UPDATE_ALIAS, Urgency.ROLLBACK) == 0
    assert budget.throttled(other, Api.CREATE_ALIAS, Urgency.ROLLBACK) == 1
    assert spent(budget, HERE, Api.CREATE_ALIAS, Urgency.FORWARD) == 0


@pytest.mark.parametrize("urgency", Urgency)
def test_whoever_waits_as_asked_is_served(clock: HandClock, urgency: Urgency) -> None:
    budget = Budget(clock)
    clock.advance(0.123_456_7)
    spent(budget, HERE, Api.DESCRIBE_STATE_MACHINE, urgency)
    clock.advance(0.013)
    with pytest.raises(Transient) as refusal:
        budget.spend(HERE, Api.DESCRIBE_STATE_MACHINE, urgency)
    assert refusal.value.retry_after_s == pytest.approx(0.037)
    clock.advance(refusal.value.retry_after_s)
    budget.spend(HERE, Api.DESCRIBE_STATE_MACHINE, urgency)


def test_the_refusal_says_the_same_at_any_level_and_names_what_is_short(clock: HandClock) -> None:
    budget = Budget(clock)
    texts = set()
    spent(budget, HERE, Api.UPDATE_ALIAS, Urgency.FORWARD)
    for _ in range(3):
        with pytest.raises(Transient) as refusal:
            budget.spend(HERE, Api.UPDATE_ALIAS, Urgency.FORWARD)
        texts.add(refusal.value.why)
        clock.advance(0.1)
    (text,) = texts
    assert text == (
        "states:UpdateStateMachineAlias waits: the quota of account 123456789012 in eu-west-1 is used up, apart from "
        "the share kept for rollbacks. It goes on by itself; ask AWS for a higher quota if this happens often"
    )


@pytest.mark.parametrize(("urgency", "retry_after_s"), [(Urgency.ROLLBACK, 1), (Urgency.FORWARD, 21)])
def test_throttling_tells_when_to_come_back(clock: HandClock, urgency: Urgency, retry_after_s: float) -> None:
    budget = Budget(clock)
    assert budget.throttled(HERE, Api.UPDATE_ALIAS, urgency) == retry_after_s
    clock.advance(retry_after_s)
    budget.spend(HERE, Api.UPDATE_ALIAS, urgency)


def test_threads_together_get_no_more_than_there_is(clock: HandClock) -> None:
    budget = Budget(clock)
    with ThreadPoolExecutor(16) as pool:
        shares = [pool.submit(spent, budget, HERE, Api.UPDATE_ALIAS, Urgency.FORWARD) for _ in range(16)]
    assert sum(share.result() for share in shares) == 80
