"""The mutants' own tree: the tests run in it, and a part of it is named as a module or a folder."""

import json
import os
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from devenv.mutants.__main__ import AREAS, part
from devenv.mutants.results import FATES, SURVIVORS, Mutant, forget, results_of
from devenv.mutants.tree import prepare

CHAINS = "sfn_rollouts.core.checks.chains.x_first__mutmut_1"
CHECKS = "sfn_rollouts.core.checks.x_of__mutmut_1"
PLAN = "sfn_rollouts.core.checks_of_plan.x_first__mutmut_1"


@pytest.mark.parametrize("area", AREAS)
def test_every_test_can_be_collected_in_the_tree(area: str, tmp_path: Path) -> None:
    prepare(tmp_path, area)
    collect = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", f"tests/{area}"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path / "src"), str(tmp_path)))}

    done = subprocess.run(collect, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "test_transcripts.py::" in done.stdout


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("core/checks/chains.py", [CHAINS]),
        ("core/checks", [CHAINS, CHECKS]),
        ("core", [CHAINS, CHECKS, PLAN]),
        (None, [CHAINS, CHECKS, PLAN]),
        ("engine", []),
    ],
)
def test_a_part_is_a_module_or_a_folder(only: str | None, names: list[str]) -> None:
    assert [name for name in (CHAINS, CHECKS, PLAN) if Mutant(name, "killed").is_in(only)] == names


@pytest.mark.parametrize(("fates", "left"), [(FATES, [PLAN]), (SURVIVORS, [CHAINS, PLAN])])
def test_only_what_is_asked_for_is_forgotten(fates: frozenset[str], left: list[str], tmp_path: Path) -> None:
    lines = [{"name": CHAINS, "code": 1}, {"name": CHECKS, "code": 0}, {"name": PLAN, "code": 0}]
    results_of(tmp_path).write_text("".join(json.dumps(line) + "\n" for line in lines))

    forget(tmp_path, fates, "core/checks")

    assert [json.loads(line)["name"] for line in results_of(tmp_path).read_text().splitlines()] == left


@pytest.mark.parametrize("given", ["core/checks/", "core/checks"])
def test_a_folder_is_taken_with_a_slash_and_without(given: str) -> None:
    assert part(given) == "core/checks"


@pytest.mark.parametrize("given", ["core/chekcs", "aws", "", "core/checks/chains", "../core"])
def test_what_is_no_part_is_refused_by_name(given: str) -> None:
    with pytest.raises(ArgumentTypeError, match="write it like core/checks"):
        part(given)
