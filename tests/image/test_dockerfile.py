"""What the Dockerfile must keep to."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.image.build import COMPILE_ALL
from tests.image.dockerfile import PATH, ROOT, parser, stages

BUILD, FINAL = stages()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def test_every_base_is_pinned_by_digest_and_has_a_tag_for_people() -> None:
    bases = parser().parent_images
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim@sha256:[0-9a-f]{64}", base)


def test_the_base_has_a_python_that_the_package_takes_and_ci_tests() -> None:
    (version,) = {re.search(r":(3\.\d+)-", base).group(1) for base in parser().parent_images}  # type: ignore[union-attr]
    assert f'"{version}"' in (ROOT / ".github/workflows/ci.yaml").read_text()


def test_it_is_built_in_stages_and_only_the_result_goes_on() -> None:
    assert (BUILD.name, FINAL.name) == ("build", None)
    assert FINAL.all("COPY") == ["--from=build /opt/sfn-rollouts /opt/sfn-rollouts"]


def test_nothing_is_added_from_afar() -> None:
    assert BUILD.all("ADD") + FINAL.all("ADD") == []
    commands = " ".join(BUILD.all("RUN") + FINAL.all("RUN"))
    assert not re.search(r"\b(curl|wget|git|apt-get|apk)\b", commands)


def test_the_installer_takes_only_what_is_pinned_and_built() -> None:
    (install,) = [command for command in BUILD.all("RUN") if " install " in command]
    assert {"--require-hashes", "--only-binary=:all:", "-r requirements/runtime.txt"} <= set(
        re.findall(r"--[\w=:-]+|-r \S+", install)
    )


def test_everything_is_compiled_by_its_content() -> None:
    """So that two builds of one commit are the same; the tests leave the first of the two out."""
    commands = " ".join(BUILD.all("RUN"))
    assert COMPILE_ALL in re.sub(r"\s+", " ", commands)
    assert commands.count("--invalidation-mode unchecked-hash") == 2


def test_it_runs_as_a_number_that_is_nobody_like_the_deployment_says() -> None:
    assert FINAL.only("USER") == "65532:65532"
    assert "runAsUser: 65532" in (ROOT / "deploy/base/deployment.yaml").read_text()


def test_the_process_gets_signals_itself() -> None:
    assert json.loads(FINAL.only("ENTRYPOINT")) == ["/opt/sfn-rollouts/bin/python", "-m", "sfn_rollouts"]
    assert json.loads(FINAL.only("CMD")) == ["run"]


def test_the_root_file_system_may_be_read_only() -> None:
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL.only("ENV")
    assert FINAL.all("VOLUME") == []


def test_labels_tell_what_it_is_and_of_which_commit() -> None:
    labels = {name.rpartition(".")[2]: value for name, value in parser().labels.items()}
    assert set(labels) == {"title", "description", "licenses", "version", "revision", "source", "documentation"}
    assert all(name.startswith("org.opencontainers.image.") for name in parser().labels)
    assert {argument.partition("=")[0] for argument in FINAL.all("ARG")} == {"VERSION", "REVISION", "SOURCE"}
    for argument in ("VERSION", "REVISION", "SOURCE"):
        assert f"{argument}=" in (ROOT / ".github/workflows/release.yaml").read_text()


def test_nothing_but_what_is_copied_is_sent_to_the_engine() -> None:
    rules = [line for line in IGNORED if line and not line.startswith("#")]
    sources = [source for value in BUILD.all("COPY") for source in value.split()[:-1]]
    assert rules[0] == "*"
    assert sorted(rule[1:] for rule in rules if rule.startswith("!")) == sorted(sources)
    assert {"**/__pycache__", "**/*.pyc"} <= set(rules)


@pytest.mark.skipif(
    not Path(sys.executable).with_name("hadolint").exists(), reason="there is no hadolint for this machine"
)
def test_hadolint_finds_nothing() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", PATH], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")
