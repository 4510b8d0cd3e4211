"""The commands that docs/gitops.md gives to a pipeline, run as they stand there."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster
from tests.plugin.conftest import DEADLINE_S, PLUGIN_FOLDER, Plugin
from tests.plugin.rollouts import ENDED, give, status

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs/gitops.md").read_text().partition("### Wait for it in CI\n")[2].partition("\n## ")[0]
WITH_PLUGIN, WITHOUT = (
    re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in re.findall(r"(?:^    .*\n)+", SECTION, re.MULTILINE)
)
PUSHED = 42
"""What the example in examples/gitops asks for."""


def done(version: int, generation: int) -> dict[str, object]:
    fields = ENDED | {"targetVersion": version, "stableVersion": version}
    found = status("Succeeded", "RolloutComplete", f"version {version} has all traffic", generation, **fields)
    promoted = dict(found["conditions"][0], type="Promoted")
    return found | {"conditions": [*found["conditions"], promoted]}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What CI has checked out, with the version that it has pushed."""
    return Path(shutil.copytree(ROOT / "examples/gitops", tmp_path / "deployments"))


@pytest.fixture
def lagging(cluster: Cluster, namespace: str) -> None:
    """Git is not applied yet: the cluster asks for the version before, which was promoted long ago."""
    give(cluster, namespace, "order-processor", done(PUSHED - 1, 1), version=PUSHED - 1)


def started(script: str, plugin: Plugin, repository: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a script as a CI's shell does."""
    folders = f"{plugin.kubectl.binary.parent}:{PLUGIN_FOLDER}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=repository,
        env=plugin.environment() | {"PATH": folders, "PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_wait_is_for_the_version_that_was_pushed(
    plugin: Plugin, cluster: Cluster, namespace: str, repository: Path, lagging: None
) -> None:
    with started(WITH_PLUGIN, plugin, repository, {}) as process:
        try:
            assert process.stdout is not None
            assert "order-processor: it asks for version 41, not for 42 yet" in process.stdout.readline()
            cluster.patch(namespace, "order-processor", {"spec": {"version": PUSHED}})
            assert "order-processor: Unseen" in process.stdout.readline()
            cluster.write_status(namespace, "order-processor", done(PUSHED, 2))
            output, complaint = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()
    assert (process.returncode, complaint) == (0, "")
    assert "order-processor: Succeeded, RolloutComplete: version 42 has all traffic" in output


def test_so_it_is_without_the_plugin(
    plugin: Plugin, cluster: Cluster, namespace: str, repository: Path, lagging: None
) -> None:
    def wait(script: str) -> int:
        with started(script, plugin, repository, {"version": str(PUSHED)}) as process:
            process.communicate(timeout=DEADLINE_S)
        return process.returncode

    hurried = re.sub(r"--timeout=\w+", "--timeout=1s", WITHOUT)
    assert wait(hurried) == 1, "Git is not applied"
    cluster.patch(namespace, "order-processor", {"spec": {"version": PUSHED}})
    assert wait(hurried) == 1, "no operator has seen it"
    cluster.write_status(namespace, "order-processor", done(PUSHED, 2))
    assert wait(WITHOUT) == 0
