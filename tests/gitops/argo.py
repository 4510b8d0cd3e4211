"""Argo CD as far as it concerns one resource: its Lua sandbox, its health, its actions, its three-way merge.

Source: argoproj/argo-cd, util/lua/lua.go and oslib_safe.go, server/application; argoproj/gitops-engine, pkg/diff. Upstream's
own tests open all of Lua's libraries for health and discovery; a script from argocd-cm gets what is open here.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from lupa.lua51 import LuaRuntime, lua_type

from sfn_rollouts.api import GROUP, KIND

CUSTOMIZATION = Path(__file__).parents[2] / "deploy/argocd/resource_customizations" / GROUP / KIND
NOW_S = 1_763_740_800
"""What `os.time()` says in these tests."""

_BASE = """
assert collectgarbage dofile error getfenv getmetatable ipairs load loadfile loadstring next pairs pcall print rawequal
rawget rawset select setfenv setmetatable tonumber tostring type unpack xpcall module require newproxy _G _VERSION package
table
""".split()
_CLOSE = """
function(allowed, now_s)
  local os = { time = function() return now_s end, date = function() return "" end }
  for name in pairs(package.loaded) do package.loaded[name] = nil end
  package.path, package.cpath, package.preload.os = "", "", function() return os end
  table.time, table.date = os.time, os.date  -- upstream registers them there; there is no global os
  getmetatable("").__index = nil             -- without the string library a string has no methods
  local is_allowed = {}
  for name in allowed do is_allowed[name] = true end
  local names = {}
  for name in pairs(_G) do names[#names + 1] = name end
  for _, name in ipairs(names) do if not is_allowed[name] then _G[name] = nil end end
end
"""

Resource = dict[str, Any]


class ScriptError(Exception):
    """A script failed, or returned no table; Argo CD shows Unknown."""


def run(script: str, resource: Mapping[str, Any]) -> Any:
    """Run a script with `obj`; what it returns, as JSON would have it. Raises ScriptError."""
    lua = LuaRuntime(register_eval=False, register_builtins=False)
    names = iter(_BASE)
    lua.eval(_CLOSE)(lambda *_: next(names, None), NOW_S)
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
    told = run(script or (CUSTOMIZATION / "health.lua").read_text(), resource)
    return told["status"], told.get("message", "")


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


def merge_patch(before: Any, after: Any) -> dict[str, Any]:
    """RFC 7396: what makes `after` of `before`."""
    gone = {name: None for name in before if name not in after}
    both = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return gone | {
        name: merge_patch(before[name], value) if _are_objects(before.get(name), value) else value
        for name, value in both.items()
    }


def merge(live: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: the resource after a merge patch."""
    merged = {name: value for name, value in live.items() if name not in patch}
    changed = {
        name: merge(live.get(name) if isinstance(live.get(name), dict) else {}, value)
        if isinstance(value, dict)
        else value
        for name, value in patch.items()
    }
    return merged | {name: value for name, value in changed.items() if value is not None}


def three_way_patch(original: Resource, wanted: Resource, live: Resource) -> dict[str, Any]:
    """What a sync would send: additions and changes against live, deletions against what was applied last.

    Lists are compared whole: a custom resource has no merge keys.
    """
    return _with_deletions(_without_deletions(merge_patch(live, wanted)), merge_patch(original, wanted))


def last_applied(live: Mapping[str, Any]) -> Resource:
    """What was applied last, by client-side apply."""
    annotations = live["metadata"].get("annotations") or {}
    return dict(json.loads(annotations.get("kubectl.kubernetes.io/last-applied-configuration", "{}")))


def configured(patch_file: Path) -> tuple[str, str, dict[str, str]]:
    """Health script, discovery script and action scripts as Argo CD finds them in argocd-cm."""
    data = yaml.safe_load(patch_file.read_text())["data"]
    key = f"{GROUP}_{KIND}"
    actions = yaml.safe_load(data[f"resource.customizations.actions.{key}"])
    scripts = {each["name"]: each["action.lua"] for each in actions["definitions"]}
    return data[f"resource.customizations.health.{key}"], actions["discovery.lua"], scripts


def _are_objects(*values: Any) -> bool:
    return all(isinstance(value, dict) for value in values)


def _without_deletions(patch: dict[str, Any]) -> dict[str, Any]:
    kept = {name: _without_deletions(value) if isinstance(value, dict) else value for name, value in patch.items()}
    return {name: value for name, value in kept.items() if value is not None and (value != {} or patch[name] == {})}


def _with_deletions(patch: dict[str, Any], against_original: dict[str, Any]) -> dict[str, Any]:
    for name, value in against_original.items():
        if value is None:
            patch[name] = None
        elif isinstance(value, dict):
            deeper = _with_deletions(dict(patch.get(name) or {}), value)
            if deeper:
                patch[name] = deeper
    return patch


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
