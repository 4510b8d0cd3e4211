"""Placeholders of SAM, CDK and Terraform, `${...}`: what is still to be filled in when the definition is deployed."""

import re

PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


def has_placeholder(text: str) -> bool:
    """Return whether something in it is still to be filled in."""
    return PLACEHOLDER.search(text) is not None
