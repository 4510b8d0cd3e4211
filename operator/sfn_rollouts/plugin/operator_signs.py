"""Whether an operator is there at all: what its Lease shows, and how to look further."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from sfn_rollouts.explain.times import age
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.names import NamespaceName
from sfn_rollouts.plugin.problems import ForbiddenError, NotFoundError, PluginError
from sfn_rollouts.printable import one_line, word
from sfn_rollouts.shapes import Shape

F = TypeVar("F", bound=Callable[..., Any])

NAME = "sfn-rollouts"
LABEL = f"app.kubernetes.io/name={NAME}"
_LEASES = "leases.coordination.k8s.io"
_USUAL_TERM_S, _LONGEST_TERM_S = 15, 150
"""As `leading.candidate.LeaseDurations`: what an operator writes, and how long any Lease keeps another out."""
_LEASE: Shape = {"spec?": {"holderIdentity?": str, "renewTime?": str, "leaseDurationSeconds?": int}}
_HOLDER_SHOWN = 128


def operator_namespace_option(function: F) -> F:
    """Return the option --operator-namespace."""
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
    """Explain in a sentence or two why an operator does not answer, as far as its Lease shows."""
    try:
        lease = cluster.read(_LEASES, NAME, namespace=namespace, shape=_LEASE)
    except NotFoundError:
        return (
            f"There is no Lease {NAME} in namespace {namespace}: no operator runs there, or it runs without "
            f"--leader-elect. If it is elsewhere, say where with --operator-namespace."
        )
    except ForbiddenError as error:
        return f"Whether an operator runs cannot be determined: {error.message}."
    except PluginError as error:
        return f"Whether an operator runs cannot be determined: {error.format_message()}"
    return described(lease.get("spec") or {}, namespace, datetime.now(UTC))


def described(spec: dict[str, Any], namespace: str, now: datetime) -> str:
    """Describe what the spec of an operator's Lease shows."""
    logs = f"See its log: kubectl logs -n {word(namespace)} -l {LABEL}"
    renewed = _moment(spec.get("renewTime"))
    if not spec.get("holderIdentity") or renewed is None:
        return f"The operator has stopped: nobody holds the Lease {NAME} in namespace {namespace}. {logs}"
    ago = age(renewed, now)
    if (now - renewed).total_seconds() > 2 * _term_s(spec):
        return (
            f"The operator does not run: its Lease {NAME} in namespace {namespace} was last renewed {ago} ago. {logs}"
        )
    holder = one_line(spec["holderIdentity"], _HOLDER_SHOWN)
    return (
        f"An operator runs (its Lease was renewed {ago} ago by {holder}), so it may not watch this namespace, "
        f"or it may be failing. {logs}"
    )


def _term_s(spec: dict[str, Any]) -> int:
    """Return for how long the Lease binds; what somebody else wrote into it may say anything."""
    return min(max(spec.get("leaseDurationSeconds") or 0, _USUAL_TERM_S), _LONGEST_TERM_S)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
