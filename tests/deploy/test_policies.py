"""The policies, tried by two people at a real API server. No operator is needed to refuse.

What the operator does under them is in tests/e2e/test_policies.py.
"""

import json
import re
import secrets
from collections.abc import Iterator

import pytest

from devenv.control_plane import ControlPlane
from sfn_rollouts.core.values.commands import Action
from tests.deploy.people import COMMAND, DEPLOY, Answer, People, policies_in_force, rollout

OWN_VERB = {Action.PROMOTE: "promote", Action.PROMOTE_FULL: "promote", Action.ABORT: "abort"}


@pytest.fixture(scope="module")
def people(control_plane: ControlPlane, crds_installed: None) -> Iterator[People]:
    """In a namespace of this module's."""
    namespace = f"test-policies-{secrets.token_hex(4)}"
    control_plane.as_admin()("create", "namespace", namespace)
    with policies_in_force(control_plane, namespace) as people:
        yield people


@pytest.fixture
def orders(people: People) -> str:
    """The name of a rollout of the test's own."""
    name = f"orders-{secrets.token_hex(4)}"
    assert people.administrator.create(rollout(name)).returncode == 0
    return name


def words(action: str) -> str:
    return json.dumps({"id": "1", "action": action, "generation": 1, "by": "ann"})


def named(people: People, name: str) -> str:
    return f"rollout {people.editor.namespace}/{name}"


def as_on_the_page(people: People, name: str) -> str:
    """The refusal that docs/permissions.md shows, with the names of this test."""
    page = (DEPLOY.parent / "docs" / "permissions.md").read_text()
    [shown] = re.findall(r"^    (user ann may not .*)$", page, re.MULTILINE)
    return shown.replace("user ann", f"user {people.editor.name}").replace(
        "rollout payments/orders", named(people, name)
    )


def is_taken(answer: Answer) -> bool:
    return answer.returncode == 0 and not answer.stderr


@pytest.mark.parametrize("action", list(Action))
def test_the_editor_may_send_what_has_no_verb_of_its_own(people: People, orders: str, action: Action) -> None:
    answer = people.editor.command(orders, words(action))

    if action in OWN_VERB:
        remedy = f"grant the verb {OWN_VERB[action]} on stepfunctionrollouts.sfnrollouts.dev"
        assert "(Forbidden)" in answer.stderr
        assert f"user {people.editor.name} may not {action} {named(people, orders)}: {remedy}" in answer.stderr
        assert "as the ClusterRole sfn-rollouts-approver does" in answer.stderr
        if action is Action.PROMOTE:
            assert as_on_the_page(people, orders) in answer.stderr
    else:
        assert is_taken(answer)


@pytest.mark.parametrize("action", list(Action))
def test_the_approver_may_send_every_command(people: People, orders: str, action: Action) -> None:
    assert is_taken(people.approver.command(orders, words(action)))


def test_the_editor_may_do_everything_else(people: People, orders: str) -> None:
    """Also while a command that they might not send stands there: it is not theirs."""
    assert is_taken(people.approver.command(orders, words("promote")))

    assert is_taken(people.editor.label(orders, "team=orders"))
    assert is_taken(people.editor.patch(orders, '{"spec":{"version":3,"paused":true}}'))
    assert is_taken(people.editor.replace(people.editor.get(orders)))
    assert people.editor.get(orders)["metadata"]["annotations"][COMMAND] == words("promote")


def test_the_approver_may_not_change_what_is_rolled_out(people: People, orders: str) -> None:
    answer = people.approver.patch(orders, '{"spec":{"strategy":{"steps":[{"setWeight":100}]}}}')

    assert f"user {people.approver.name} may not change the spec of {named(people, orders)}" in answer.stderr
    assert "grant the verb update on stepfunctionrollouts.sfnrollouts.dev" in answer.stderr


def test_a_command_may_be_taken_away_and_does_not_come_back_by_itself(people: People, orders: str) -> None:
    assert is_taken(people.approver.command(orders, words("abort")))
    assert is_taken(people.editor.remove_command(orders))

    assert "may not abort" in people.editor.command(orders, words("abort")).stderr


def test_update_and_server_side_apply_are_no_way_around(people: People, orders: str) -> None:
    changed = people.editor.get(orders)
    changed["metadata"]["annotations"] = {COMMAND: words("promote")}
    assert "may not promote" in people.editor.replace(changed).stderr

    applied = rollout(orders, command=words("promote"))
    assert "may not promote" in people.editor.apply_server_side(applied).stderr


def test_a_rollout_may_not_be_born_with_a_command(people: People) -> None:
    assert "may not promote-full" in people.editor.create(rollout("born-1", command=words("promote-full"))).stderr
    assert is_taken(people.editor.create(rollout("born-2", command=words("pause"))))


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("no JSON", "promote, please"),
        ("not an object", '["abort"]'),
        ("no action", '{"id":"1","generation":1}'),
        ("an action that is not there", '{"id":"1","action":"restart","generation":1}'),
        ("an action that is no text", '{"id":"1","action":null,"generation":1}'),
        (
            "two actions, of which the operator reads the last",
            '{"action":"pause","id":"1","generation":1,"action":"abort"}',
        ),
        ("a key in disguise", '{"id":"1","action":"pause","generation":1,"acti\\u006fn":"abort"}'),
        ("an action in disguise", '{"id":"1","action":"\\u0061bort","generation":1}'),
        ("an action within something else", '{"id":"1","x":{"action":"pause"},"action":"abort","generation":1}'),
        ("one that is too long to be read", words("pause") + " " * 5000),
    ],
)
def test_what_cannot_be_read_is_refused_for_all(people: People, orders: str, what: str, text: str) -> None:
    for person in (people.editor, people.approver):
        answer = person.command(orders, text)
        assert f"the command for {named(people, orders)} cannot be read: write {COMMAND} as" in answer.stderr, what
        assert '{"id":"7f3c","action":"pause","generation":3,"by":"me"}' in answer.stderr


def test_words_in_other_fields_are_only_words(people: People, orders: str) -> None:
    """Escapes there are fine: names of people have them."""
    text = json.dumps({"id": '"action":"abort"', "action": "pause", "generation": 1, "by": 'Zoë "action": \\'})

    assert is_taken(people.editor.command(orders, text))


def test_not_even_an_administrator_writes_the_status(people: People, orders: str) -> None:
    answer = people.administrator.patch(orders, '{"status":{"weight":100}}', "--subresource=status")

    assert (
        f"user {people.administrator.name} may not write the status of {named(people, orders)}: "
        "only the operator does, system:serviceaccount:sfn-rollouts:sfn-rollouts" in answer.stderr
    )
