"""What AWS was recorded or documented to say about aliases, as tables that need no recording."""

from __future__ import annotations

from typing import Any

import pytest

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
PREFIX = "1 validation error detected: Value"


def route(*weights: tuple[str, int], arn: str = ARN) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": f"{arn}{qualifier}", "weight": weight} for qualifier, weight in weights]


ROUTINGS_REFUSED = {
    "three entries": (
        route((":1", 50), (":2", 30), (":3", 20)),
        (
            f"{PREFIX} '[RoutingConfigurationListItem(stateMachineVersionArn={ARN}:1, weight=50), "
            f"RoutingConfigurationListItem(stateMachineVersionArn={ARN}:2, weight=30), "
            f"RoutingConfigurationListItem(stateMachineVersionArn={ARN}:3, weight=20)]' at 'routingConfiguration' "
            "failed to satisfy constraint: Member must have length less than or equal to 2"
        ),
    ),
    "a weight over 100": (
        route((":1", 101)),
        (
            f"{PREFIX} '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: "
            "Member must have value less than or equal to 100"
        ),
    ),
    "one version twice": (
        route((":1", 50), (":1", 50)),
        f"Routing configuration must contain distinct state machine version ARNs. Received: [{ARN}:1, {ARN}:1]",
    ),
    "the machine's own ARN": (
        route(("", 70), (":2", 30)),
        f"Routing configuration must contain state machine version ARNs. Received: [{ARN}, {ARN}:2]",
    ),
    "a sum under 100": (
        route((":1", 70), (":2", 29)),
        "Sum of routing configuration weights must equal 100. Received: [70, 29]",
    ),
    "a sum over 100": (
        route((":1", 70), (":2", 31)),
        "Sum of routing configuration weights must equal 100. Received: [70, 31]",
    ),
    "a single entry below 100": (
        route((":1", 99)),
        "Sum of routing configuration weights must equal 100. Received: [99]",
    ),
    # Not established on AWS: only that it is refused, and how the emulator words it.
    "a version that does not exist": (
        route((":1", 90), (":9", 10)),
        f"Routing configuration must contain existing versions of one state machine. Received: [{ARN}:9]",
    ),
    "a version of another machine": (
        route((":1", 90)) + route((":1", 10), arn=f"{ARN}2"),
        f"Routing configuration must contain existing versions of one state machine. Received: [{ARN}2:1]",
    ),
}


@pytest.mark.parametrize("case", ROUTINGS_REFUSED)
def test_a_routing_that_aws_refuses_is_refused_alike_by_create_and_update(
    case: str, aws: Any, sfn: Any, alias: str, refused: Any
) -> None:
    routing, message = ROUTINGS_REFUSED[case]
    aws.publish_machine("Orders2")
    created = refused(sfn.create_state_machine_alias, name="other", routingConfiguration=routing)
    updated = refused(sfn.update_state_machine_alias, stateMachineAliasArn=alias, routingConfiguration=routing)
    assert created == updated == ("ValidationException", message)
    assert aws.routing(alias) == {1: 100}


ROUTINGS_TAKEN = {
    "one version": {2: 100},
    "two versions": {1: 90, 2: 10},
    "weight 0, which the shape allows but no recording covers": {1: 100, 2: 0},
}


@pytest.mark.parametrize("case", ROUTINGS_TAKEN)
def test_a_routing_is_answered_as_it_was_written(case: str, sfn: Any, alias: str) -> None:
    routing = route(*((f":{number}", weight) for number, weight in ROUTINGS_TAKEN[case].items()))
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routing)
    assert sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"] == routing


PATTERN = r"Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
NAMES_REFUSED = {
    "123": PATTERN,
    "A" * 81: "Member must have length less than or equal to 80",
    "WITH SPACE": PATTERN,
    "!MARK": PATTERN,
    "MAIL@": PATTERN,
}


@pytest.mark.parametrize("name", NAMES_REFUSED)
def test_a_name_that_aws_refuses_is_refused(name: str, sfn: Any, machine: str, refused: Any) -> None:
    message = f"{PREFIX} '{name}' at 'name' failed to satisfy constraint: {NAMES_REFUSED[name]}"
    created = refused(sfn.create_state_machine_alias, name=name, routingConfiguration=route((":1", 100)))
    assert created == ("ValidationException", message)


@pytest.mark.parametrize("name", ["live", "v1", "a-b_c.d", "-", "A" * 80])
def test_a_name_that_aws_takes_is_taken(name: str, sfn: Any, machine: str) -> None:
    answer = sfn.create_state_machine_alias(name=name, routingConfiguration=route((":1", 100)))
    assert answer["stateMachineAliasArn"] == f"{machine}:{name}"


def test_two_broken_constraints_are_named_in_one_error(sfn: Any, machine: str, refused: Any) -> None:
    code, message = refused(sfn.create_state_machine_alias, name="1", routingConfiguration=route((":1", 101)))
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: Value '1' at 'name'")
    assert "; Value '101' at 'routingConfiguration.1.member.weight'" in message


def test_creating_the_same_alias_again_answers_the_first_one(sfn: Any, machine: str) -> None:
    wanted = {"name": "live", "description": "d", "routingConfiguration": route((":1", 100))}
    first, second = (sfn.create_state_machine_alias(**wanted) for _ in range(2))
    assert first["creationDate"] == second["creationDate"]


@pytest.mark.parametrize(
    "change", [{"description": "another"}, {"routingConfiguration": route((":1", 50), (":2", 50))}], ids=str
)
def test_creating_it_with_anything_else_is_a_conflict(change: Any, sfn: Any, alias: str, refused: Any) -> None:
    wanted = {"name": "live", "routingConfiguration": route((":1", 100))} | change
    text = "Failed to create alias because an alias with the same name and a different routing configuration already"
    assert refused(sfn.create_state_machine_alias, **wanted) == ("ConflictException", f"{text} exists.")


MISSING = ("ResourceNotFound", "Request references a resource that does not exist.")


@pytest.mark.parametrize("arn", [f"{ARN}:gone", f"{ARN}Gone:live", ARN])
def test_an_alias_that_is_not_there_is_not_found(arn: str, sfn: Any, alias: str, refused: Any) -> None:
    assert refused(sfn.describe_state_machine_alias, stateMachineAliasArn=arn) == MISSING
    updated = refused(sfn.update_state_machine_alias, stateMachineAliasArn=arn, description="d")
    assert updated == MISSING


def test_a_malformed_arn_is_invalid(sfn: Any, refused: Any) -> None:
    code, message = refused(sfn.describe_state_machine_alias, stateMachineAliasArn="nonsense")
    assert (code, message) == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: nonsense'")


def test_an_update_keeps_what_it_does_not_name(sfn: Any, machine: str) -> None:
    arn = sfn.create_state_machine_alias(name="a", description="kept", routingConfiguration=route((":1", 100)))[
        "stateMachineAliasArn"
    ]
    sfn.update_state_machine_alias(stateMachineAliasArn=arn, routingConfiguration=route((":2", 100)))
    sfn.update_state_machine_alias(stateMachineAliasArn=arn, description="new")
    found = sfn.describe_state_machine_alias(stateMachineAliasArn=arn)
    assert (found["description"], found["routingConfiguration"]) == ("new", route((":2", 100)))


def test_an_update_of_nothing_is_refused(sfn: Any, alias: str, refused: Any) -> None:
    assert refused(sfn.update_state_machine_alias, stateMachineAliasArn=alias)[0] == "ValidationException"


def test_the_update_date_moves_with_a_change_and_only_then(aws: Any, sfn: Any, alias: str) -> None:
    def write(routing: list[dict[str, Any]]) -> Any:
        return sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routing)["updateDate"]

    created = sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    changed = write(route((":2", 100)))
    assert created["updateDate"] == created["creationDate"] <= changed
    assert write(route((":2", 100))) == changed
    found = sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert (found["creationDate"], found["updateDate"]) == (created["creationDate"], changed)
    assert [change.routing for change in aws.alias_history(alias)] == [{1: 100}, {2: 100}]


def test_deleting_twice_succeeds_and_leaves_the_versions(sfn: Any, machine: str, alias: str) -> None:
    for _ in range(2):
        sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    assert len(sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]) == 2


def names_listed(sfn: Any, arn: str, **more: Any) -> list[str]:
    answer = sfn.list_state_machine_aliases(stateMachineArn=arn, **more)
    return [item["stateMachineAliasArn"].rsplit(":", 1)[1] for item in answer["stateMachineAliases"]]


def test_aliases_are_listed_oldest_first_and_by_version(aws: Any, sfn: Any, machine: str) -> None:
    for name, routing in (("b", {1: 100}), ("a", {2: 100}), ("c", {1: 50, 2: 50})):
        aws.create_alias(machine, name, routing)
    assert names_listed(sfn, machine) == ["b", "a", "c"]
    assert names_listed(sfn, f"{machine}:1") == ["b", "c"]
    assert names_listed(sfn, machine, maxResults=0) == ["b", "a", "c"]


def test_a_page_token_holds_for_its_list_only(aws: Any, sfn: Any, machine: str, refused: Any) -> None:
    other = aws.publish_machine("Other")
    for name in ("a", "b"):
        aws.create_alias(machine, name, {1: 100})
    token = sfn.list_state_machine_aliases(stateMachineArn=machine, maxResults=1)["nextToken"]
    assert names_listed(sfn, machine, nextToken=token) == ["b"]
    for arn, given in ((other, token), (machine, "nonsense")):
        answer = refused(sfn.list_state_machine_aliases, stateMachineArn=arn, nextToken=given)
        assert answer == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_the_hundred_and_first_alias_is_over_the_quota(aws: Any, sfn: Any, machine: str, refused: Any) -> None:
    for number in range(100):
        aws.create_alias(machine, f"alias-{number}", {1: 100})
    code, _ = refused(sfn.create_state_machine_alias, name="more", routingConfiguration=route((":1", 100)))
    assert code == "ServiceQuotaExceededException"
