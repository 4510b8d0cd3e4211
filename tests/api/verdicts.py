"""Verdicts of the real API server about many manifests in one call."""

from collections.abc import Iterable

from devenv.control_plane import Kubectl


def accepted_by_server(kubectl: Kubectl, namespace: str, manifests: Iterable[str]) -> set[str]:
    """Return the names of those that it would store; one that is refused stops none of the others."""
    verb = ("create", "--dry-run=server", "-n", namespace, "-o", "name", "-f", "-")
    answer = kubectl(*verb, stdin="\n---\n".join(manifests), check=False)
    return {line.rpartition("/")[2] for line in answer.stdout.split()}
