"""A real Kubernetes control plane on loopback, for tests, the demo and people: etcd, kube-apiserver and kubectl.

What belongs here: finding, fetching or building the three binaries, running the two servers, users with client
certificates, the audit log, and the bad days of a control plane (stopped, paused, watches cut).

What does not: anything of the product. There are no controllers, no scheduler and no nodes, so nothing runs pods,
collects garbage, or empties a deleted namespace.

`python -m devenv.control_plane` runs one until Ctrl-C. `go.mod` is where the Kubernetes version is chosen.
"""

from devenv.control_plane.binaries import Binaries, BinariesMissingError, ensure_binaries
from devenv.control_plane.control_plane import ControlPlane
from devenv.control_plane.kubectl import (
    Kubectl,
    KubectlFailedError,
    install_crds,
    is_established,
    wait_until_established,
)

__all__ = [
    "Binaries",
    "BinariesMissingError",
    "ControlPlane",
    "Kubectl",
    "KubectlFailedError",
    "ensure_binaries",
    "install_crds",
    "is_established",
    "wait_until_established",
]
