"""What the Dockerfile's commands make: the operator, what it needs, and nothing else."""

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sfn_rollouts import __version__
from sfn_rollouts.health import HealthServer
from tests.image.build import HOME, run
from tests.image.dockerfile import ROOT, health_command, stages

FINAL = stages()[-1]
ENTRY = json.loads(FINAL.only("ENTRYPOINT"))
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")


def libraries(tree: Path) -> Path:
    (found,) = tree.glob("lib/python3.*/site-packages")
    return found


def installed(tree: Path) -> dict[str, Distribution]:
    return {_plain(each.name): each for each in distributions(path=[str(libraries(tree))])}


def wanted() -> dict[str, str]:
    """Names and versions of requirements/runtime.txt that apply to this interpreter."""
    lines = re.findall(r"^([\w.-]+==[^\\\n]+?) ?\\?$", (ROOT / "requirements/runtime.txt").read_text(), re.MULTILINE)
    pins = [Requirement(line) for line in lines]
    return {
        _plain(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }


def call(tree: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The entry point, isolated, with a home that does not exist. Isolated, Python hears no PYTHONDONTWRITEBYTECODE."""
    words = [ENTRY[0].replace(HOME, str(tree)), "-I", "-B", *ENTRY[1:], *arguments]
    return subprocess.run(
        words,
        env={"HOME": "/nonexistent", **environment},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_says_its_version(tree: Path) -> None:
    answer = call(tree, "version")
    assert (answer.returncode, answer.stdout) == (0, f"sfn-rollouts {__version__}\n")


def test_it_knows_how_to_run(tree: Path) -> None:
    answer = call(tree, *json.loads(FINAL.only("CMD")), "--help")
    assert answer.returncode == 0, answer.stderr
    assert "--leader-elect" in answer.stdout


def test_it_finds_every_module_of_the_operator_and_starts(tree: Path, tmp_path: Path) -> None:
    """As far as looking for the cluster that is not there: everything it is made of has been imported by then."""
    kubeconfig = tmp_path / "config"
    answer = call(tree, "run", f"--kubeconfig={kubeconfig}")
    assert answer.returncode == 2
    assert "cannot start" in answer.stderr
    assert "ModuleNotFoundError" not in answer.stderr


def test_it_holds_what_is_pinned_and_no_more(tree: Path) -> None:
    assert {name: found.version for name, found in installed(tree).items()} == wanted()


def test_it_holds_no_installer_and_no_code_of_ours_but_the_operator(tree: Path) -> None:
    owned = {
        Path(str(file)).parts[0]
        for found in installed(tree).values()
        for file in found.files or ()
        if file.parts[0] != ".."
    }
    there = {path.name for path in libraries(tree).iterdir()} - {"__pycache__", "_virtualenv.py", "_virtualenv.pth"}
    assert there - owned == {"sfn_rollouts"}
    assert not {"pip", "setuptools", "wheel", "uv"} & there
    assert list((tree / "bin").glob("pip*")) == []
    names = {path.name for path in (libraries(tree) / "sfn_rollouts").rglob("*")}
    assert not {"tests", "conftest.py", "devenv"} & names


def test_it_is_the_operator_that_is_in_the_repository(tree: Path) -> None:
    source = ROOT / "operator/sfn_rollouts"
    copied = {path.relative_to(libraries(tree)).as_posix() for path in libraries(tree).glob("sfn_rollouts/**/*.py")}
    assert copied == {f"sfn_rollouts/{path.relative_to(source).as_posix()}" for path in source.rglob("*.py")}


def test_every_module_is_compiled_by_its_content(tree: Path) -> None:
    for module in libraries(tree).glob("sfn_rollouts/**/*.py"):
        (compiled,) = (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc")
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == 0b01, "PEP 552: by hash, and trusted without a look at the source"


def test_nothing_is_written_where_it_is_installed(tree: Path) -> None:
    before = _listing(tree)
    answer = call(tree, "lint", str(ROOT / "examples/canary.yaml"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert _listing(tree) == before


def test_plain_docker_sees_whether_it_is_well(tree: Path) -> None:
    problems: list[str] = []
    server = HealthServer(0, alive=lambda: problems, ready=list, metrics=bytes)
    command = [word.replace(HOME, str(tree)) for word in health_command(FINAL)]

    def ask() -> int:
        environment = {"SFN_ROLLOUTS_HEALTH_PORT": str(server.port)}
        return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode

    server.start()
    try:
        assert ask() == 0
        problems.append("the engine has not moved for 40 s")
        assert ask() == 1
    finally:
        server.stop()
    assert ask() == 1


def test_the_last_stage_takes_its_installer_away(tmp_path: Path) -> None:
    """Tried on an environment with pip, which stands for the base image's own Python."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--seed", tmp_path / "base"], check=True)
    tools = tmp_path / "base/bin"
    assert list(tools.glob("pip*"))

    run(FINAL.only("RUN"), tmp_path, tmp_path, tools, {})

    assert list(tools.glob("pip*")) == []
    assert subprocess.run([tools / "python", "-m", "pip"], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_there_is_a_wheel_of_everything_for_each_platform_of_the_image(platform: str, tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [
            uv, "pip", "install", "--quiet", "--dry-run", "--no-deps", "--require-hashes", "--only-binary=:all:",
            "--python-version=3.13", f"--python-platform={platform}", "--target", tmp_path,
            "-r", ROOT / "requirements/runtime.txt",
        ],
        check=True,
        timeout=120,
    )  # fmt: skip


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _listing(tree: Path) -> set[tuple[str, int]]:
    return {(str(path), path.stat().st_mtime_ns) for path in tree.rglob("*") if path.is_file()}
