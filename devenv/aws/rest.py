"""Lambda's protocol, REST with JSON: method and path name the operation; parameters are in the path, query and body.

Read from the service model that botocore ships.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from devenv.aws.constraints import service_model

if TYPE_CHECKING:
    from devenv.aws.errors import AwsError

SERVICES = ("lambda",)
_LABEL = re.compile(r"\{(\w+)\}")
_GREEDY_LABEL = re.compile(r"\{(\w+)\+\}")


def read(service: str, method: str, target: str) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters outside of the body; for a path that is none of the service's, the method and
    the path."""
    url = urlsplit(target)
    try:
        operation, params = _routes(service).bind("aws").match(unquote(url.path), method)
    except HTTPException:
        return f"{method} {url.path}", {}
    return operation, {**params, **dict(parse_qsl(url.query))}


def status(service: str, operation: str) -> int:
    return int(service_model(service).operation_model(operation).http["responseCode"])


def error_headers(error: AwsError) -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), ("x-amzn-ErrorType", error.code)]


def error_body(error: AwsError) -> bytes:
    return json.dumps({"Type": "User" if error.status < 500 else "Service", "Message": error.message}).encode()


@cache
def _routes(service: str) -> Map:
    model = service_model(service)
    https = {name: model.operation_model(name).http for name in model.operation_names}
    rules = [
        Rule(_rule(http["requestUri"]), methods=[http["method"]], endpoint=name, strict_slashes=False)
        for name, http in https.items()
    ]
    return Map(rules, merge_slashes=False)


def _rule(uri: str) -> str:
    """A path with labels like {FunctionName} as werkzeug writes it; a query that is part of it makes no difference."""
    return _LABEL.sub(r"<\1>", _GREEDY_LABEL.sub(r"<path:\1>", uri.partition("?")[0]))
