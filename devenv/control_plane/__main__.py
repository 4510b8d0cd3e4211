"""`python -m devenv.control_plane`: a control plane for people, until Ctrl-C."""

import argparse
import math
import signal
import sys
from pathlib import Path

from devenv.control_plane import BinariesMissingError, ControlPlane, ensure_binaries, install_crds
from devenv.control_plane.binaries import Binaries, say_to_person, sources_of_this_machine
from devenv.control_plane.kubectl import KubectlFailedError, manifests_in
from devenv.control_plane.server_process import NotReadyError
from devenv.waiting import wait_until

DEFAULT_CRDS = Path(__file__).parents[2] / "crds"


def main() -> int:
    """Return 0 when it was ended by a person, 1 when it could not start or a server ended by itself."""
    arguments = _parse_arguments()
    try:
        binaries = ensure_binaries(sources_of_this_machine(from_source=arguments.from_source))
        _print_binaries(binaries)
        return 0 if arguments.build_only else _run(binaries, arguments.crds)
    except (BinariesMissingError, NotReadyError, KubectlFailedError, FileNotFoundError) as error:
        say_to_person(str(error))
        return 1
    except KeyboardInterrupt:
        return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devenv.control_plane", description=__doc__)
    parser.add_argument(
        "--build-only", action="store_true", help="make sure that the binaries exist, name them, and end"
    )
    parser.add_argument("--from-source", action="store_true", help="build what is missing, do not try to download it")
    parser.add_argument("--crds", type=Path, metavar="DIR", help="apply the CRDs of a folder (default: crds/, if any)")
    return parser.parse_args()


def _print_binaries(binaries: Binaries) -> None:
    for path in (binaries.etcd, binaries.kube_apiserver, binaries.kubectl):
        say_to_person(f"using {path}")


def _run(binaries: Binaries, crds: Path | None) -> int:
    with ControlPlane(binaries) as control_plane:
        if crds or manifests_in(DEFAULT_CRDS):
            install_crds(control_plane.as_admin(), crds or DEFAULT_CRDS)
        received = _listen_for_end()  # first: whoever reads the exports may end us the moment after
        _print_how_to_use(control_plane)
        return _wait_for_end(control_plane, received)


def _print_how_to_use(control_plane: ControlPlane) -> None:
    """Only lines that a shell can evaluate go to stdout."""
    print(f"export KUBECONFIG={control_plane.admin_kubeconfig}")
    print(f"export PATH={control_plane.kubectl.parent}:$PATH", flush=True)
    say_to_person(f"ready at {control_plane.url}; kubectl is {control_plane.kubectl}; Ctrl-C ends it")


def _listen_for_end() -> list[int]:
    """The signals received so far. Not a threading.Event, which can deadlock when set by a handler during its wait."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda signum, _: received.append(signum))
    return received


def _wait_for_end(control_plane: ControlPlane, received: list[int]) -> int:
    wait_until(lambda: received or control_plane.failure, math.inf, "a signal", interval_s=0.2)
    if failure := control_plane.failure:
        say_to_person(failure)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
