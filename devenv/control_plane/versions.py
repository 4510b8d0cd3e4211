"""Which Kubernetes, for which machine: read from go.mod and prebuilt.json, the only places to choose it."""

import json
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_GO_NAMES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Archive:
    """One published archive: `kubernetes_version` without the v, `sha512` in hexadecimal."""

    kubernetes_version: str
    url: str
    sha512: str


def built_version() -> str:
    """The Kubernetes version that go.mod pins, such as 1.35.4."""
    pinned = re.search(r"^\s*k8s\.io/kubernetes v(\S+)", (HERE / "go.mod").read_text(), re.MULTILINE)
    if pinned is None:
        raise ValueError(f"{HERE / 'go.mod'} pins no k8s.io/kubernetes")
    return pinned[1]


def machine() -> str:
    """This machine as Go spells it, such as linux-amd64."""
    cpu = platform.machine().lower()
    return f"{sys.platform}-{_GO_NAMES.get(cpu, cpu)}"


def published_archive(for_machine: str) -> Archive | None:
    """The prebuilt archive for a machine, or None where none is published."""
    published: dict[str, dict[str, dict[str, str]]] = json.loads((HERE / "prebuilt.json").read_text())
    [(version, archives)] = published.items()
    entry = archives.get(for_machine)
    return Archive(version.removeprefix("v"), entry["url"], entry["sha512"]) if entry else None
