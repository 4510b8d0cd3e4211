"""NAME, TYPE/NAME and namespaces: what is none never reaches kubectl."""

import json
import os
import stat
from pathlib import Path

import click
import pytest

from sfn_rollouts.plugin.names import NamespaceName, RolloutName
from sfn_rollouts.plugin.verbs import VERBS
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import PLUGIN_FOLDER, Plugin
from tests.plugin.rollouts import give

NAMES = {
    "orders": "orders",
    "a.b-1": "a.b-1",
    "a" * 253: "a" * 253,
    "sfnr/orders": "orders",
    "sfnrollout/orders": "orders",
    "sfnrollouts/orders": "orders",
    "stepfunctionrollout/orders": "orders",
    "StepFunctionRollout/orders": "orders",
    "STEPFUNCTIONROLLOUTS/orders": "orders",
    "stepfunctionrollouts.sfnrollouts.dev/orders": "orders",
    "stepfunctionrollout.sfnrollouts.dev/orders": "orders",
    "sfnr.v1alpha1.sfnrollouts.dev/orders": "orders",
}
NO_NAMES = [
    *("-A", "--all-namespaces", "--server=http://127.0.0.1:1", "--kubeconfig=/x", "-", "--", "", " ", "."),
    *("a,b", "a b", "A", "a_b", "a..b", "a.-b", ".a", "a-", "a" * 254, "ü", "a\n", "\na", "a\x1b[2J", "../a", "%2e"),
    *("sfnr/a/b", "/a", "-A/a", "sfnr/", "sfnr/-A", "sfnr/a,b", "sfnr/A"),
]
NO_TYPES = ["pod/a", "a/b", "SFNR/a", "sfn/a", "sfnr.example.com/a", "deployments.apps/a"]
WITH_A_NAME = [name for name in VERBS if name not in ("list", "lint", "simulate", "version")]


@pytest.mark.parametrize(("given", "meant"), NAMES.items())
def test_a_name_with_and_without_its_type(given: str, meant: str) -> None:
    assert RolloutName().convert(given, None, None) == meant


@pytest.mark.parametrize("given", NO_NAMES)
def test_what_is_no_name_is_reported(given: str) -> None:
    with pytest.raises(click.BadParameter) as reported:
        RolloutName().convert(given, None, None)
    assert " is not a name of a rollout: one has at most 253 lower-case letters" in reported.value.message
    assert reported.value.message.isprintable()
    assert len(reported.value.message) < 250


@pytest.mark.parametrize("given", NO_TYPES)
def test_another_type_is_reported(given: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a type of rollouts: write NAME or stepfunctionrollouts/NAME"):
        RolloutName().convert(given, None, None)


@pytest.mark.parametrize(("given", "meant"), [("team-a", "team-a"), ("", None), ("a" * 63, "a" * 63)])
def test_a_namespace(given: str, meant: str | None) -> None:
    assert NamespaceName().convert(given, None, None) == meant


@pytest.mark.parametrize("given", ["-A", "--server=x", "a.b", "A", "a/b", "a" * 64, "../default", "a\n", "\x1b[2J"])
def test_what_is_no_namespace_is_reported(given: str) -> None:
    with pytest.raises(click.BadParameter) as reported:
        NamespaceName().convert(given, None, None)
    assert " is not a name of a namespace: one has at most 63 lower-case letters" in reported.value.message
    assert reported.value.message.isprintable()


@pytest.mark.parametrize("verb", WITH_A_NAME)
def test_every_verb_tells_it_before_kubectl_is_asked(plugin: Plugin, verb: str) -> None:
    further = {"set-version": ["3"], "diff": []}.get(verb, [])
    for given, said in {"-A": '"-A" is not a name of a rollout', "pod/a": '"pod" is not a type of rollouts'}.items():
        complaint = plugin.error(verb, "--server", "https://127.0.0.1:1", "--", given, *further)
        assert said in complaint
        assert len(complaint.splitlines()) == 2


def test_flags_behind_two_dashes_are_no_flags_of_kubectl(plugin: Plugin) -> None:
    for given in ("--server=http://127.0.0.1:1", "--kubeconfig=/x", "-A", "a,b", "--all-namespaces"):
        assert f'"{given}" is not a name of a rollout' in plugin.error("get", "--", given)


def test_values_of_flags_are_values_whatever_they_begin_with(plugin: Plugin) -> None:
    assert "context" in plugin.error("list", "--context", "--all-namespaces")
    assert '"--server=x" is not a name of a namespace' in plugin.error("list", "-n", "--server=x")
    assert '"-A" is not a name of a namespace' in plugin.error("version", "--operator-namespace", "-A")


def test_type_and_name_are_taken_as_kubectl_takes_them(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "orders")
    kinds = ("sfnr", "sfnrollout", "sfnrollouts", "StepFunctionRollout", "stepfunctionrollouts.sfnrollouts.dev")
    for kind in kinds:
        assert plugin.ok("get", f"{kind}/orders", "-o", "name") == "stepfunctionrollout.sfnrollouts.dev/orders\n"


def test_tab_completes_a_name_behind_its_type(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "orders")
    command = [str(plugin.kubectl.binary), "__complete", "sfnrollout", "get", "sfnr/or"]
    assert plugin.run(command, plugin.environment()).stdout.splitlines()[0] == "sfnr/orders"


ANOTHER = {"metadata": {"name": "b", "namespace": "ns", "uid": "1", "resourceVersion": "1"}}
NO_ROLLOUTS = {
    "a list": ({"kind": "List", "metadata": {"resourceVersion": ""}, "items": []}, "what was asked for but with "),
    "half of another": ({"metadata": {"name": "b"}}, "what was asked for but with "),
    "nothing": ({}, "what was asked for but with "),
    "another": (ANOTHER, "rollout a\n"),
}


@pytest.mark.parametrize("flags", [(), ("--watch",), ("--watch", "--version", "2")], ids=" ".join)
@pytest.mark.parametrize(("answer", "words"), NO_ROLLOUTS.values(), ids=NO_ROLLOUTS.keys())
def test_an_answer_that_is_not_the_rollout_is_no_rollout(
    plugin: Plugin, tmp_path: Path, answer: dict[str, object], words: str, flags: tuple[str, ...]
) -> None:
    """A proxy, or a program that stands in kubectl's place, may answer anything."""
    stand_in = tmp_path / "kubectl"
    stand_in.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IEXEC)
    environment = plugin.environment() | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    result = plugin.run([str(PLUGIN_FOLDER / "kubectl-sfnrollout"), "status", "a", *flags], environment)

    assert result.returncode == 1
    assert result.stderr.startswith(f"error: kubectl did not answer with {words}")
