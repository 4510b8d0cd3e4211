"""Real Helm for the chart's tests and the tour: found, else built from Go modules, and run against one cluster.

What belongs here: where the program comes from, and Helm as a function whose files are its own, never the person's.

What does not: anything about our chart.

`python -m devenv.helm` says where it is. `go.mod` is where Helm's version is chosen.
"""

from devenv.helm.binary import HelmMissingError, ensure_helm
from devenv.helm.command import Helm, HelmFailedError

__all__ = ["Helm", "HelmFailedError", "HelmMissingError", "ensure_helm"]
