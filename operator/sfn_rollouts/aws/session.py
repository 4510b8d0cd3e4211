"""The one boto3 session: where credentials come from, and how long anything may take."""

from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, IncompleteReadError
from botocore.parsers import ResponseParserError

from sfn_rollouts import __version__
from sfn_rollouts.aws.timestamps import parsed
from sfn_rollouts.errors import Denied

_NO_CREDENTIALS = (
    "no AWS credentials were found. Give the operator one of: an IAM role for its service account (IRSA: annotate it "
    "with eks.amazonaws.com/role-arn), an EKS Pod Identity association, or a profile or keys in the environment "
    "(AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
)


def settings(attempts: int, workers: int, answer_timeout_s: float = 5) -> Config:
    """Give a client's configuration, nothing of which is left to botocore's changing defaults.

    `workers` is the number of threads that may use the client at once; urllib3 throws away what exceeds its pool.
    """
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=2,
        read_timeout=answer_timeout_s,
        max_pool_connections=max(workers, 1),
        tcp_keepalive=True,
        user_agent_extra=f"sfn-rollouts/{__version__}",
    )


def open_session() -> boto3.Session:
    """Give a session with the default chain of credentials.

    Raises:
        Denied: a profile that is named in the environment does not exist, or AWS's files cannot be read.
    """
    core = botocore.session.Session()
    # botocore asks STS for credentials with its own client; unset, a hanging STS would hold a rollback for a minute.
    core.set_default_client_config(settings(attempts=2, workers=1))
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parsed)
    core.register("after-call", _refuse_cut_answer)
    core.register("after-call", _refuse_foreign_answer)
    try:
        return boto3.Session(botocore_session=core)
    except BotoCoreError as error:
        raise Denied(f"{_NO_CREDENTIALS}. What stands there cannot be used: {_cause(error)}") from None


def credential_source(session: boto3.Session) -> str:
    """Tell where the credentials come from, in botocore's words, like `env` or `assume-role-with-web-identity`.

    Asks nothing of AWS; Pod Identity and the instance profile ask the agent on the node.

    Raises:
        Denied: there are none; names the three usual ways.
    """
    try:
        found: Any = session.get_credentials()
    except BotoCoreError as error:
        raise Denied(f"{_NO_CREDENTIALS}. What stands there cannot be used: {_cause(error)}") from None
    if found is None:
        raise Denied(_NO_CREDENTIALS)
    return str(found.method)


def _refuse_cut_answer(**event: Any) -> None:
    """botocore leaves lengths unchecked: a connection lost within an answer would pass for AWS leaving out fields."""
    http_response = event["http_response"]
    promised = int(http_response.headers.get("content-length", 0))
    if promised and len(http_response.content) < promised:
        raise IncompleteReadError(actual_bytes=len(http_response.content), expected_bytes=promised)


def _refuse_foreign_answer(**event: Any) -> None:
    """A proxy's page with status 200 parses as an answer without fields: as if CloudWatch said that no alarm exists,
    which is a reason to roll back. Every answer of AWS has a request id."""
    is_success = event["http_response"].status_code < 300
    if is_success and "RequestId" not in event["parsed"].get("ResponseMetadata", {}):
        raise ResponseParserError("the answer has no request id")


def _cause(error: BotoCoreError) -> str:
    """botocore's class and what it names, never its text, which may hold what a credential helper printed."""
    named = {key: value for key, value in error.kwargs.items() if key in {"profile", "provider", "path", "cred_var"}}
    return " ".join([type(error).__name__, *(f"{key}={value}" for key, value in named.items())])
