"""Every recorded scenario of aliases, replayed and compared in full."""

from __future__ import annotations

import json
from typing import Any

import pytest

NAME = "state_machine_alias_name"
ROLE = "arn:aws:iam::123456789012:role/state-machine"


def create_machine(replay: Any, versions: int = 1) -> str:
    """Versions 1 to `versions`; its ARN."""
    texts = [json.dumps({"Comment": f"v{n}", "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
             for n in range(1, versions + 1)]  # fmt: skip
    client = replay.client
    arn = client.create_state_machine(name="Recorded", definition=texts[0], roleArn=ROLE, publish=True)
    for text in texts[1:]:
        client.update_state_machine(stateMachineArn=arn["stateMachineArn"], definition=text, publish=True)
    replay.mask("stateMachine:Recorded", "stateMachine:<ArnPart_0idx>")
    return str(arn["stateMachineArn"])


def route(arn: str, *weights: tuple[Any, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": f"{arn}:{n}" if n else arn, "weight": weight} for n, weight in weights]


def create(replay: Any, label: str, arn: str, name: str = NAME, **more: Any) -> str:
    answer = replay.answer(
        label, "create_state_machine_alias", name=name, routingConfiguration=route(arn, (1, 100)), **more
    )
    return str(answer["stateMachineAliasArn"])


def one_version(replay: Any) -> None:
    create(replay, "create_state_machine_alias_response", create_machine(replay))


def machine_arn_in_routing(replay: Any) -> None:
    arn = create_machine(replay)
    replay.error("exception", "exception", "create_state_machine_alias", name=NAME,
                 routingConfiguration=route(arn, (None, 100)))  # fmt: skip


def not_idempotent(replay: Any) -> None:
    arn = create_machine(replay, versions=2)
    create(replay, "create_state_machine_alias_response", arn, description="one")
    for label, description, routing in (
        ("not_idempotent_description", "another", route(arn, (1, 100))),
        ("not_idempotent_routing_configuration", "one", route(arn, (1, 50), (2, 50))),
    ):
        replay.error(label, "exception", "create_state_machine_alias", name=NAME, description=description,
                     routingConfiguration=routing)  # fmt: skip


def invalid_routings(replay: Any) -> None:
    arn = create_machine(replay, versions=3)
    for label, routing in {
        "no_routing": [],
        "too_many_routing": route(arn, (1, 50), (2, 30), (3, 20)),
        "duplicate_routing": route(arn, (1, 50), (1, 50)),
        "invalid_arn": route(arn, (None, 70), (2, 30)),
        "weight_too_large": route(arn, (1, 101)),
        "weight_too_small": route(arn, (1, -1)),
        "sum_weights_less_than_100": route(arn, (1, 70), (2, 29)),
        "sum_weights_more_than_100": route(arn, (1, 70), (2, 31)),
    }.items():
        replay.error(label, "exception", "create_state_machine_alias", name=NAME, routingConfiguration=routing)


def invalid_names(replay: Any) -> None:
    arn = create_machine(replay)
    for name in ("123", "", "A" * 81, "INVALID ALIAS", "!INVALID", "ALIAS@"):
        replay.error(f"exception_for_name{name}", "exception", "create_state_machine_alias", name=name,
                     routingConfiguration=route(arn, (1, 100)))  # fmt: skip


def create_list_delete(replay: Any) -> None:
    arn = create_machine(replay)
    replay.answer("list_state_machine_aliases_response_empty", "list_state_machine_aliases", stateMachineArn=arn)
    created = []
    for n in range(3):
        label, name = f"create_state_machine_alias_response_num_{n}", f"state_machine_alias_base_name-{n}"
        created.append(create(replay, label, arn, name))
        label = f"list_state_machine_aliases_response_after_creation_{n}"
        replay.answer(label, "list_state_machine_aliases", stateMachineArn=arn)
    for n, alias in enumerate(created):
        label = f"delete_state_machine_alias_response_{n}"
        replay.answer(label, "delete_state_machine_alias", stateMachineAliasArn=alias)
        label = f"list_state_machine_aliases_response_after_deletion_{n}"
        replay.answer(label, "list_state_machine_aliases", stateMachineArn=arn)


def update_after_delete(replay: Any) -> None:
    arn = create_machine(replay)
    alias = create(replay, "create_state_machine_alias_response", arn)
    replay.client.delete_state_machine_alias(stateMachineAliasArn=alias)
    replay.error("update_no_such_alias_arn", "exception", "update_state_machine_alias", stateMachineAliasArn=alias,
                 routingConfiguration=route(arn, (1, 100)))  # fmt: skip


def delete_machine(replay: Any) -> None:
    arn = create_machine(replay)
    create(replay, "create_state_machine_alias_response", arn)
    replay.answer("delete_state_machine_response", "delete_state_machine", stateMachineArn=arn)


def delete_twice(replay: Any) -> None:
    alias = create(replay, "create_state_machine_alias_response", create_machine(replay))
    replay.client.delete_state_machine_alias(stateMachineAliasArn=alias)
    replay.answer("delete_state_machine_alias_response", "delete_state_machine_alias", stateMachineAliasArn=alias)


def foreign_token(replay: Any) -> None:
    arn = create_machine(replay)
    create(replay, "create_state_machine_alias_response", arn)
    replay.error("invalidTokenException", "exception", "list_state_machine_aliases", stateMachineArn=arn,
                 nextToken="InvalidToken")  # fmt: skip


def create_three(replay: Any) -> str:
    arn = create_machine(replay)
    for n in (1, 2, 3):
        create(replay, f"create_state_machine_alias_response-{n}", arn, f"AliasName-{n}")
    return arn


def pages(replay: Any) -> None:
    arn = create_three(replay)
    first = replay.answer("list_state_machine_aliases_max_results_1_response", "list_state_machine_aliases",
                          stateMachineArn=arn, maxResults=1)  # fmt: skip
    replay.answer("list_state_machine_aliases_next_token_response", "list_state_machine_aliases", stateMachineArn=arn,
                  nextToken=first["nextToken"])  # fmt: skip


def page_sizes(replay: Any) -> None:
    arn = create_three(replay)
    for size, shape in ((-1, "text"), (1001, "response")):
        replay.error(f"list_state_machine_aliases_max_results_{size}_response", shape, "list_state_machine_aliases",
                     stateMachineArn=arn, maxResults=size)  # fmt: skip
    replay.answer("list_state_machine_aliases_max_results_0_response", "list_state_machine_aliases",
                  stateMachineArn=arn, maxResults=0)  # fmt: skip


SCENARIOS = {
    "test_base_create_alias_single_router_config": one_version,
    "test_error_create_alias_with_state_machine_arn": machine_arn_in_routing,
    "test_error_create_alias_not_idempotent": not_idempotent,
    "test_error_create_alias_invalid_router_configs": invalid_routings,
    "test_error_create_alias_invalid_name": invalid_names,
    "test_base_lifecycle_create_delete_list": create_list_delete,
    "test_update_no_such_alias_arn": update_after_delete,
    "test_delete_revision_with_alias": delete_machine,
    "test_delete_no_such_alias_arn": delete_twice,
    "test_list_state_machine_aliases_pagination_invalid_next_token": foreign_token,
    "test_list_state_machine_aliases_pagination_max_results_1_next_token": pages,
    "test_list_state_machine_aliases_pagination_max_results[0]": page_sizes,
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_emulator_answers_what_aws_answered(scenario: str, replay: Any, recorded: Any) -> None:
    wanted = recorded("aliases.json")[scenario]
    SCENARIOS[scenario](replay)
    assert replay.normalised() == wanted


def test_every_recorded_scenario_is_replayed(recorded: Any) -> None:
    assert SCENARIOS.keys() == recorded("aliases.json").keys()
