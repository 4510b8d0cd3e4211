"""What the kernel and the operator itself report of a process: CPU seconds, resident memory, counters."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

_TICKS = os.sysconf("SC_CLK_TCK")
_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Usage:
    """CPU seconds since the process began, resident MiB now."""

    cpu_s: float
    resident_mib: float


def usage(pid: int) -> Usage:
    """Read /proc; Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(resident.group(1)) / 1024 if resident else 0.0)


def counter(health_url: str, name: str) -> float:
    """Sum of a Prometheus counter over its labels."""
    with urlopen(f"{health_url}/metrics", timeout=10) as answer:  # noqa: S310 - loopback
        text = answer.read().decode()
    return sum(float(match["value"]) for match in _SAMPLE.finditer(text) if match["name"] == name)
