"""Versions that preflight finds something wrong with, on a real API server and the emulator, and what it found."""

from collections.abc import Mapping
from typing import Any

from devenv.aws.client import Emulator
from tests.e2e.story import SLOW_STEPS, Status, Story

CHECKS = ("pins", "targets", "permissions", "entryPoint", "alarms", "callers")
INVOKE = "lambda:InvokeFunction"


def only(strictness: str = "Enforce", *checks: str) -> dict[str, str]:
    """These checks, and no other."""
    return {check: strictness if check in checks else "Off" for check in CHECKS}


def calling(resource: str, **parameters: str) -> dict[str, Any]:
    """A definition with one state, Charge, that calls this."""
    state = {"Type": "Task", "Resource": resource, "End": True} | ({"Parameters": parameters} if parameters else {})
    return {"StartAt": "Charge", "States": {"Charge": state}}


def function(aws: Emulator, name: str = "charge") -> str:
    """ARN of a function without a version."""
    return aws.put_function(name)


def found(status: Status) -> list[tuple[str, str, str]]:
    """(check, verdict, subject) of each finding, the worst first."""
    return [(each["check"], each["verdict"], each["subject"]) for each in status["preflight"]["findings"]]


def messages(status: Status) -> Mapping[str, str]:
    """By check; of several findings of one check the last."""
    return {each["check"]: each["message"] for each in status["preflight"]["findings"]}


def begun_without_permission(story: Story) -> tuple[str, int]:
    """Let a rollout begin, then take away what its target needs; return the function's ARN and the target.

    An answer of IAM counts for five minutes, unless the operator starts again, which it does here.
    """
    arn = f"{function(story.aws)}:{story.aws.publish_function('charge')}"
    work = story.aws.put_role(role_of(story))
    story.aws.allow(role_of(story), INVOKE, arn)
    target = story.aws.publish_version(story.machine, calling(arn), role=work)
    story.apply(version=target, steps=SLOW_STEPS, preflight=only("Enforce", "permissions"))
    story.wait_for_weight(10)
    story.operator.kill()
    story.aws.deny(role_of(story), INVOKE, arn)
    story.restart()
    return arn, target


def role_of(story: Story) -> str:
    """Name of the role of its target."""
    return f"work-{story.namespace}"
