"""Specs for the tests, written as people write them."""

from typing import Any

from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.api.spec import Spec

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor"
CANARY = {"canary": {"weight": 10, "interval": "10m"}}
LINEAR = {"linear": {"increment": 25, "interval": "5m"}}
APPROVAL = {"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "10m"}}]}
WITH_ALARM = {"alarms": {"names": ["A"]}}
UNCHECKED = dict.fromkeys(("pins", "targets", "permissions", "entryPoint", "alarms", "callers"), "Off")
"""What the target calls is the business of the tests of preflight alone."""


def raw_spec(version: int = 2, **changes: Any) -> dict[str, Any]:
    """Return a spec as it stands in a manifest; None leaves a field out."""
    raw = {"stateMachineArn": MACHINE, "alias": "live", "version": version, "strategy": CANARY, "bakeTime": "5m"}
    raw |= {"preflight": UNCHECKED}
    return {name: value for name, value in {**raw, **changes}.items() if value is not None}


def spec(version: int = 2, **changes: Any) -> Spec:
    """Return the parsed spec."""
    return parse_spec(raw_spec(version, **changes))
