"""`python -m devenv.playground`: a cluster without our operator, and what to type in another terminal."""

import argparse
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, ensure_binaries
from devenv.demo.order_processor import publish
from devenv.helm import ensure_helm
from devenv.playground.node import Node

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Playground:
    """A cluster that has nothing of ours yet, and an AWS with one state machine on version 1."""

    control_plane: ControlPlane
    aws: Emulator
    node: Node
    environment: Mapping[str, str]
    """What a shell needs: KUBECONFIG, PATH with kubectl, helm and the plugin, and AWS."""


@contextlib.contextmanager
def playground() -> Iterator[Playground]:
    """Start all of it; binaries that are missing are built first."""
    binaries, helm = ensure_binaries(), ensure_helm()
    with ControlPlane(binaries) as control_plane, AwsEmulator() as emulator:
        aws = emulator.client
        publish(aws)
        programs = {binaries.kubectl.parent, helm.parent, Path(sys.executable).parent}
        environment = {
            "KUBECONFIG": str(control_plane.admin_kubeconfig),
            "PATH": ":".join([*map(str, sorted(programs)), os.environ["PATH"]]),
            **aws.environment(),
        }
        with Node(control_plane, aws.environment()) as node:
            yield Playground(control_plane, aws, node, environment)


def main() -> int:
    """Run until Ctrl-C; only lines that a shell can evaluate go to stdout."""
    argparse.ArgumentParser(prog="make playground", description=__doc__).parse_args()
    with playground() as place:
        for name, value in place.environment.items():
            print(f"export {name}={shlex.quote(value)}")
        print(f"cd {shlex.quote(str(ROOT))}", flush=True)
        print(
            f"\nReady. Paste the lines above into another terminal and follow docs/tour.md there.\n"
            f"Logs of the operator's pods: {place.node.logs}\nCtrl-C ends it.",
            file=sys.stderr,
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
