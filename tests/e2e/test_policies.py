"""The operator under the policies of deploy/policies, with an editor and an approver: nobody hinders it, nor forges."""

import json
import secrets
from collections.abc import Iterator

import pytest

from devenv.control_plane import ControlPlane
from tests.deploy.people import Answer, People, Person, policies_in_force
from tests.e2e.story import SLOW_STEPS, Story, split, whole


@pytest.fixture
def people(control_plane: ControlPlane, crds_installed: None, namespace: str) -> Iterator[People]:
    """In the story's namespace, before the operator starts."""
    with policies_in_force(control_plane, namespace) as people:
        yield people


def test_the_editor_ships_and_the_approver_decides(people: People, story: Story) -> None:
    """Spec, finalizer and status are written as ever; promote and abort come from the approver alone."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    assert story.is_held_by_finalizer()

    assert "may not promote" in send(story, people.editor, "promote").stderr
    obeyed(story, people.editor, "pause")
    obeyed(story, people.editor, "resume")
    obeyed(story, people.approver, "promote")
    story.wait_for_weight(50)
    forged = people.administrator.patch(story.name, '{"status":{"phase":"Succeeded"}}', "--subresource=status")
    assert "only the operator does" in forged.stderr

    assert "may not abort" in send(story, people.editor, "abort").stderr
    obeyed(story, people.approver, "abort")
    story.wait_for_phase("RolledBack")
    assert not story.is_held_by_finalizer()
    assert story.routings() == [whole(1), split(1, 2, 10), split(1, 2, 50), whole(1)]


def send(story: Story, person: Person, action: str, command: str = "1") -> Answer:
    words = {"id": command, "action": action, "generation": story.generation(), "by": person.name}
    return person.command(story.name, json.dumps(words))


def obeyed(story: Story, person: Person, action: str) -> None:
    """Send it and wait until the operator has done it."""
    command = secrets.token_hex(4)
    assert send(story, person, action, command).stderr == ""
    answered = story.wait_for(
        lambda status: (status["lastCommand"] or {}).get("id") == command, f"an answer to {action}"
    )
    assert answered["lastCommand"]["result"] == "Done"
