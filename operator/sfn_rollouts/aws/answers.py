"""What comes back from the way to AWS: an answer of AWS's, or an error that says that it is none.

Proxies, captive portals and load balancers answer too, with pages, redirects and JSON of their own. botocore's parsers
meet them with whatever Python raises (AttributeError, TypeError, OverflowError), which would pass for a defect of ours;
and some pass for an answer without fields, as if CloudWatch said that no alarm exists. So an answer passes three doors:
it must be parsed, it must be whole and AWS's, and its fields must be those that are read.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.exceptions import IncompleteReadError
from botocore.parsers import ResponseParserError, ResponseParserFactory

from sfn_rollouts.aws.timestamps import parsed

ForeignAnswer = ResponseParserError
"""botocore's own error for a body that is no document; ours for everything else that AWS would not answer."""


def guard_answers(session: botocore.session.Session) -> None:
    """Put the first two doors into a session, for all clients that are made with it."""
    parsers = _Parsers()
    parsers.set_parser_defaults(timestamp_parser=parsed)
    session.register_component("response_parser_factory", parsers)
    session.register("after-call", _refuse_cut_answer)
    session.register("after-call", _refuse_foreign_answer)


@contextmanager
def reading() -> Iterator[None]:
    """The third door, around the code that reads an answer's fields: one that lacks them is not AWS's.

    Raises:
        ForeignAnswer: with the name of what was raised here.
    """
    try:
        yield
    except ForeignAnswer:
        raise
    except Exception as error:
        raise ForeignAnswer(type(error).__name__) from error


def field(answer: Mapping[str, Any], name: str) -> Any:
    """Return a field that AWS always sends.

    Raises:
        ForeignAnswer: it is not there.
    """
    return fields(answer, name)[0]


def fields(answer: Mapping[str, Any], *names: str) -> list[Any]:
    """Return those of the fields that are there, of which AWS always sends one at least: `{}` is no empty list.

    Raises:
        ForeignAnswer: none of them is there.
    """
    found = [answer[name] for name in names if answer.get(name) is not None]
    if not found:
        raise ForeignAnswer(f"the answer has no {' and no '.join(names)}")
    return found


class _Parsers(ResponseParserFactory):
    """botocore's parsers, each behind the first door."""

    def create_parser(self, protocol_name: str) -> Any:
        return _Parser(super().create_parser(protocol_name))


class _Parser:
    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        """Return what botocore reads; of a refusal that it cannot read, the status, which is enough."""
        is_refusal = response["status_code"] >= 300
        try:
            found = self._parser.parse(response, shape)
        except Exception as error:  # noqa: BLE001 - the door
            if is_refusal:
                return _refusal_by(response["status_code"])
            raise ForeignAnswer(type(error).__name__) from None
        if not is_refusal and not _is_document(found, response["body"]):
            raise ForeignAnswer("the answer is no document")
        return found  # type: ignore[no-any-return] # a document


def _is_document(found: Any, body: bytes) -> bool:
    """botocore takes a page, or a document that breaks off, for one without fields: look again where there are none."""
    if isinstance(found, dict) and found.keys() - {"ResponseMetadata"}:
        return True
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _refusal_by(status: int) -> dict[str, Any]:
    """As botocore makes it of a page with status 5xx."""
    return {"Error": {"Code": str(status), "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}


def _refuse_cut_answer(**event: Any) -> None:
    """botocore leaves lengths unchecked: a connection lost within an answer would pass for AWS leaving out fields."""
    http_response = event["http_response"]
    promised = http_response.headers.get("content-length", "0")
    if not (promised.isascii() and promised.isdecimal()):
        raise ForeignAnswer("the length of the answer is no number")
    if int(promised[:20]) and len(http_response.content) < int(promised[:20]):
        raise IncompleteReadError(actual_bytes=len(http_response.content), expected_bytes=promised)


def _refuse_foreign_answer(**event: Any) -> None:
    """A proxy's page with status 200 parses as an answer without fields: as if CloudWatch said that no alarm exists,
    which is a reason to roll back. Every answer of AWS has a request id."""
    is_success = event["http_response"].status_code < 300
    if is_success and "RequestId" not in event["parsed"].get("ResponseMetadata", {}):
        raise ForeignAnswer("the answer has no request id")
