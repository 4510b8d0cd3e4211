"""The plugin answers at once, because it imports little; and Tab offers what fits."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sfn_rollouts.plugin.completion import run
from sfn_rollouts.plugin.verbs import VERBS
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import Plugin, Result
from tests.plugin.rollouts import give

HEAVY = (
    "pydantic",
    "boto3",
    "botocore",
    "kopf",
    "kubernetes",
    "rich",
    "yaml",
    "prometheus_client",
    "sfn_rollouts.core",
)
_TELL_IMPORTS = (
    "import sys; from sfn_rollouts.plugin.verbs import run; code = run(sys.argv[1:]); "
    "print(*sys.modules, file=sys.stderr); sys.exit(code)"
)


def imported_by(plugin: Plugin, *arguments: str) -> set[str]:
    """The modules that were there when this command line had ended."""
    result = plugin.run([sys.executable, "-c", _TELL_IMPORTS, *arguments], plugin.environment())
    assert result.returncode == 0, result.stderr
    return set(result.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list"], ["list", "-o", "json"], ["list", "--help"], ["get", "--help"], ["promote", "--help"]],
    ids=" ".join,
)
def test_help_and_list_import_nothing_heavy(
    plugin: Plugin, cluster: Cluster, namespace: str, arguments: list[str]
) -> None:
    give(cluster, namespace, "orders")
    assert imported_by(plugin, *arguments) & set(HEAVY) == set()


def test_one_rollout_asked_and_commanded_imports_nothing_heavy(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    give(cluster, namespace, "orders")
    assert imported_by(plugin, "history", "orders") & set(HEAVY) == set()
    assert imported_by(plugin, "set-version", "orders", "43") & set(HEAVY) == set()


def test_the_overview_names_every_verb_with_a_sentence(plugin: Plugin) -> None:
    text = plugin.ok("--help")
    for name, verb in VERBS.items():
        assert f"\n  {name} " in text
        assert verb.summary.split()[0] in text
    assert plugin.ok("-h") == text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(plugin: Plugin, verb: str) -> None:
    text = plugin.ok(verb, "--help")
    assert text.startswith(f"Usage: kubectl sfnrollout {verb} [OPTIONS]")
    assert max(map(len, text.splitlines())) <= 80


def test_kubectls_flags_are_taken_before_and_behind_the_verb(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    elsewhere = cluster.create_namespace(f"{namespace}-b")
    give(cluster, elsewhere, "there")
    for arguments in (
        ["-n", elsewhere, "list"],
        ["list", "-n", elsewhere],
        ["-n", namespace, "list", f"--namespace={elsewhere}"],
    ):
        assert "there" in plugin.ok(*arguments)
    flags = ["--request-timeout=20s", "--as=ann", "--as-group=system:masters", "--as-group=b", "--context=devenv"]
    assert "there" in plugin.ok("list", "-n", elsewhere, *flags)
    assert "user ann may not list" in plugin.error("list", "-n", elsewhere, "--as=ann")


@pytest.mark.parametrize("verb", ["lint", "simulate"])
def test_the_tools_of_the_operators_command_line_are_here_too(plugin: Plugin, verb: str) -> None:
    manifest = str(Path(__file__).parents[2] / "examples/canary.yaml")
    ours = subprocess.run(
        [sys.executable, "-m", "sfn_rollouts", verb, manifest], capture_output=True, text=True, check=True
    )
    assert plugin.ok(verb, manifest) == ours.stdout


def test_what_lint_finds_is_an_exit_code(plugin: Plugin) -> None:
    wrong = (
        "apiVersion: sfnrollouts.dev/v1alpha1\nkind: StepFunctionRollout\nmetadata: {name: x}\nspec: {alias: live}\n"
    )
    result = plugin("lint", "-", stdin=wrong)
    assert result.returncode == 1
    assert "spec.version" in result.stdout


def test_a_pipe_that_nobody_reads_to_its_end_is_no_error(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    for number in range(3):
        give(cluster, namespace, f"orders-{number}")
    command = shlex.join(plugin.command("list", "-n", namespace, "-o", "json"))
    result = plugin.run(["bash", "-c", f"{command} | head -c 1"], plugin.environment())
    assert (result.returncode, result.stdout, result.stderr) == (0, "{", "")


# -- completion --


def completed(plugin: Plugin, *words: str) -> list[str]:
    """What kubectl gets when it asks as it does at a Tab: candidates, then the directive."""
    command = [str(plugin.kubectl.binary), "__complete", "sfnrollout", *words]
    result: Result = plugin.run(command, plugin.environment())
    return result.stdout.splitlines()


def test_tab_offers_the_verbs(plugin: Plugin) -> None:
    *offered, directive = completed(plugin, "p")
    assert (offered, directive) == (
        [
            "promote\tEnd the current wait or the bake; --full: 100 % at once.",
            "pause\tHold the next step; alarms stay watched.",
            "preflight\tWhat is wrong with a version, before it gets traffic.",
        ],
        ":4",
    )
    *every, directive = completed(plugin, "-n", "x", "")
    assert [each.partition("\t")[0] for each in every] == list(VERBS)


def test_tab_offers_the_names_that_are_there(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    elsewhere = cluster.create_namespace(f"{namespace}-b")
    for name in ("orders", "order-archive", "billing"):
        give(cluster, namespace, name)
    give(cluster, elsewhere, "refunds")
    for verb in ("get", "status", "access", "promote", "set-version", "diff"):
        assert completed(plugin, verb, "order") == ["order-archive", "orders", ":4"]
    assert completed(plugin, "pause", "-n", elsewhere, "") == ["refunds", ":4"]
    assert completed(plugin, "-n", elsewhere, "pause", "") == ["refunds", ":4"]
    assert elsewhere in completed(plugin, "list", "-n", "")
    assert completed(plugin, "list", "--context", "") == ["devenv", ":4"]


def test_tab_offers_flags_and_formats(plugin: Plugin) -> None:
    assert {
        "--full\tSkip the steps that are left: 100 % at once, then the bake.",
        "--timeout\tHow long to wait for the answer.",
    } <= set(completed(plugin, "promote", "--"))
    assert completed(plugin, "list", "-o", "") == ["json", "yaml", "name", "wide", ":4"]


def test_tab_leaves_files_to_the_shell(plugin: Plugin) -> None:
    assert completed(plugin, "lint", "") == [":0"]


def test_tab_is_silent_where_nothing_can_be_known(plugin: Plugin) -> None:
    result = plugin.run(
        [str(plugin.kubectl.binary), "__complete", "sfnrollout", "pause", "--server", "https://127.0.0.1:1", ""],
        plugin.environment(),
    )
    assert result.stdout == ":4\n"


def test_no_words_at_all_offer_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(VERBS) + 1
