"""The comparison at the end of a run, tried on a folder of two tests: in one process, and by pytest-xdist's workers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORIES = """
import pytest
from tests.e2e.rights import AwsCall, Right, rights_granted, shipped_statements
from tests.e2e.whole_run import OPERATOR, SEEN, _shipped

def test_kubernetes_is_asked(pytestconfig):
    granted = sorted(rights_granted(_shipped(), OPERATOR))
    pytestconfig.stash[SEEN].requests |= set(granted[{left_out}:])

def test_aws_is_asked(pytestconfig):
    calls = {{AwsCall(action, patterns[0].replace("*", "x")) for action, patterns in shipped_statements()}}
    pytestconfig.stash[SEEN].calls |= calls
"""
WORKERS = ["-n0", "-n2"]


def run(folder: Path, *arguments: str, left_out: int = 0) -> subprocess.CompletedProcess[str]:
    """Run pytest there; so many of the rights are never used."""
    (folder / "tests" / "e2e").mkdir(parents=True)
    for module in ("whole_run.py", "rights.py"):
        shutil.copy(ROOT / "tests" / "e2e" / module, folder / "tests" / "e2e")
    for part in ("aws", "base"):
        shutil.copytree(ROOT / "deploy" / part, folder / "deploy" / part)
    (folder / "tests" / "conftest.py").write_text('pytest_plugins = ["tests.e2e.whole_run"]\n')
    (folder / "tests" / "e2e" / "test_stories.py").write_text(STORIES.format(left_out=left_out))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\npythonpath = .\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "xdist", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", WORKERS)
def test_a_run_that_used_all_says_so(tmp_path: Path, workers: str) -> None:
    shown = run(tmp_path, workers, "tests")

    assert "14 actions on AWS: exactly what deploy/base and deploy/aws grant" in shown.stdout, shown
    assert shown.returncode == 0


@pytest.mark.parametrize("workers", WORKERS)
def test_a_right_that_nothing_used_fails_the_run(tmp_path: Path, workers: str) -> None:
    shown = run(tmp_path, workers, "tests", left_out=1)

    assert "granted in deploy/base/rbac.yaml and never used: create events" in shown.stdout, shown
    assert "2 passed" in shown.stdout
    assert shown.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["-n0", "tests", "-k", "kubernetes"],
        ["-n2", "tests", "-k", "kubernetes"],
        ["-n0", "tests/e2e/test_stories.py::test_kubernetes_is_asked"],
    ],
)
def test_a_part_of_the_run_cannot_tell(tmp_path: Path, arguments: list[str]) -> None:
    shown = run(tmp_path, *arguments, left_out=1)

    assert "nothing missing; what is unused is looked for when all of e2e is run" in shown.stdout, shown
    assert shown.returncode == 0
