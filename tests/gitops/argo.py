"""Argo CD as far as it concerns one resource: its Lua sandbox, its health and its actions.

Source: argoproj/argo-cd, util/lua/lua.go and oslib_safe.go. Upstream's own tests open all of Lua's libraries for health
and discovery; a script from argocd-cm gets what is open here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from lupa.lua51 import LuaRuntime, lua_type

from sfn_rollouts.api import GROUP, KIND

CUSTOMIZATION = Path(__file__).parents[2] / "deploy/argocd/resource_customizations" / GROUP / KIND
NOW_S = 1_763_740_800
"""What `os.time()` says in these tests."""

_SANDBOX = (Path(__file__).parent / "sandbox.lua").read_text()

Resource = dict[str, Any]


class ScriptError(Exception):
    """A script failed, or returned no table; Argo CD shows Unknown."""


def run(script: str, resource: Mapping[str, Any]) -> Any:
    """Run a script with `obj`; what it returns, as JSON would have it. Raises ScriptError."""
    lua = LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute(_SANDBOX)(NOW_S)
    lua.globals()["obj"] = _to_lua(lua, resource)
    try:
        returned = lua.execute(script)
    except Exception as error:
        raise ScriptError(str(error)) from error
    if lua_type(returned) != "table":
        raise ScriptError(f"expect table output from Lua script, not {lua_type(returned)}")
    return _to_json(returned)


def health(resource: Mapping[str, Any], script: str | None = None) -> tuple[str, str]:
    """(status, message) as shown for the resource. Deletion is judged before any script."""
    if resource["metadata"].get("deletionTimestamp"):
        return "Progressing", "Pending deletion"
    reported = run(script or (CUSTOMIZATION / "health.lua").read_text(), resource)
    return reported["status"], reported.get("message", "")


def discover(resource: Mapping[str, Any], script: str | None = None) -> dict[str, dict[str, Any]]:
    """The actions that the user interface shows, by name."""
    return dict(run(script or (CUSTOMIZATION / "actions/discovery.lua").read_text(), resource))


def offered(resource: Mapping[str, Any]) -> set[str]:
    """Those that can be clicked."""
    return {name for name, action in discover(resource).items() if not action["disabled"]}


def act(action: str, resource: Mapping[str, Any], script: str | None = None) -> Resource:
    """The resource as an action wants it, empty tables put right as Argo CD does."""
    text = script or (CUSTOMIZATION / "actions" / action / "action.lua").read_text()
    return dict(_cleaned(run(text, resource), resource))


def configured(patch_file: Path) -> tuple[str, str, dict[str, str]]:
    """Health script, discovery script and action scripts as Argo CD finds them in argocd-cm."""
    data = yaml.safe_load(patch_file.read_text())["data"]
    key = f"{GROUP}_{KIND}"
    actions = yaml.safe_load(data[f"resource.customizations.actions.{key}"])
    scripts = {each["name"]: each["action.lua"] for each in actions["definitions"]}
    return data[f"resource.customizations.health.{key}"], actions["discovery.lua"], scripts


def _to_lua(lua: LuaRuntime, value: Any) -> Any:
    if isinstance(value, Mapping):
        return lua.table_from({name: _to_lua(lua, item) for name, item in value.items() if item is not None})
    if isinstance(value, list | tuple):
        return lua.table_from([_to_lua(lua, item) for item in value])
    return value


def _to_json(value: Any) -> Any:
    """As gopher-json: a table is an object by its first key; an empty one is an array."""
    if lua_type(value) != "table":
        return int(value) if isinstance(value, float) and value.is_integer() else value
    items = dict(value.items())
    if all(isinstance(key, int | float) for key in items):
        return [_to_json(items[key]) for key in sorted(items)]
    return {str(key): _to_json(item) for key, item in items.items()}


def _cleaned(new: Any, old: Any) -> Any:
    """An empty object that came back as an empty array is an empty object again, where it was one."""
    if new == [] and isinstance(old, dict):
        return old
    if isinstance(new, dict) and isinstance(old, dict):
        return {name: _cleaned(value, old.get(name)) for name, value in new.items()}
    if isinstance(new, list) and isinstance(old, list):
        return [_cleaned(item, old[index] if index < len(old) else None) for index, item in enumerate(new)]
    return new
