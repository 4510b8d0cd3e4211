"""Whether an operator is there at all: what its Lease tells, and how to look further."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from sfn_rollouts.plugin.ages import age
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.names import NamespaceName
from sfn_rollouts.plugin.problems import ForbiddenError, NotFoundError, PluginError
from sfn_rollouts.printable import one_line, word

F = TypeVar("F", bound=Callable[..., Any])

NAME = "sfn-rollouts"
LABEL = f"app.kubernetes.io/name={NAME}"
_LEASES = "leases.coordination.k8s.io"
_USUAL_TERM_S = 15


def operator_namespace_option(function: F) -> F:
    """Give the option --operator-namespace."""
    return click.option(
        "--operator-namespace",
        metavar="NS",
        type=NamespaceName(),
        envvar="SFN_ROLLOUTS_OPERATOR_NAMESPACE",
        default=NAME,
        show_default=True,
        help="Where the operator runs; also $SFN_ROLLOUTS_OPERATOR_NAMESPACE.",
    )(function)


def why_no_answer(cluster: Cluster, namespace: str) -> str:
    """Say in a sentence or two why an operator does not answer, as far as its Lease tells."""
    try:
        lease = cluster.read(_LEASES, NAME, namespace=namespace)
    except NotFoundError:
        return (
            f"There is no Lease {NAME} in namespace {namespace}: no operator runs there, or it runs without "
            f"--leader-elect. If it is elsewhere, say where with --operator-namespace."
        )
    except ForbiddenError as error:
        return f"Whether an operator runs cannot be told: {error.message}."
    except PluginError as error:
        return f"Whether an operator runs cannot be told: {error.format_message()}"
    return _told_by(lease.get("spec") or {}, namespace, datetime.now(UTC))


def _told_by(spec: dict[str, Any], namespace: str, now: datetime) -> str:
    logs = f"Its log tells more: kubectl logs -n {word(namespace)} -l {LABEL}"
    renewed = _moment(spec.get("renewTime"))
    if not spec.get("holderIdentity") or renewed is None:
        return f"The operator has stopped: nobody holds the Lease {NAME} in namespace {namespace}. {logs}"
    ago = age(renewed, now)
    if (now - renewed).total_seconds() > 2 * (spec.get("leaseDurationSeconds") or _USUAL_TERM_S):
        return (
            f"The operator does not run: its Lease {NAME} in namespace {namespace} was last renewed {ago} ago. {logs}"
        )
    holder = one_line(str(spec["holderIdentity"]))
    return (
        f"An operator runs (its Lease was renewed {ago} ago by {holder}), so it may not look after this namespace, "
        f"or it is in trouble. {logs}"
    )


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None
