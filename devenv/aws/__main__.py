"""`python -m devenv.aws`: the emulator alone, for people. Prints the exports that another terminal needs."""

from __future__ import annotations

import argparse
import signal
import threading

from devenv.aws.server import AwsEmulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m devenv.aws", description="An AWS emulator on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--seed", type=int, help="makes an alias's choices of versions repeatable")
    arguments = parser.parse_args()
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    with AwsEmulator(arguments.port, seed=arguments.seed) as aws:
        for name, value in aws.client.environment().items():
            print(f"export {name}={value}")
        print(f"# the control surface is at {aws.url}/_control/ (devenv/aws/control.py); Ctrl-C stops", flush=True)
        asked_to_stop.wait()


if __name__ == "__main__":
    main()
