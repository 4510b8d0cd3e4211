"""`python -m devenv.playground.orders AN_HOUR --fail VERSION=PERCENT ...`: orders come in through the alias.

They have come in for ten minutes already, so that there is something to compare with. 0 an hour: no more come.
"""

import argparse
import os
import sys

from devenv.aws.client import Emulator
from devenv.demo.order_processor import ALIAS, NAME

_PAST_S, _TAKES_S = 600.0, 0.4


def main() -> int:
    """Let them come on the AWS that the environment names; a version that is not named fails never."""
    parser = argparse.ArgumentParser(prog="python -m devenv.playground.orders")
    parser.add_argument("an_hour", type=float)
    parser.add_argument("--fail", metavar="VERSION=PERCENT", type=_failing, action="append", default=[])
    asked = parser.parse_args()
    failing: dict[int, float] = dict(asked.fail)
    outcomes = {version: (percent / 100, _TAKES_S) for version, percent in failing.items()}
    aws = Emulator(os.environ["AWS_ENDPOINT_URL"])
    alias = f"arn:aws:states:eu-west-1:123456789012:stateMachine:{NAME}:{ALIAS}"
    aws.set_traffic(alias, starts_per_hour=asked.an_hour, outcomes=outcomes, past_s=_PAST_S)
    words = "".join(f"; {percent:g} % fail on version {version}" for version, percent in failing.items())
    print(f"{asked.an_hour:g} orders an hour{words}")
    return 0


def _failing(text: str) -> tuple[int, float]:
    version, _, percent = text.partition("=")
    return int(version), float(percent)


if __name__ == "__main__":
    sys.exit(main())
