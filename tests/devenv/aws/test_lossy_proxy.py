"""A bad network as a real boto3 client without retries meets it: AWS is well, and its answers do not arrive."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from devenv.aws.lossy_proxy import Loss, LossyProxy, by_chance, scripted

if TYPE_CHECKING:
    from devenv.aws.client import Emulator

UPDATE = "UpdateStateMachineAlias"
V1, V2 = {1: 100}, {2: 100}

LOSSES: dict[str, tuple[Loss, type[Exception], dict[int, int]]] = {
    "a reset before it arrives": (Loss.RESET_BEFORE, ConnectionClosedError, V1),
    "a reset after its effect": (Loss.RESET_AFTER, ConnectionClosedError, V2),
    "no answer, after its effect": (Loss.LOST_ANSWER, ReadTimeoutError, V2),
}


def shift(aws: Emulator, proxy: LossyProxy, alias: str) -> None:
    """Route all to version 2, through the proxy."""
    client: Any = replace(aws, url=proxy.url).boto3_client("stepfunctions", read_timeout_s=1)
    version = alias.rsplit(":", 1)[0] + ":2"
    client.update_state_machine_alias(
        stateMachineAliasArn=alias, routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
    )


@pytest.mark.parametrize(("loss", "error", "routing"), LOSSES.values(), ids=LOSSES.keys())
def test_a_write_meets(aws: Emulator, alias: str, loss: Loss, error: type[Exception], routing: dict[int, int]) -> None:
    """Only the call that was chosen, and only on its way: AWS holds what it was sent."""
    with LossyProxy(aws.url, scripted({(UPDATE, 1): loss})) as proxy:
        with pytest.raises(error):
            shift(aws, proxy, alias)
        assert aws.routing(alias) == routing
        shift(aws, proxy, alias)
        assert proxy.met == Counter({(UPDATE, loss): 1})
    assert aws.routing(alias) == V2


def test_a_delayed_answer_arrives(aws: Emulator, alias: str) -> None:
    with LossyProxy(aws.url, scripted({(UPDATE, 1): Loss.DELAY}), delay_s=0.2) as proxy:
        shift(aws, proxy, alias)
        assert proxy.met == Counter({(UPDATE, Loss.DELAY): 1})
    assert aws.routing(alias) == V2


def test_a_healed_network_loses_nothing(aws: Emulator, alias: str) -> None:
    with LossyProxy(aws.url, by_chance(seed=1, share=1.0)) as proxy:
        proxy.heal()
        shift(aws, proxy, alias)
        assert not proxy.met
    assert aws.routing(alias) == V2


def test_chance_is_the_same_for_the_same_seed_and_of_the_size_that_was_asked_for() -> None:
    calls = range(1, 1001)
    fates = [by_chance(7, 0.2)(UPDATE, number) for number in calls]
    assert fates == [by_chance(7, 0.2)(UPDATE, number) for number in calls]
    assert fates != [by_chance(8, 0.2)(UPDATE, number) for number in calls]
    assert set(fates) == {None, *Loss}
    assert 150 < sum(fate is not None for fate in fates) < 250
