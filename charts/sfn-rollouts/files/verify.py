"""What `helm test` runs in the operator's own image: the CRD is there and new enough, and the operator is ready.

Usage: python -c "$(cat verify.py)" URL-OF-READYZ [SECONDS]
"""

import os
import sys
import time
import urllib.request

from sfn_rollouts.errors import PortError
from sfn_rollouts.kube.connection import NoCluster, connect
from sfn_rollouts.kube.crd import crd_problem


def readiness_problem(url: str, patience_s: float) -> str | None:
    """Ask until it answers 200; after a fresh install, pods may still be starting."""
    until_s = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - the Service of the release, by the chart
                return None
        except OSError as error:
            if time.monotonic() > until_s:
                return f"the operator is not ready, {url}: {error}"
        time.sleep(1)


def problem(url: str, patience_s: float) -> str | None:
    """What is wrong, and what to do."""
    try:
        return crd_problem(connect(environ=os.environ)) or readiness_problem(url, patience_s)
    except (PortError, NoCluster) as error:
        return str(error)


if found := problem(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 90):
    sys.exit(found)
print("The CRD is installed, and the operator is ready.")
