"""What the real API server says to a manifest, as a person with kubectl hears it."""

import json
from typing import Any

from devenv.control_plane import Kubectl

# The server adds this line when a bound, a type or an enum is broken, because CEL is not evaluated then.
NOT_CHECKED = (
    "* <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def answer(kubectl: Kubectl, namespace: str, document: Any, *arguments: str) -> str:
    """Return what kubectl says to this manifest on stderr; nothing when it is accepted."""
    verb = arguments or ("create", "--dry-run=server")
    return kubectl(*verb, "-n", namespace, "-f", "-", stdin=json.dumps(document), check=False).stderr


def findings(stderr: str) -> list[str]:
    """Take kubectl's text around the findings away, and the line about what was not checked."""
    text = stderr.strip().partition(" is invalid: ")[2] or stderr.strip().rpartition("strict decoding error: ")[2]
    lines = [line for line in text.strip().splitlines() if line != NOT_CHECKED]
    return [line.removeprefix("* ") for line in lines]


def apply(kubectl: Kubectl, namespace: str, document: Any, *arguments: str) -> str:
    return kubectl("apply", *arguments, "-n", namespace, "-f", "-", stdin=json.dumps(document)).stdout
