"""What the layout of the repository must keep to."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from sfn_rollouts import __version__

ROOT = Path(__file__).parents[2]


def test_the_source_root_does_not_shadow_the_standard_librarys_operator() -> None:
    assert [path.name for path in (ROOT / "operator").iterdir() if path.name != "__pycache__"] == ["sfn_rollouts"]
    assert str(ROOT / "operator") not in str(importlib.import_module("operator").__file__)
    assert importlib.import_module("operator").add(1, 2) == 3


def test_the_version_stands_in_one_place_and_its_twin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_no_module_has_a_name_that_says_nothing() -> None:
    forbidden = {"utils", "helpers", "common", "constants", "misc"}
    names = {path.stem for folder in ("operator", "devenv", "tests") for path in (ROOT / folder).rglob("*.py")}
    assert names & forbidden == set()


def test_the_pinned_files_carry_hashes_and_no_host() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--index-url|--extra-index-url", text)


def test_the_package_says_what_belongs_in_each_part() -> None:
    for package in ("analysis", "api", "asl", "aws", "core", "engine", "kube"):
        module = importlib.import_module(f"sfn_rollouts.{package}")
        assert len((module.__doc__ or "").split()) > 20, f"{package} has no docstring worth the name"


@pytest.mark.parametrize(
    ("room", "shared"),
    [("core/checks", {"chains"}), ("core/judges", {"judge", "table"}), ("engine/sources", {"source"})],
)
def test_every_file_of_a_room_of_equals_stands_in_its_contract(room: str, shared: set[str]) -> None:
    """Else the next one could import its neighbour unseen."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = [each for each in config["tool"]["importlinter"]["contracts"] if each["type"] == "independence"]
    package = f"sfn_rollouts.{room.replace('/', '.')}"
    named = {name for each in contracts for name in each["modules"] if name.startswith(f"{package}.")}
    files = {path.stem for path in (ROOT / "operator/sfn_rollouts" / room).glob("*.py")} - shared - {"__init__"}
    assert named == {f"{package}.{stem}" for stem in files}
