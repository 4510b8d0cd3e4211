"""Scripts of the release, run with stand-ins for the tools that need a registry."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests.workflows.workflow import SCRIPTS

STAND_IN = '#!/bin/sh\necho "$(basename "$0") $*" >> {log}\n'
GIVEN = {
    "REGISTRY": "ghcr.io",
    "GITHUB_REPOSITORY": "acme/sfn-rollouts",
    "GITHUB_REPOSITORY_OWNER": "acme",
    "GITHUB_REF_NAME": "v1.2.3",
    "GITHUB_SERVER_URL": "https://github.com",
    "VERSION": "1.2.3",
    "DIGEST": "sha256:0123",
}


class Runner:
    """A folder of a job, and what its tools were called with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self._log = folder / "calls"
        self._tools = folder / "tools"
        self._tools.mkdir()
        for tool in ("cosign", "gh", "helm"):
            (self._tools / tool).write_text(STAND_IN.format(log=self._log))
            (self._tools / tool).chmod(0o755)

    def run(self, step: str) -> int:
        """As GitHub runs it: bash, that ends at the first failure, also within a pipe."""
        script = SCRIPTS[step].script
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**GIVEN, "PATH": f"{self._tools}:{os.environ['PATH']}"},
            check=False,
        ).returncode

    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_chart_is_signed_by_the_digest_that_helm_printed(runner: Runner) -> None:
    (runner.folder / "pushed.txt").write_text("Pushed: ghcr.io/acme/charts/sfn-rollouts:1.2.3\nDigest: sha256:abc\n")

    assert runner.run("release/chart/Sign it by its digest") == 0
    assert runner.calls() == ["cosign sign --yes ghcr.io/acme/charts/sfn-rollouts@sha256:abc"]


def test_a_chart_without_a_digest_is_not_signed(runner: Runner) -> None:
    (runner.folder / "pushed.txt").write_text("Error: denied\n")

    assert runner.run("release/chart/Sign it by its digest") != 0
    assert runner.calls() == []


def test_the_chart_gets_the_version_of_the_tag(runner: Runner) -> None:
    assert runner.run("release/chart/Package and push") == 0
    package, push = runner.calls()
    assert package == "helm package charts/sfn-rollouts --version 1.2.3 --app-version 1.2.3 --destination dist"
    assert push == "helm push dist/sfn-rollouts-1.2.3.tgz oci://ghcr.io/acme/charts"


def test_the_image_is_signed_by_its_digest_with_what_hangs_on_it(runner: Runner) -> None:
    assert runner.run("release/image/Sign it by its digest") == 0
    assert runner.calls() == ["cosign sign --yes --recursive ghcr.io/acme/sfn-rollouts@sha256:0123"]


def test_everything_is_published_with_checksums_that_are_signed(runner: Runner) -> None:
    wheel, source, chart = "sfn_rollouts-1.2.3-py3-none-any.whl", "sfn_rollouts-1.2.3.tar.gz", "sfn-rollouts-1.2.3.tgz"
    (runner.folder / "dist").mkdir()
    for path in (f"dist/{wheel}", f"dist/{source}", chart, "install.yaml"):
        (runner.folder / path).write_text(path)
    (runner.folder / "notes.md").write_text("### Added\n- much\n")

    assert runner.run("release/release/Put all in one folder, with checksums, and sign these") == 0
    sums = dict(
        reversed(line.split(maxsplit=1)) for line in (runner.folder / "assets/SHA256SUMS").read_text().splitlines()
    )
    assert sums == {
        wheel: hashlib.sha256(f"dist/{wheel}".encode()).hexdigest(),
        source: hashlib.sha256(f"dist/{source}".encode()).hexdigest(),
        chart: hashlib.sha256(chart.encode()).hexdigest(),
        "install.yaml": hashlib.sha256(b"install.yaml").hexdigest(),
    }
    assert runner.run("release/release/Publish") == 0
    sign, publish = runner.calls()
    assert sign == "cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS"
    assert publish.startswith("gh release create v1.2.3 --repo acme/sfn-rollouts --verify-tag")
    assert all(f"assets/{name}" in publish for name in (wheel, source, chart, "install.yaml", "SHA256SUMS"))


def test_the_notes_tell_how_to_verify_the_image(runner: Runner) -> None:
    (runner.folder / "notes.md").write_text("### Added\n- much\n")

    assert runner.run("release/release/Publish") == 0
    assert (
        (runner.folder / "notes.md").read_text()
        == """### Added
- much

### Image
`ghcr.io/acme/sfn-rollouts:1.2.3@sha256:0123`, signed by this workflow:

    cosign verify ghcr.io/acme/sfn-rollouts:1.2.3@sha256:0123 \\
      --certificate-identity https://github.com/acme/sfn-rollouts/.github/workflows/release.yaml@refs/tags/v1.2.3 \\
      --certificate-oidc-issuer https://token.actions.githubusercontent.com
"""
    )
