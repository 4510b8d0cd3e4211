"""CI's script publishes a version and asks for it in Git: on the emulated AWS, in a repository of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devenv.aws.client import Emulator, small_definition
from devenv.aws.server import AwsEmulator

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples/gitops/publish-version.sh"
PRODUCTION = "order-processor/production/version.yaml"


@pytest.fixture
def aws() -> Iterator[Emulator]:
    with AwsEmulator() as emulator:
        yield emulator.client


class Repository:
    """A clone of examples/gitops, and a PATH on which `aws` is the stand-in."""

    def __init__(self, folder: Path, aws: Emulator) -> None:
        self.folder = folder / "deployments"
        shutil.copytree(ROOT / "examples/gitops", self.folder)
        commands = folder / "bin"
        commands.mkdir()
        stand_in = commands / "aws"
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.gitops.aws_for_ci "$@"\n')
        stand_in.chmod(0o755)
        self._environment = {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "EMULATOR_URL": aws.url,
            "HOME": str(folder),
            **{f"GIT_{who}_{what}": "ci@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "Begin"]):
            self.git(*command)

    def git(self, *arguments: str) -> str:
        return self._run("git", *arguments).stdout

    def publish(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return self._run(str(self.folder / SCRIPT.name), *arguments, check=check)

    def _run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        result = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert result.returncode == 0 or not check, result.stderr
        return result


@pytest.fixture
def repository(tmp_path: Path, aws: Emulator) -> Repository:
    return Repository(tmp_path, aws)


def test_a_new_revision_becomes_a_version_and_a_commit(repository: Repository, aws: Emulator) -> None:
    machine = aws.publish_machine("OrderProcessor", [small_definition("one"), small_definition("two")])
    client = aws.boto3_client("stepfunctions")
    revision = client.update_state_machine(stateMachineArn=machine, definition='{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}')["revisionId"]  # fmt: skip # noqa: E501 - one request
    before = (repository.folder / PRODUCTION).read_text()

    reported = repository.publish(machine, PRODUCTION, revision)

    assert reported.stdout == f"{PRODUCTION} asks for version 3 now\n"
    after = (repository.folder / PRODUCTION).read_text()
    assert after == re.sub(r"version: 42", "version: 3", before)
    assert yaml.safe_load(after)["spec"]["version"] == 3
    assert repository.git("log", "-1", "--format=%s") == "Roll out version 3 of OrderProcessor\n"
    assert repository.git("status", "--porcelain") == ""


def test_the_same_revision_once_more_changes_nothing(repository: Repository, aws: Emulator) -> None:
    machine = aws.publish_machine("OrderProcessor", [small_definition("one")])
    repository.publish(machine, PRODUCTION)
    commits = repository.git("rev-list", "--count", "HEAD")
    assert repository.publish(machine, PRODUCTION).stdout == f"{PRODUCTION} asks for version 1 already\n"
    assert repository.git("rev-list", "--count", "HEAD") == commits


def test_a_revision_that_is_not_the_present_one_is_refused(repository: Repository, aws: Emulator) -> None:
    machine = aws.publish_machine("OrderProcessor", [small_definition("one")])
    refused = repository.publish(machine, PRODUCTION, "01234567-89ab-cdef-0123-456789abcdef", check=False)
    assert refused.returncode != 0
    assert repository.git("status", "--porcelain") == ""


def test_a_file_without_the_one_line_is_left_alone(repository: Repository, aws: Emulator) -> None:
    machine = aws.publish_machine("OrderProcessor", [small_definition("one")])
    refused = repository.publish(machine, "order-processor/base/kustomization.yaml", check=False)
    assert refused.returncode == 1
    assert "expected one line 'version: NUMBER', found 0" in refused.stderr
    assert repository.git("status", "--porcelain") == ""
