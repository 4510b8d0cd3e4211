"""Lambda functions as far as a look at them goes: configurations, versions, aliases and states. Nothing is invoked.

Why not moto's: docs/decisions/0025. A function is Active at once, and its state moves by the control surface only. The
texts about aliases and their versions are not established.

Documented: a version's number is never given out again; publishing what has not changed answers the version that there
is; an alias answers the version behind it, under the alias's ARN.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devenv.aws.errors import AwsError
from devenv.aws.function_names import LATEST, FunctionName, named

if TYPE_CHECKING:
    from devenv.aws.region import Fields, Params, Region

_CONFIGURED = ("Role", "Runtime", "Handler", "Description", "Timeout", "MemorySize", "PackageType", "Architectures")
_DEFAULTS: Fields = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
}
_ACTIVE: Fields = {"State": "Active", "LastUpdateStatus": "Successful"}


@dataclass
class FunctionVersion:
    """`settings` are what it was published with, `state` the members that say whether it can be invoked."""

    number: str
    settings: Fields
    state: Fields = field(default_factory=lambda: dict(_ACTIVE))


@dataclass
class Function:
    """`versions` by number, and $LATEST; `aliases` from names to numbers; `published` is the highest number ever."""

    arn: str
    name: str
    versions: dict[str, FunctionVersion]
    aliases: dict[str, str] = field(default_factory=dict)
    published: int = 0

    def version(self, qualifier: str | None) -> FunctionVersion | None:
        number = qualifier or LATEST
        return self.versions.get(self.aliases.get(number, number))


def create(region: Region, params: Params) -> Fields:
    name = named(region, params)
    if name.name in region.functions:
        raise AwsError("ResourceConflictException", f"Function already exist: {name.name}", status=409)
    settings = _DEFAULTS | {key: params[key] for key in _CONFIGURED if key in params} | _revised(region, params)
    arn = region.arn("lambda", f"function:{name.name}")
    function = region.functions[name.name] = Function(arn, name.name, {LATEST: FunctionVersion(LATEST, settings)})
    return _shown(function, _publish(function) if params.get("Publish") else function.versions[LATEST])


def update_configuration(region: Region, params: Params) -> Fields:
    function = _require(region, named(region, params))
    latest = function.versions[LATEST]
    latest.settings |= {key: params[key] for key in _CONFIGURED if key in params} | _revised(region, {})
    return _shown(function, latest)


def get_configuration(region: Region, params: Params) -> Fields:
    name = named(region, params)
    function = _require(region, name)
    version = function.version(name.qualifier)
    if version is None:
        raise _not_found(region, name)
    qualified = f"{function.arn}:{name.qualifier}" if name.qualifier else function.arn
    return _shown(function, version) | {"FunctionArn": qualified}


def publish_version(region: Region, params: Params) -> Fields:
    function = _require(region, named(region, params))
    return _shown(function, _publish(function, params.get("Description")))


def create_alias(region: Region, params: Params) -> Fields:
    function = _require(region, named(region, params))
    if params["Name"] in function.aliases:
        raise AwsError(
            "ResourceConflictException", f"Alias already exists: {function.arn}:{params['Name']}", status=409
        )
    return _set_alias(region, function, params)


def update_alias(region: Region, params: Params) -> Fields:
    function = _require(region, named(region, params))
    if params["Name"] not in function.aliases:
        raise AwsError("ResourceNotFoundException", f"Alias not found: {function.arn}:{params['Name']}", status=404)
    return _set_alias(region, function, params)


def delete(region: Region, params: Params) -> Fields:
    """A function with all versions, or one version; deleting a version twice succeeds."""
    name = named(region, params)
    function = _require(region, name)
    if name.qualifier is None:
        del region.functions[function.name]
    elif not name.is_number:
        raise AwsError("InvalidParameterValueException", f"{name.qualifier} is no version that can be deleted alone.")
    elif name.qualifier in function.aliases.values():
        raise AwsError("ResourceConflictException", f"An alias refers to version {name.qualifier}.", status=409)
    else:
        function.versions.pop(name.qualifier, None)
    return {}


def set_state(region: Region, params: Params, state: Fields) -> None:
    """`state` holds State and, as wanted, StateReason, StateReasonCode and LastUpdateStatus with its reasons."""
    name = named(region, params)
    version = _require(region, name).version(name.qualifier)
    if version is None:
        raise _not_found(region, name)
    version.state = _ACTIVE | state


def _publish(function: Function, description: str | None = None) -> FunctionVersion:
    """The version of what $LATEST is now, made when there is none."""
    latest = function.versions[LATEST].settings
    for version in function.versions.values():
        if version.number != LATEST and version.settings["RevisionId"] == latest["RevisionId"]:
            return version
    function.published += 1
    settings = latest | ({"Description": description} if description is not None else {})
    version = FunctionVersion(str(function.published), settings)
    function.versions[version.number] = version
    return version


def _set_alias(region: Region, function: Function, params: Params) -> Fields:
    number = params["FunctionVersion"]
    if number not in function.versions:
        raise _not_found(region, FunctionName(function.name, number))
    function.aliases[params["Name"]] = number
    return {"AliasArn": f"{function.arn}:{params['Name']}", "Name": params["Name"], "FunctionVersion": number}


def _revised(region: Region, params: Params) -> Fields:
    """What every change renews, and what depends on the code."""
    code = str(params.get("Code", "")).encode()
    digest = {"CodeSha256": base64.b64encode(hashlib.sha256(code).digest()).decode(), "CodeSize": len(code)}
    renewed = {
        "LastModified": region.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "RevisionId": str(uuid.uuid4()),
    }
    return renewed | (digest if code else {})


def _shown(function: Function, version: FunctionVersion) -> Fields:
    arn = function.arn if version.number == LATEST else f"{function.arn}:{version.number}"
    named_as: dict[str, Any] = {"FunctionName": function.name, "FunctionArn": arn, "Version": version.number}
    return named_as | version.settings | version.state


def _require(region: Region, name: FunctionName) -> Function:
    if found := region.functions.get(name.name):
        return found
    raise _not_found(region, name)


def _not_found(region: Region, name: FunctionName) -> AwsError:
    """As recorded by users of GetFunctionConfiguration: with the qualifier that was asked for, if any."""
    arn = region.arn("lambda", f"function:{name.name}")
    text = f"Function not found: {arn}:{name.qualifier}" if name.qualifier else f"Function not found: {arn}"
    return AwsError("ResourceNotFoundException", text, status=404)
