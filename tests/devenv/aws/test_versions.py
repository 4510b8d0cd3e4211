"""What AWS was recorded or documented to say about versions and revisions, as tables that need no recording."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.aws.client import small_definition

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
THEIRS = ARN.replace("123456789012", "222222222222")
ROLE = "arn:aws:iam::123456789012:role/state-machine"


def text(comment: str) -> str:
    return json.dumps(small_definition(comment))


def numbers(sfn: Any, arn: str, **more: Any) -> list[int]:
    answer = sfn.list_state_machine_versions(stateMachineArn=arn, **more)
    return [int(item["stateMachineVersionArn"].rsplit(":", 1)[1]) for item in answer["stateMachineVersions"]]


def test_versions_are_listed_newest_first_by_number_in_pages(aws: Any, sfn: Any) -> None:
    arn = aws.publish_machine("Many", [small_definition(str(number)) for number in range(12)])
    assert numbers(sfn, arn) == list(range(12, 0, -1))
    first = sfn.list_state_machine_versions(stateMachineArn=arn, maxResults=10)
    assert numbers(sfn, arn, nextToken=first["nextToken"]) == [2, 1]


def test_publishing_the_same_revision_again_answers_the_same_version(sfn: Any, machine: str) -> None:
    first, second = (sfn.publish_state_machine_version(stateMachineArn=machine) for _ in range(2))
    assert first["stateMachineVersionArn"] == second["stateMachineVersionArn"] == f"{machine}:2"
    assert first["creationDate"] == second["creationDate"]


def test_an_update_that_changes_nothing_makes_no_revision_and_no_version(sfn: Any, machine: str) -> None:
    same = sfn.describe_state_machine(stateMachineArn=machine)["definition"]
    answer = sfn.update_state_machine(stateMachineArn=machine, definition=same, publish=True)
    assert answer["stateMachineVersionArn"] == f"{machine}:2"
    assert "revisionId" not in answer


def test_a_number_is_never_given_out_again(sfn: Any, machine: str) -> None:
    sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:2")
    assert sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"] == f"{machine}:3"
    assert numbers(sfn, machine) == [3, 1]


def test_a_machine_that_was_never_updated_is_at_the_revision_initial(sfn: Any, refused: Any) -> None:
    arn = sfn.create_state_machine(name="Orders", definition=text("1"), roleArn=ROLE)["stateMachineArn"]
    assert "revisionId" not in sfn.describe_state_machine(stateMachineArn=arn)
    stale = refused(sfn.publish_state_machine_version, stateMachineArn=arn, revisionId="stale")
    assert stale == (
        "ConflictException",
        (
            "Failed to publish the State Machine version for revision stale. "
            "The current State Machine revision is INITIAL."
        ),
    )
    published = sfn.publish_state_machine_version(stateMachineArn=arn, revisionId="INITIAL")
    assert published["stateMachineVersionArn"] == f"{arn}:1"


def test_a_version_keeps_its_definition_and_its_role(sfn: Any, machine: str) -> None:
    other = ROLE + "-of-version-3"
    updated = sfn.update_state_machine(stateMachineArn=machine, roleArn=other, publish=True)
    second, third = (sfn.describe_state_machine(stateMachineArn=f"{machine}:{number}") for number in (2, 3))
    assert (second["roleArn"], third["roleArn"]) == (ROLE, other)
    assert second["definition"] == third["definition"] == text("version 2")
    assert third["revisionId"] == updated["revisionId"] != second["revisionId"]
    assert second["stateMachineArn"] == f"{machine}:2"


def test_a_version_that_an_alias_names_cannot_be_deleted(aws: Any, sfn: Any, machine: str, refused: Any) -> None:
    live = aws.create_alias(machine, "live", {1: 90, 2: 10})
    aws.create_alias(machine, "next", {2: 100})
    version = f"{machine}:2"
    assert refused(sfn.delete_state_machine_version, stateMachineVersionArn=version) == (
        "ConflictException",
        (
            "Version to be deleted must not be referenced by an alias. "
            "Current list of aliases referencing this version: [live, next]"
        ),
    )
    aws.update_alias(live, {1: 100})
    sfn.delete_state_machine_alias(stateMachineAliasArn=f"{machine}:next")
    for _ in range(2):
        sfn.delete_state_machine_version(stateMachineVersionArn=version)
    assert numbers(sfn, machine) == [1]


def test_deleting_a_machine_deletes_its_versions_and_aliases(sfn: Any, machine: str, alias: str, refused: Any) -> None:
    for _ in range(2):
        sfn.delete_state_machine(stateMachineArn=machine)
    assert refused(sfn.describe_state_machine, stateMachineArn=machine)[0] == "StateMachineDoesNotExist"
    assert refused(sfn.describe_state_machine_alias, stateMachineAliasArn=alias)[0] == "ResourceNotFound"


REFUSED = {
    "publish on a machine that does not exist": (
        "publish_state_machine_version",
        {"stateMachineArn": ARN + "Gone"},
        ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}Gone'"),
    ),
    "publish on a malformed ARN": (
        "publish_state_machine_version",
        {"stateMachineArn": "invalid_arn"},
        ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: invalid_arn'"),
    ),
    "update of a version": (
        "update_state_machine",
        {"stateMachineArn": ARN + ":2", "definition": text("x"), "publish": True},
        ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}:2'"),
    ),
    "update of an alias": (
        "update_state_machine",
        {"stateMachineArn": ARN + ":live", "definition": text("x")},
        ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}:live'"),
    ),
    "a version's description without publish": (
        "update_state_machine",
        {"stateMachineArn": ARN, "definition": text("x"), "versionDescription": "d"},
        ("ValidationException", "Version description can only be set when publish is true"),
    ),
    "a version that does not exist": (
        "describe_state_machine",
        {"stateMachineArn": ARN + ":9"},
        ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}:9'"),
    ),
    "another account's machine": (
        "describe_state_machine",
        {"stateMachineArn": THEIRS},
        (
            "StateMachineDoesNotExist",
            "State Machine Does Not Exist: '" + ARN.replace("123456789012", "222222222222") + "'",
        ),
    ),
    "a definition that is no JSON": (
        "create_state_machine",
        {"name": "New", "definition": "{", "roleArn": ROLE},
        (
            "InvalidDefinition",
            (
                "Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)'"
            ),
        ),
    ),
    "a definition without states": (
        "update_state_machine",
        {"stateMachineArn": ARN, "definition": "{}"},
        (
            "InvalidDefinition",
            (
                "Invalid State Machine Definition: "
                "'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt, States] at /'"
            ),
        ),
    ),
    "a role that is none": (
        "create_state_machine",
        {"name": "New", "definition": text("x"), "roleArn": "nobody"},
        ("InvalidArn", "Invalid Role Arn: 'nobody'"),
    ),
    "an update of nothing": (
        "update_state_machine",
        {"stateMachineArn": ARN},
        ("MissingRequiredParameter", "At least one of definition and roleArn must be specified"),
    ),
    "deletion of a version by the machine's ARN": (
        "delete_state_machine_version",
        {"stateMachineVersionArn": ARN},
        ("InvalidArn", f"Invalid Arn: 'Not a state machine version ARN: {ARN}'"),
    ),
    "an ARN of another kind": (
        "describe_state_machine",
        {"stateMachineArn": "arn:aws:states:eu-west-1:123456789012:activity:a"},
        ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: activity'"),
    ),
    "an ARN with too few parts": (
        "describe_state_machine",
        {"stateMachineArn": "arn:aws:states"},
        ("InvalidArn", "Invalid Arn: 'Invalid ARN: arn:aws:states'"),
    ),
    "tags of a machine that does not exist": (
        "list_tags_for_resource",
        {"resourceArn": ARN + "Gone"},
        ("ResourceNotFound", "Request references a resource that does not exist."),
    ),
    "a page over 1000": (
        "list_state_machine_versions",
        {"stateMachineArn": ARN, "maxResults": 1001},
        (
            "ValidationException",
            (
                "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: "
                "Member must have value less than or equal to 1000"
            ),
        ),
    ),
    "a token that was never given out": (
        "list_state_machine_versions",
        {"stateMachineArn": ARN, "nextToken": "x"},
        ("InvalidToken", "Invalid Token: 'Invalid token'"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_aws_refuses_is_refused_in_its_words(case: str, sfn: Any, alias: str, refused: Any) -> None:
    operation, params, wanted = REFUSED[case]
    assert refused(getattr(sfn, operation), **params) == wanted


def test_creating_the_same_machine_again_is_idempotent_and_another_one_is_refused(sfn: Any, refused: Any) -> None:
    wanted = {"name": "Orders", "definition": text("1"), "roleArn": ROLE, "publish": True}
    first, second = (sfn.create_state_machine(**(wanted | {"roleArn": role})) for role in (ROLE, ROLE + "2"))
    assert first["creationDate"] == second["creationDate"]
    assert second["stateMachineVersionArn"].endswith(":1")
    another = refused(sfn.create_state_machine, **(wanted | {"definition": text("2")}))
    assert another == ("StateMachineAlreadyExists", f"State Machine Already Exists: '{ARN}'")


def test_a_thousand_and_first_version_is_over_the_quota(aws: Any, sfn: Any, machine: str, refused: Any) -> None:
    for number in range(998):
        aws.publish_version(machine, small_definition(f"more {number}"))
    code, _ = refused(sfn.update_state_machine, stateMachineArn=machine, definition=text("last"), publish=True)
    assert code == "ServiceQuotaExceededException"
