"""botocore without the developer's settings: a broken AWS_PROFILE or config file must not break the emulator."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import botocore.session


@cache
def isolated_session() -> botocore.session.Session:
    """Knows no profile and no file; the environment's endpoint and credentials are overridden by whoever uses it."""
    no_files: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return botocore.session.Session(session_vars=no_files)
