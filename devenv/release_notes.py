"""What CHANGELOG.md says of a release, once all agree on its version: `python -m devenv.release_notes v1.2.3`."""

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
_TAG = re.compile(r"v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")


class NotReleasableError(Exception):
    """The tag and the repository do not agree; the text says what to fix."""


def release_notes(tag: str, root: Path) -> str:
    """Return the section of CHANGELOG.md.

    Raises:
        NotReleasableError: the tag is no version, another one stands somewhere, or the changelog has no such section.
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        raise NotReleasableError(f"{tag!r} is no tag of a release: v1.2.3, or v1.2.3-rc.1")
    version = match.group(1)
    others = [f"{place} says {found}" for place, found in versions(root).items() if found != version]
    if others:
        raise NotReleasableError(f"the tag says {version}, but {', '.join(others)}")
    return _section((root / "CHANGELOG.md").read_text(), version)


def versions(root: Path) -> Mapping[str, str]:
    """Return the version that stands in each place."""
    chart = yaml.safe_load((root / "charts/sfn-rollouts/Chart.yaml").read_text())
    module = (root / "operator/sfn_rollouts/__init__.py").read_text()
    package = re.search(r'^__version__ = "(.+)"$', module, re.MULTILINE)
    return {
        "pyproject.toml": str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]),
        "operator/sfn_rollouts/__init__.py": package.group(1) if package is not None else "nothing",
        "the chart's version": str(chart["version"]),
        "the chart's appVersion": str(chart["appVersion"]),
    }


def _section(changelog: str, version: str) -> str:
    """What stands between its heading, which may go on with a date, and the next."""
    found = re.search(rf"^## {re.escape(version)}\b(?!-)[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found.group(1).strip():
        raise NotReleasableError(f"CHANGELOG.md has nothing under a heading `## {version}`: rename `## Unreleased`")
    return found.group(1).strip() + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Print the notes; give the exit code, 1 when there is nothing to release."""
    what = (__doc__ or "").partition(":")[0]
    parser = argparse.ArgumentParser(prog="python -m devenv.release_notes", description=what)
    parser.add_argument("tag", help="as v1.2.3")
    try:
        sys.stdout.write(release_notes(parser.parse_args(arguments).tag, ROOT))
    except NotReleasableError as error:
        sys.stderr.write(f"cannot release: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
