"""docs/plugin.md shows each verb, and nothing that the plugin does not know."""

import contextlib
import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from sfn_rollouts.plugin.verbs import VERBS, group

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugin.md").read_text()
EXAMPLES = re.findall(r"^    \$ (kubectl sfnrollout .*)$", PAGE, re.MULTILINE)
SECTIONS = dict(re.findall(r"^### (\S+)\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL))
COMMON = {"--help", "--namespace", "--context", "--kubeconfig"}
LEFT_TO_HELP = {
    "simulate": {"--user", "--fault", "--kill-operator", "--seed", "--from", "--name", "--output"},
    "lint": {"--output"},
    "list": {"--all-namespaces"},
}
SAID_FOR_ALL_COMMANDS = {"--timeout", "--operator-namespace", "--output"}


def command_of(verb: str) -> click.Command:
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    return command


def test_each_verb_has_a_section_with_an_example() -> None:
    assert list(SECTIONS) == list(VERBS)
    for verb, text in SECTIONS.items():
        assert f"    $ kubectl sfnrollout {verb}" in text


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_understood(example: str) -> None:
    _, _, verb, *arguments = shlex.split(example)
    with contextlib.chdir(ROOT), command_of(verb).make_context(verb, arguments, parent=click.Context(group)) as context:
        assert context.params is not None


@pytest.mark.parametrize("verb", VERBS)
def test_each_flag_of_a_verb_is_on_the_page(verb: str) -> None:
    flags = {
        max(each.opts, key=len)
        for each in command_of(verb).params
        if isinstance(each, click.Option) and not each.hidden
    }
    expected = flags - COMMON - LEFT_TO_HELP.get(verb, set()) - SAID_FOR_ALL_COMMANDS
    text = SECTIONS[verb]
    assert {flag for flag in expected if flag not in text} == set()


def test_what_is_said_for_all_commands_is_there() -> None:
    act = PAGE.partition("## Act")[2]
    assert all(word in act for word in ("--timeout", "--operator-namespace", "-o json"))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_command_whatever_was_imported_before(verb: str) -> None:
    for module in ("lint", "simulate", "flags"):  # each takes its name's place in the package
        importlib.import_module(f"sfn_rollouts.cli.{module}")

    assert isinstance(command_of(verb), click.Command)
