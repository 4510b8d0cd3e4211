"""The policy's reading of a command against the operator's own: what the one lets pass, the other reads alike.

The patterns are taken from the shipped policy. Kubernetes reads them as RE2 does, which for these is what Python's
`re.ASCII` does; the same cases go to a real API server in test_policies.py.
"""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from sfn_rollouts.core.values.commands import Action, Command, parse_command

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "deploy" / "policies" / "commands.yaml"
COMMAND = "sfnrollouts.dev/command"
SPEC = next(yaml.safe_load_all(POLICY.read_text()))["spec"]
VARIABLES = {each["name"]: each["expression"] for each in SPEC["variables"]}
PLAIN, ACTION_KEY = re.findall(r"r'(.*?)'\s*\)", VARIABLES["isPlain"])
ACTION, *_ = re.findall(r"r'(.*?)'\s*\)", VARIABLES["action"])
KNOWN = re.findall(r"'([a-z-]+)'", SPEC["validations"][0]["expression"])


def read_as_policy(text: str) -> str:
    """As `variables.action`; empty where the policy refuses."""
    if not re.search(PLAIN, text, re.ASCII) or len(re.findall(ACTION_KEY, text, re.ASCII)) != 1:
        return ""
    found = re.search(ACTION, text, re.ASCII)
    action = found[0].split('"')[3] if found else ""
    return action if action in KNOWN else ""


def read_as_operator(text: str) -> str | None:
    command = parse_command(text)
    return command.action.value if isinstance(command, Command) else None


KEYS = st.sampled_from(
    ["id", "action", "uid", "generation", "step", "by", "x", "Action", "acti\\u006fn", "", "action\\"]
)
WORDS = st.sampled_from(
    [*Action, "\\u0061bort", '\\"action\\":\\"pause\\"', "\\\\", "\\", "", '"', "action", "ann", "Zoë"]
)
SCALARS = st.one_of(
    st.builds('"{}"'.format, WORDS),
    st.builds("{}".format, st.integers(-2, 9)),
    st.sampled_from(["null", "true", "1e3"]),
)
VALUES = st.one_of(SCALARS, st.builds('{{"action":{}}}'.format, SCALARS), st.builds("[{}]".format, SCALARS))
SPACES = st.sampled_from(["", "", " ", "\n\t"])
MEMBERS = st.builds('{}"{}"{}:{}{}{}'.format, SPACES, KEYS, SPACES, SPACES, VALUES, SPACES)
COMPLETE = st.builds('"id":"1","generation":1,{}'.format, st.lists(MEMBERS, max_size=4).map(",".join))
TEXTS = st.builds("{{{}}}".format, st.one_of(COMPLETE, st.lists(MEMBERS, max_size=5).map(",".join)))


@given(TEXTS)
@example('{"id":"1","generation":1,"action":"pause","action":"abort"}')
@example('{"id":"1","generation":1,"action":"pause","acti\\u006fn":"abort"}')
@example('{"id":"1","generation":1,"action":"pause","by":"\\"","action":"abort"}')
def test_what_passes_is_read_alike(text: str) -> None:
    """Or not at all: the operator refuses more, such as a command without an id."""
    operators = read_as_operator(text)
    assert operators is None or read_as_policy(text) in ("", operators)


@given(st.sampled_from(Action), st.text(min_size=1, max_size=20), st.text(max_size=20), st.integers(0, 99))
def test_whatever_json_dumps_writes_is_read(action: Action, command_id: str, by: str, generation: int) -> None:
    """As the plugin, Argo CD's action and people with jq do; ids and names may hold anything."""
    ids = {"id": command_id, "uid": command_id}
    words = {**ids, "action": action.value, "generation": generation, "step": None, "by": by}
    assert read_as_policy(json.dumps(words)) == action
    assert read_as_policy(json.dumps(words, indent=2, ensure_ascii=False)) == action


def test_what_argo_cd_writes_is_read() -> None:
    """As recorded in the tests of its actions."""
    folder = ROOT / "deploy/argocd/resource_customizations/sfnrollouts.dev/StepFunctionRollout/actions/testdata"
    recorded = [yaml.safe_load(file.read_text())["metadata"].get("annotations", {}) for file in folder.glob("*.yaml")]
    commands = [annotations[COMMAND] for annotations in recorded if COMMAND in annotations]

    assert {read_as_policy(command) for command in commands} >= set(Action)
    assert [command for command in commands if read_as_policy(command) != read_as_operator(command)] == []


def test_what_the_pages_tell_people_to_write_is_read() -> None:
    pages = "".join((ROOT / "docs" / name).read_text() for name in ("concepts.md", "runbook.md"))
    commands = [text.replace("GENERATION", "3") for text in re.findall(rf"{COMMAND}=(\{{.*?\}})'", pages)]

    assert commands
    assert [command for command in commands if read_as_policy(command) not in list(Action)] == []


def test_the_policy_knows_the_operators_actions() -> None:
    assert sorted(KNOWN) == sorted(Action)


@pytest.mark.parametrize("action", list(Action))
def test_the_message_names_every_action(action: Action) -> None:
    assert re.search(rf"[ ,]{action}[,']", SPEC["validations"][0]["messageExpression"])
