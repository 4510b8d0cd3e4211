"""`kubectl sfnrollout`: rollouts for people at a terminal and for pipelines.

Belongs here: the verbs (a file per family), what they print, and the one way to the cluster: the `kubectl` on PATH, so
that every kubeconfig, credential plugin and proxy that works there works here. Does not belong here: what a rollout
means (`core`) and what a manifest may say (`api`); both are imported by the verbs that need them, when they need them,
since `--help` and `list` must answer at once. The plugin never writes a status, and of a spec nothing but its version.
"""

import signal
import sys


def main() -> None:
    """Run `kubectl-sfnrollout` and exit with its code."""
    from sfn_rollouts.plugin.verbs import run  # noqa: PLC0415 - a completion must not import the verbs, nor they it

    # Unwound and not cut off: else a watch leaves the terminal on its own screen, and its kubectl behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(run())


def complete() -> None:
    """Run `kubectl_complete-sfnrollout`, which kubectl asks for candidates, and exit with its code."""
    from sfn_rollouts.plugin.completion import run  # noqa: PLC0415 - as above

    sys.exit(run())
