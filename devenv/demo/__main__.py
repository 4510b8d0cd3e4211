"""`python -m devenv.demo [--keep]`: sets the scene, plays the stories, and leaves it running with --keep."""

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path

from devenv.aws.client import Emulator
from devenv.aws.server import AwsEmulator
from devenv.control_plane import ControlPlane, Kubectl, ensure_binaries, install_crds
from devenv.demo.order_processor import ALIAS, NAME, publish
from devenv.demo.screen import Screen
from devenv.demo.stories import (
    NAMESPACE,
    ROLLOUT,
    Stage,
    bad_version,
    good_version,
    look_back,
    losing_version,
    unpinned_version,
)
from devenv.operator_process import OperatorProcess

CRDS = Path(__file__).parents[2] / "crds"


def main(arguments: list[str] | None = None) -> int:
    """Play the demo."""
    parser = argparse.ArgumentParser(prog="make demo", description="Rollouts on a real API server.")
    parser.add_argument("--keep", action="store_true", help="leave everything running and print how to reach it")
    options = parser.parse_args(arguments)
    binaries = ensure_binaries()
    screen = Screen()
    screen.heading("Setting the scene")
    screen.say("Starting etcd and kube-apiserver, and an emulator of AWS on loopback ...")
    with ControlPlane(binaries) as control_plane, AwsEmulator() as emulator:
        kubectl, aws = control_plane.as_admin(), emulator.client
        install_crds(kubectl, CRDS)
        kubectl("create", "namespace", NAMESPACE)
        machine = publish(aws)
        screen.say(
            f"Published three versions of {NAME} (Lambda tasks, Choice, Map, Retry, Catch); "
            f"alias {ALIAS} is on version 1."
        )
        screen.say("Starting the operator: sfn-rollouts run --min-poll-interval 1s")
        with OperatorProcess(control_plane, aws, namespaces=()) as operator:
            operator.wait_ready()
            stage = Stage(screen, kubectl, aws, machine)
            good_version(stage)
            bad_version(stage)
            unpinned_version(stage)
            losing_version(stage)
            look_back(stage)
            _what_next(screen)
            if options.keep:
                _keep(screen, kubectl, aws, operator)
    return 0


def _what_next(screen: Screen) -> None:
    screen.heading("What to try next (make demo KEEP=1 leaves all of this running)")
    screen.lines(
        f"kubectl sfnrollout get {ROLLOUT} -n {NAMESPACE} --watch\n"
        f"kubectl sfnrollout retry {ROLLOUT} -n {NAMESPACE}\n"
        f"kubectl sfnrollout set-version {ROLLOUT} 2 -n {NAMESPACE}\n"
        f"kubectl sfnrollout diff {ROLLOUT} -n {NAMESPACE} --from 2 --to 3\n"
        "kubectl explain sfnrollouts.spec.strategy\n"
        "sfn-rollouts simulate examples/canary.yaml --alarm OrderProcessor-p95=ALARM@12m..14m\n"
        "make playground     # a cluster without the operator: docs/tour.md installs it by Helm and goes on from there"
    )


def _keep(screen: Screen, kubectl: Kubectl, aws: Emulator, operator: OperatorProcess) -> None:
    """Wait for Ctrl-C; an alarm fires by `aws cloudwatch set-alarm-state` or by boto3, as on AWS."""
    screen.heading("Still running; in another terminal")
    exports = {
        "KUBECONFIG": str(kubectl.kubeconfig),
        "PATH": f"{kubectl.binary.parent}:{Path(sys.executable).parent}:$PATH",
        **aws.environment(),
    }
    quoted = (
        f'export {name}="{value}"' if name == "PATH" else f"export {name}={shlex.quote(value)}"
        for name, value in exports.items()
    )
    screen.lines("\n".join(quoted))
    screen.lines(f"\noperator log: {operator.log_path}\nhealth and metrics: {operator.health_url}\n\nCtrl-C ends it.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print(os.linesep + "ending", flush=True)


if __name__ == "__main__":
    sys.exit(main())
