"""The Argo CD customization as a patch of the ConfigMap argocd-cm, from the scripts in upstream's layout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from sfn_rollouts.api import GROUP, KIND
from sfn_rollouts.api.access import ACCESS_KIND
from sfn_rollouts.core.values.commands import Action

_HEADER = """\
# Made by `make crds` from resource_customizations/: change the scripts there, not this file.
#   kubectl patch configmap argocd-cm --namespace argocd --patch-file deploy/argocd/argocd-cm-patch.yaml
"""
_KEY, _ACCESS_KEY = f"{GROUP}_{KIND}", f"{GROUP}_{ACCESS_KIND}"


class _Literal(yaml.SafeDumper):
    """Scripts as literal blocks, so that people can read them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Literal.add_representer(str, _text)


def argocd_patch(root: Path) -> str:
    """Return the text of deploy/argocd/argocd-cm-patch.yaml."""
    customizations = root / "deploy/argocd/resource_customizations" / GROUP
    folder = customizations / KIND
    access = customizations / ACCESS_KIND
    data = {
        f"resource.customizations.health.{_KEY}": (folder / "health.lua").read_text(),
        f"resource.customizations.actions.{_KEY}": _yaml(_actions(folder / "actions", list(Action))),
        f"resource.customizations.health.{_ACCESS_KEY}": (access / "health.lua").read_text(),
    }
    names = {"name": "argocd-cm", "namespace": "argocd"}
    return _HEADER + _yaml({"apiVersion": "v1", "kind": "ConfigMap", "metadata": names, "data": data})


def _actions(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    definitions = [{"name": str(name), "action.lua": (folder / name / "action.lua").read_text()} for name in names]
    return {"discovery.lua": (folder / "discovery.lua").read_text(), "definitions": definitions}


def _yaml(content: object) -> str:
    return yaml.dump(content, Dumper=_Literal, sort_keys=False, width=110, allow_unicode=True)
