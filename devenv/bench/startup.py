"""How long a person waits for the plugin, through the real kubectl, as they type it."""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from devenv.control_plane import Kubectl

RUNS = 9
COMMANDS = {"--help": ("--help",), "list": ("list", "--all-namespaces")}


@dataclass(frozen=True)
class Startup:
    """Medians, in milliseconds; `cpu_ms` is that of kubectl and the plugin together."""

    wall_ms: float
    cpu_ms: float


def startups(kubectl: Kubectl) -> Mapping[str, Startup]:
    """Measure each command, after one run that fills the caches."""
    return {name: _startup([str(kubectl.binary), "sfnrollout", *words], kubectl) for name, words in COMMANDS.items()}


def _startup(command: list[str], kubectl: Kubectl) -> Startup:
    environment = kubectl.environment(plugins=Path(sys.executable).parent)
    runs = [_run(command, environment) for _ in range(1 + RUNS)][1:]
    return Startup(median(run.wall_ms for run in runs), median(run.cpu_ms for run in runs))


def _run(command: list[str], environment: Mapping[str, str]) -> Startup:
    began, used = time.monotonic(), _children_cpu_s()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return Startup(1000 * (time.monotonic() - began), 1000 * (_children_cpu_s() - used))


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
