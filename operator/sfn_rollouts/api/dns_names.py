"""Names as Kubernetes takes them (RFC 1123). Standard library only: the plugin looks at each NAME before all else."""

import re

LONGEST_SUBDOMAIN = 253
LONGEST_LABEL = 63
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")


def is_subdomain(text: str) -> bool:
    """Whether a resource can have this name; 253 characters at most."""
    return len(text) <= LONGEST_SUBDOMAIN and _SUBDOMAIN.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Whether a namespace can have this name; 63 characters at most."""
    return len(text) <= LONGEST_LABEL and _LABEL.fullmatch(text) is not None
