"""From HTTP to a call and back: JSON 1.0 as boto3 speaks it to Step Functions and CloudWatch, Lambda's REST (rest.py),
and the query protocol of IAM and of CloudWatch's older clients.

botocore's model lists smithy-rpc-v2-cbor first for CloudWatch, yet 1.44.5 sends JSON with `x-amzn-query-mode`; errors
then carry the old code in `x-amzn-query-error`. CBOR is not implemented: no SDK of ours sends it.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from moto.core.parse import QueryParser
from moto.core.serialize import QuerySerializer
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from
from werkzeug.datastructures import MultiDict

from devenv.aws import iam_roles, rest
from devenv.aws.arns import partition_of
from devenv.aws.callers import Caller, of_session, user_of
from devenv.aws.calls import Call
from devenv.aws.errors import AwsError
from devenv.aws.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devenv.aws.region import Fields
    from devenv.aws.sessions import Sessions

_TARGETS = {"AWSStepFunctions": "stepfunctions", "GraniteServiceVersion20100801": "cloudwatch"}
_SCOPES = {"monitoring": "cloudwatch", "states": "stepfunctions"}
_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_MOTO_KEY = re.compile(r"[A-Z0-9]{20}")  # moto takes any other key for the default account
_TEMPORARY = "ASIA"
_DEFAULT_REGION = "us-east-1"
_HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where IAM is, which has one place for all regions of a partition."""


@dataclass(frozen=True)
class Request:
    """`target` is the path with its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_json(self) -> bool:
        return "x-amz-target" in self.headers

    @property
    def is_rest(self) -> bool:
        return not self.is_json and _scope(self, "service") in rest.SERVICES

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def form(self) -> dict[str, str]:
        """The fields of a query-protocol call, from the body or else the URL."""
        is_form = self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        text = self.body.decode() if is_form else urlsplit(self.target).query
        return dict(parse_qsl(text, keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)


def read_call(request: Request, sessions: Sessions) -> Call:
    """Raises SerializationException for a body that is no JSON object."""
    region = _scope(request, "region") or _DEFAULT_REGION
    caller = _caller(request, sessions, region)
    service, operation, params = _read(request, _scope(request, "service"))
    place = _HOMES[partition_of(region)] if service == "iam" else region
    return Call(service, operation, params, caller.account, place, caller)


def is_ours(call: Call) -> bool:
    """Whether the emulator answers, not moto. An unknown operation of Step Functions or Lambda is ours to refuse: moto
    would answer about other machines and functions than ours."""
    return (
        call.operation in OPERATIONS.get(call.service, {})
        or call.service == "lambda"
        or (call.service == "stepfunctions" and not call.operation.endswith(("Activity", "Activities")))
    )


def write_answer(request: Request, call: Call, answer: Fields) -> Response:
    if request.is_json:
        body = json.dumps(answer, default=_timestamp).encode()
        return Response(200, [("Content-Type", "application/x-amz-json-1.0"), _request_id()], body)
    if request.is_rest:
        body = json.dumps(answer, default=_timestamp).encode()
        headers = [("Content-Type", "application/json"), _request_id()]
        return Response(rest.status(call.service, call.operation), headers, body)
    model = get_service_model(call.service).operation_model(call.operation)
    serialized = QuerySerializer(operation_model=model).serialize(answer)
    return Response(200, [("Content-Type", "text/xml"), _request_id()], str(serialized["body"]).encode())


def write_error(request: Request, error: AwsError) -> Response:
    if request.is_rest:
        return Response(error.status, [*rest.error_headers(error), _request_id()], rest.error_body(error))
    if not request.is_json:
        return _xml_error(error)
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.0"), _request_id()]
    if "x-amzn-query-mode" in request.headers:
        side = "Sender" if error.status < 500 else "Receiver"
        headers.append(("x-amzn-query-error", f"{error.query_code};{side}"))
    return Response(error.status, headers, body)


def _scope(request: Request, part: str) -> str:
    """A part of the credentials that a request is signed with: key, region or service. Empty when it is not signed."""
    found = _CREDENTIAL.search(request.headers.get("authorization", ""))
    return found[part] if found else ""


def _read(request: Request, scope: str) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and parameters."""
    if request.is_json:
        prefix, _, operation = request.headers["x-amz-target"].rpartition(".")
        return _TARGETS.get(prefix, scope), operation, _json(request.body)
    if request.is_rest:
        operation, params = rest.read(scope, request.method, request.target)
        body = _json(request.body) if operation in OPERATIONS[scope] else {}
        return scope, operation, body | params
    service = _SCOPES.get(scope, scope)
    operation = request.form().get("Action", "") or f"{request.method} {request.path}"
    return service, operation, _query_params(request, service, operation)


def _query_params(request: Request, service: str, operation: str) -> dict[str, Any]:
    if operation not in OPERATIONS.get(service, {}):
        return {key: value for key, value in request.form().items() if key not in ("Action", "Version")}
    parser: Any = QueryParser(get_service_model(service).operation_model(operation))
    parsed: dict[str, Any] = parser.parse({"values": MultiDict(request.form())})
    return parsed


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise AwsError("SerializationException", "The body is not a JSON object")
    return parsed


def _caller(request: Request, sessions: Sessions, region: str) -> Caller:
    """Whose credentials signed it: a session of ours, else what moto's STS and IAM gave out. Any other key is taken for
    the user of the default account, but for one of temporary credentials."""
    key = _scope(request, "key")
    if session := sessions.of(key):
        return of_session(session, token=request.headers.get("x-amz-security-token", ""))
    known = key if _MOTO_KEY.fullmatch(key) else ""
    user = user_of(str(get_account_id_from(known)))
    kept = iam_roles.keeper_of(known, user.account, region)
    return kept or replace(user, is_known=not known.startswith(_TEMPORARY))


def _timestamp(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{value!r} is no JSON value")


def _request_id() -> tuple[str, str]:
    return ("x-amzn-RequestId", str(uuid.uuid4()))


def _xml_error(error: AwsError) -> Response:
    side = "Sender" if error.status < 500 else "Receiver"
    fields = f"<Type>{side}</Type><Code>{error.query_code}</Code><Message>{escape(error.message)}</Message>"
    body = f"<ErrorResponse><Error>{fields}</Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    return Response(error.status, [("Content-Type", "text/xml")], body.encode())
