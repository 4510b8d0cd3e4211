"""What `kubectl apply -k` would send, and the namespaces that it takes for granted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import Kubectl

DEPLOY = Path(__file__).parents[2] / "deploy"
NAMESPACES = ("sfn-rollouts", "team-a")
"""Of the operator, and the one that the overlay `namespaced` watches as shipped."""

Manifest = dict[str, Any]
Build = Callable[[str], list[Manifest]]


@pytest.fixture(scope="session")
def build(kubectl: Kubectl) -> Build:
    """`build("overlays/irsa")` gives the manifests; each folder is built once a session."""
    built: dict[str, list[Manifest]] = {}

    def once(folder: str) -> list[Manifest]:
        if folder not in built:
            built[folder] = list(yaml.safe_load_all(kubectl("kustomize", str(DEPLOY / folder)).stdout))
        return built[folder]

    return once


@pytest.fixture(scope="session")
def namespaces_exist(kubectl: Kubectl) -> None:
    """A dry run of a namespace does not make it, so what goes into it would be refused."""
    wanted = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES]
    kubectl("apply", "--server-side", "--field-manager=namespaces-exist", "-f", "-", stdin=yaml.safe_dump_all(wanted))


def one(manifests: list[Manifest], kind: str, name: str = "sfn-rollouts", namespace: str | None = None) -> Manifest:
    """The only manifest of this kind and name."""
    wanted = (kind, name)
    [found] = [
        each
        for each in manifests
        if (each["kind"], each["metadata"]["name"]) == wanted and namespace in (None, each["metadata"].get("namespace"))
    ]
    return found
