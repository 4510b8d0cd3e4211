"""Carries out a stage of the Dockerfile below a folder: the same COPY and RUN, with paths moved there.

What differs from an engine: the folder stands for the root, the interpreter is the tests' own, and pip is uv, whose
cache has the wheels already. What uv is asked for is what the Dockerfile asks pip for. Dependencies are not compiled
ahead, which takes a minute and changes nothing but the time of a start.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.image.dockerfile import ROOT, Stage, environment

HOME = "/opt/sfn-rollouts"
_PIP = """#!/bin/sh
test "$1" = --python && test "$3" = install || exit 64
interpreter=$2
shift 3
exec {uv} pip install --quiet --python "$interpreter" "$@"
"""
COMPILE_ALL = f"&& {HOME}/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash {HOME}/lib"
_PYTHON = '#!/bin/sh\nexec {python} "$@"\n'


def build(stage: Stage, folder: Path) -> Path:
    """Carry out a stage; gives what stands for /opt/sfn-rollouts."""
    tools = _tools(folder / "tools")
    work = folder
    for instruction, value in stage.instructions:
        if instruction == "WORKDIR":
            work = folder / value.removeprefix("/")
            work.mkdir(parents=True)
        elif instruction == "COPY":
            _copy(*value.split(), work)
        elif instruction == "RUN":
            run(value, folder, work, tools, environment(stage))
    return folder / HOME.removeprefix("/")


def run(command: str, folder: Path, work: Path, tools: Path, extra: dict[str, str]) -> None:
    """Run a command as RUN does. What stays of the developer's environment is how to reach a package index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    subprocess.run(
        ["/bin/sh", "-c", command.replace(COMPILE_ALL, "").replace(HOME, f"{folder}{HOME}")],
        cwd=work,
        env={**kept, **extra, "PATH": f"{tools}:/usr/bin:/bin"},
        check=True,
        timeout=120,
    )


def _copy(source: str, target: str, work: Path) -> None:
    """What .dockerignore lets in: no compiled files."""
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, work / target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        (work / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, work / target)


def _tools(folder: Path) -> Path:
    folder.mkdir()
    uv, python = Path(sys.executable).with_name("uv"), getattr(sys, "_base_executable", sys.executable)
    for name, script in (
        ("pip", _PIP.format(uv=shlex.quote(str(uv)))),
        ("python", _PYTHON.format(python=shlex.quote(python))),
    ):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return folder
