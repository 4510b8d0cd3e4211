"""What a release says of itself, and when there is none."""

from pathlib import Path

import pytest

from devenv.release_notes import ROOT, NotReleasableError, main, release_notes, versions
from sfn_rollouts import __version__

CHANGELOG = """# Changelog

## Unreleased

## 1.2.3 - 2026-11-21

### Added
- A thing.

## 1.2.3-rc.1
- Half a thing.

## 1.2.2
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One that is ready for version 1.2.3."""
    files = {
        "CHANGELOG.md": CHANGELOG,
        "pyproject.toml": '[project]\nversion = "1.2.3"\n',
        "operator/sfn_rollouts/__init__.py": '"""Words."""\n\n__version__ = "1.2.3"\n',
        "charts/sfn-rollouts/Chart.yaml": "version: 1.2.3\nappVersion: 1.2.3\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def replace(repository: Path, path: str, version: str) -> None:
    file = repository / path
    file.write_text(file.read_text().replace("1.2.3", version))


def test_the_notes_are_the_section_of_the_changelog(repository: Path) -> None:
    assert release_notes("v1.2.3", repository) == "### Added\n- A thing.\n"


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3.4", "v1.2.3;true", "main"])
def test_another_tag_releases_nothing(tag: str, repository: Path) -> None:
    with pytest.raises(NotReleasableError, match="no tag of a release"):
        release_notes(tag, repository)


@pytest.mark.parametrize(
    "path", ["pyproject.toml", "operator/sfn_rollouts/__init__.py", "charts/sfn-rollouts/Chart.yaml"]
)
def test_a_version_that_was_forgotten_is_named(path: str, repository: Path) -> None:
    replace(repository, path, "1.2.2")
    with pytest.raises(NotReleasableError, match=r"the tag says 1\.2\.3, but .* says 1\.2\.2"):
        release_notes("v1.2.3", repository)


@pytest.mark.parametrize("version", ["1.2.2", "1.2.4"])
def test_a_changelog_that_says_nothing_is_not_enough(version: str, repository: Path) -> None:
    for path in ("pyproject.toml", "operator/sfn_rollouts/__init__.py", "charts/sfn-rollouts/Chart.yaml"):
        replace(repository, path, version)
    with pytest.raises(NotReleasableError, match=r"rename `## Unreleased`"):
        release_notes(f"v{version}", repository)


def test_a_candidate_has_notes_of_its_own(repository: Path) -> None:
    for path in ("pyproject.toml", "operator/sfn_rollouts/__init__.py", "charts/sfn-rollouts/Chart.yaml"):
        replace(repository, path, "1.2.3-rc.1")
    assert release_notes("v1.2.3-rc.1", repository) == "- Half a thing.\n"


def test_the_command_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v999.0.0"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("cannot release: the tag says 999.0.0, but pyproject.toml says ")


def test_the_versions_of_this_repository_agree() -> None:
    """The changelog's section is named on the day of the release."""
    assert set(versions(ROOT).values()) == {__version__}
