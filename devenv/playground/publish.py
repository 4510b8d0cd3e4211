"""`python -m devenv.playground.publish WHAT`: a further version of the playground's state machine, as a release.

Where there is an AWS CLI: `aws stepfunctions update-state-machine --publish`, `aws lambda publish-version`,
`aws iam put-role-policy`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from devenv.aws.client import Emulator
from devenv.demo.order_processor import ALIAS, LOSING, NAME, PINNED, UNPINNED

_STATES = "arn:aws:states:eu-west-1:123456789012:stateMachine"
_GIFTS = "arn:aws:lambda:eu-west-1:123456789012:function:wrap-gift:1"
_INVOICES = "Invoices"


def _ending_with(name: str, state: Mapping[str, Any], comment: str) -> dict[str, Any]:
    """The order's way, with one more state at its end."""
    ship = {name: value for name, value in PINNED["States"]["ShipOrder"].items() if name != "End"}
    states = PINNED["States"] | {"ShipOrder": ship | {"Next": name}, name: dict(state) | {"End": True}}
    return PINNED | {"Comment": comment, "States": states}


def _starting(machine: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {"StateMachineArn": machine},
    }


def _gift(aws: Emulator) -> dict[str, Any]:
    aws.publish_function("wrap-gift")
    return _ending_with("WrapGift", {"Type": "Task", "Resource": _GIFTS}, "wraps gifts")


def _new_invoices(aws: Emulator) -> dict[str, Any]:
    """The inner state machine, with an alias of its own, is new."""
    aws.create_alias(aws.publish_machine(_INVOICES), ALIAS, {1: 100})
    for resource in (f"{_STATES}:{_INVOICES}", f"{_STATES}:{_INVOICES}:*"):
        aws.allow(NAME, "states:StartExecution", resource)
    return _invoices(ALIAS)


def _invoices(qualifier: str) -> dict[str, Any]:
    start = _starting(f"{_STATES}:{_INVOICES}:{qualifier}")
    return _ending_with("SendInvoice", start, f"sends an invoice, by {qualifier}")


RELEASES: Mapping[str, Callable[[Emulator], dict[str, Any]]] = {
    "unpinned": lambda _: UNPINNED,
    "pinned": lambda _: PINNED,
    "gifts": _gift,
    "invoices-by-alias": _new_invoices,
    "invoices-by-version": lambda _: _invoices("1"),
    "losing": lambda _: LOSING,
}


def main() -> int:
    """Publish on the AWS that the environment names."""
    parser = argparse.ArgumentParser(prog="python -m devenv.playground.publish")
    parser.add_argument("what", choices=(*RELEASES, "permission-for-gifts"))
    asked = parser.parse_args()
    aws = Emulator(os.environ["AWS_ENDPOINT_URL"])
    if asked.what == "permission-for-gifts":
        aws.allow(NAME, "lambda:InvokeFunction", _GIFTS)
        print(f"role {NAME} may call {_GIFTS}")
        return 0
    definition = RELEASES[asked.what](aws)
    version = aws.publish_version(f"{_STATES}:{NAME}", definition)
    print(f"{NAME} version {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
