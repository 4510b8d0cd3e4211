"""The one boto3 session: where credentials come from, and how long anything may take."""

from collections.abc import Mapping

import boto3
import botocore.session
from botocore.config import Config

from sfn_rollouts import __version__
from sfn_rollouts.aws.answers import guard_answers
from sfn_rollouts.aws.credentials import Chain, Fetched, fetching, log_in_one_line

_SERVICES = ("stepfunctions", "cloudwatch")


def settings(attempts: int, workers: int, answer_timeout_s: float = 5) -> Config:
    """Return a client's configuration, nothing of which is left to botocore's changing defaults.

    `workers` is the number of threads that may use the client at once; for more, urllib3 makes connections that it
    closes after one call, and warns.
    """
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=2,
        read_timeout=answer_timeout_s,
        max_pool_connections=max(workers, 1),
        tcp_keepalive=True,
        user_agent_extra=f"sfn-rollouts/{__version__}",
    )


def open_core() -> botocore.session.Session:
    """Return botocore's part of a session, with the default chain of credentials and the doors for answers."""
    log_in_one_line()
    core = botocore.session.Session()
    # botocore asks STS for credentials with its own client; unset, a hanging STS would hold a rollback for a minute.
    core.set_default_client_config(settings(attempts=2, workers=1))
    core.register_component("credential_provider", Chain(core))
    guard_answers(core)
    return core


def open_session(region: str | None = None, core: botocore.session.Session | None = None) -> boto3.Session:
    """Return a session, every fetch of credentials by which passes `credentials.fetching`.

    `region` is the one that credentials are asked for in where neither the environment nor a profile names one. `core`:
    by default one of its own.

    Raises:
        CredentialsError: a profile that is named does not exist, or AWS's files cannot be read.
    """
    core = core or open_core()
    with fetching():
        if region and not core.get_config_variable("region"):
            core.set_config_variable("region", region)
        return boto3.Session(botocore_session=core)


def known_regions(session: boto3.Session) -> Mapping[str, frozenset[str]]:
    """Return the regions of each partition, as botocore's data lists them, with the one that the session is set to.

    botocore would make a client for any text that looks like a region. One newer than its data is known to an operator
    that runs there, or whose AWS_REGION names it.

    Raises:
        CredentialsError: the data that AWS_DATA_PATH adds cannot be read.
    """
    with fetching():
        ours = {session.region_name} - {None}
        return {
            partition: frozenset().union(ours, *(session.get_available_regions(name, partition) for name in _SERVICES))
            for partition in session.get_available_partitions()
        }


def credential_source(found: Fetched) -> str:
    """Return where the credentials come from, in botocore's words, like `env` or `assume-role-with-web-identity`.

    Asks nothing of AWS; Pod Identity and the instance profile ask the agent on the node.

    Raises:
        CredentialsError: they could not be fetched.
    """
    if not found.is_fetched_later:
        found.get_frozen_credentials()
    return str(found.method)
