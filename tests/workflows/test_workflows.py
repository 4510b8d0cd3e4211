"""What every workflow must keep to: pinned, least rights, nothing foreign in a script."""

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from tests.workflows.workflow import ALL_STEPS, PATHS, PIN, ROOT, SCRIPTS, jobs, workflow

EACH = pytest.mark.parametrize("name", PATHS)
WRITES = {
    ("release", "image"): {"packages", "id-token"},
    ("release", "chart"): {"packages", "id-token"},
    ("release", "release"): {"contents", "id-token"},
}
"""What a job may write, and no other may."""


def test_there_are_one_that_tests_and_one_that_releases() -> None:
    assert set(PATHS) == {"ci", "release"}


@EACH
def test_every_action_is_pinned_by_commit_and_says_its_version(name: str) -> None:
    text = PATHS[name].read_text()
    pins = PIN.findall(text)
    assert len(pins) == text.count("uses: ")
    for action, commit, version in pins:
        assert re.fullmatch(r"[0-9a-f]{40}", commit), f"{action} is not pinned"
        assert version, f"{action} does not say its version"


def test_an_action_has_one_commit_everywhere() -> None:
    pins = set(chain.from_iterable(PIN.findall(path.read_text()) for path in PATHS.values()))
    assert len(pins) == len({action for action, _, _ in pins})


@EACH
def test_rights_are_given_by_name_and_writing_ones_to_few_jobs(name: str) -> None:
    assert workflow(name)["permissions"] in ({}, {"contents": "read"})
    for job, fields in jobs(name).items():
        given = fields.get("permissions", {})
        assert {right for right, level in given.items() if level == "write"} == WRITES.get((name, job), set())
        assert workflow(name)["permissions"] or given, f"{job} says nothing of its rights"


@EACH
def test_a_job_ends_and_runs_on_a_system_with_a_number(name: str) -> None:
    for fields in jobs(name).values():
        assert 0 < fields["timeout-minutes"] <= 60
        assert re.fullmatch(r"ubuntu-\d\d\.\d\d", fields["runs-on"])


@EACH
def test_runs_of_one_branch_do_not_race(name: str) -> None:
    assert "${{ github.ref }}" in workflow(name)["concurrency"]["group"]


def test_a_release_is_never_cut_off() -> None:
    assert workflow("release")["concurrency"]["cancel-in-progress"] is False


def test_foreign_code_never_runs_with_rights() -> None:
    """`pull_request_target` and `workflow_run` would give a stranger's branch our token."""
    for name in PATHS:
        assert set(workflow(name)[True]) <= {"push", "pull_request"}


@pytest.mark.parametrize("name", ALL_STEPS)
def test_a_checkout_leaves_no_token_behind(name: str) -> None:
    fields = ALL_STEPS[name].fields
    if str(fields.get("uses", "")).startswith("actions/checkout@"):
        assert fields["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_shell_and_holds_nothing_from_outside(name: str) -> None:
    """A tag's name that is filled into a script is a command; from the environment it is a word."""
    script = SCRIPTS[name].script
    assert "${{" not in script
    assert not re.search(r"set -[a-z]*x|\becho\b.*\$(TOKEN|GH_TOKEN)", script)
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_calls_what_there_is(name: str) -> None:
    script, makefile = SCRIPTS[name].script, (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake (?:--\w+ )*([a-z-]+)", script):
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), f"the Makefile has no {target}"
    for path in re.findall(r"(?:^|\s)((?:charts|\.ci|deploy|devenv)/[\w./-]+)", script):
        assert (ROOT / path).exists(), f"there is no {path}"


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_finds_each_variable_that_it_reads(name: str) -> None:
    step = SCRIPTS[name]
    of = name.partition("/")[0]
    known = {
        *workflow(of).get("env", {}),
        *jobs(of)[step.job].get("env", {}),
        *step.fields.get("env", {}),
        *re.findall(r"^([A-Z]+)=", step.script, re.MULTILINE),
    }
    read = set(re.findall(r"\$\{?([A-Z_]+)", step.script))
    assert {variable for variable in read if not variable.startswith("GITHUB_")} <= known


@EACH
def test_a_job_needs_whom_it_reads_from(name: str) -> None:
    all_jobs = jobs(name)
    for job, fields in all_jobs.items():
        needs = {fields["needs"]} if isinstance(fields.get("needs"), str) else set(fields.get("needs", ()))
        assert needs <= set(all_jobs)
        for other, output in re.findall(r"needs\.(\w+)\.outputs\.(\w+)", str(fields)):
            assert other in needs, f"{job} reads from {other}"
            assert output in all_jobs[other]["outputs"]


def test_ci_tests_each_python_that_the_package_says_it_takes() -> None:
    matrix = jobs("ci")["test"]["strategy"]["matrix"]["python"]
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    assert matrix[0] == oldest
    assert matrix == [f"3.{minor}" for minor in range(int(oldest.partition(".")[2]), 14)]


def test_both_run_the_tests_that_a_developer_runs() -> None:
    assert [step.script for step in SCRIPTS.values() if "/test/Test" in step.name] == [".ci/run", ".ci/run"]


def test_a_release_is_tested_before_anything_leaves() -> None:
    for job, fields in jobs("release").items():
        assert job == "test" or "test" in str(fields["needs"])


def test_image_and_chart_go_where_the_chart_and_the_guides_look_for_them() -> None:
    values = (ROOT / "charts/sfn-rollouts/values.yaml").read_text()
    assert workflow("release")["env"]["REGISTRY"] == "ghcr.io"
    assert "repository: ghcr.io/sfn-rollouts/sfn-rollouts\n" in values  # $REGISTRY/$GITHUB_REPOSITORY


def test_the_image_is_for_both_kinds_of_nodes_with_provenance_and_a_bill_of_materials() -> None:
    (step,) = [
        step for step in ALL_STEPS.values() if str(step.fields.get("uses")).startswith("docker/build-push-action@")
    ]
    wanted = step.fields["with"]
    assert wanted["platforms"] == "linux/amd64,linux/arm64"
    assert (wanted["provenance"], wanted["sbom"]) == ("mode=max", True)


TOOLS = Path(sys.executable).parent
DEPENDABOT = ROOT / ".github/dependabot.yml"


@pytest.mark.parametrize(
    ("schema", "path"), [*(("github-workflows", path) for path in PATHS.values()), ("dependabot", DEPENDABOT)]
)
def test_github_would_take_it(schema: str, path: Path) -> None:
    subprocess.run([TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", path], check=True)


def test_zizmor_finds_no_weakness() -> None:
    found = subprocess.run(
        [TOOLS / "zizmor", "--offline", "--quiet", "--no-progress", ROOT / ".github"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout
