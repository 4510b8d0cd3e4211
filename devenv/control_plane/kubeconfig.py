"""A kubeconfig with everything inside it, so that the file works wherever it is copied."""

import base64
from pathlib import Path
from typing import Any

import yaml

from devenv.control_plane.certificates import Credential


def write_kubeconfig(path: Path, server: str, authority_pem: bytes, user: Credential, namespace: str) -> Path:
    """Write a kubeconfig of one cluster, one user and one context, readable by its owner only."""
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "devenv",
        "clusters": [
            {"name": "devenv", "cluster": {"server": server, "certificate-authority-data": _text(authority_pem)}}
        ],
        "users": [{"name": "devenv", "user": _user_entry(user)}],
        "contexts": [{"name": "devenv", "context": {"cluster": "devenv", "user": "devenv", "namespace": namespace}}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def _user_entry(user: Credential) -> dict[str, str]:
    return {"client-certificate-data": _text(user.certificate_pem), "client-key-data": _text(user.key_pem)}


def _text(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
