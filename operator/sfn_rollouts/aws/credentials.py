"""The one way to credentials: whatever botocore raises on it comes out as `CredentialsError`, which is safe to print.

Credentials are fetched at four moments: when the session is made (the profile), when it is asked for them, when a
client is made, and at any call, where IRSA fetches first and what expires is renewed. botocore lets its providers raise
what they like: OSError for a token file, ValueError for a helper that prints no JSON, KeyError, EOFError. So all four
pass one seam, `fetching`, and nobody else has to know what a provider may raise.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import botocore.session
from botocore.credentials import DeferredRefreshableCredentials, create_credential_resolver
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    InvalidConfigError,
    MissingDependencyException,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    SSOError,
    TokenRetrievalError,
)

from sfn_rollouts.core.values.identity import Identity
from sfn_rollouts.printable import one_line

IRSA, HELPER, AGENT, INSTANCE = "assume-role-with-web-identity", "custom-process", "container-role", "iam-role"
"""botocore's names of some sources."""

WAYS = (
    "Give the operator one of: an IAM role for its service account (IRSA: annotate it with "
    "eks.amazonaws.com/role-arn), an EKS Pod Identity association, or a profile or keys in the environment "
    "(AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
)


@dataclass(frozen=True, slots=True)
class _Source:
    """`variables` are those of the environment that say where it is."""

    words: str
    remedy: str = WAYS
    variables: tuple[str, ...] = ()


_LOG_IN = "Log in again; an operator needs credentials that renew themselves"
_SOURCES = {
    "env": _Source("the keys in the environment"),
    "assume-role": _Source("the role of the profile", "Check the profile's role_arn and what it is assumed with"),
    "sso": _Source("the login at IAM Identity Center (aws sso login)", _LOG_IN),
    "login": _Source("the login (aws login)", _LOG_IN),
    IRSA: _Source(
        "the web identity (IRSA)",
        "Check that the file of the token is there, that the user of the process may read it, and the role",
        ("AWS_WEB_IDENTITY_TOKEN_FILE",),
    ),
    HELPER: _Source(
        "the credential_process of the profile",
        "Run it by hand: it must end with exit code 0 and print JSON with Version 1 and keys that have not expired",
    ),
    AGENT: _Source(
        "the EKS Pod Identity agent",
        "Check the agent on the node (the daemon set eks-pod-identity-agent) and the association",
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    ),
    INSTANCE: _Source("the instance metadata of the node", "Check the instance profile of the node"),
}
_CHECK_SETTINGS = "Check the AWS_* variables of the process, and the files that they name (~/.aws if none)"
_SAFE_FIELDS = ("profile", "provider", "path", "cred_var", "name")
_LONGEST_QUOTE = 300


class CredentialsError(Exception):
    """Credentials, or a client that uses them, could not be had.

    `cause` is what was raised; its text may hold what a credential helper printed, and is not for people. `source` is
    botocore's name of the provider, "" where it is not one provider's trouble.
    """

    def __init__(self, cause: Exception, source: str = "") -> None:
        super().__init__(source)
        self.cause = cause
        self.source = source

    @property
    def provider(self) -> str:
        """The innermost source that is known: a role may be assumed with what another one gives."""
        fields = self.cause.kwargs if isinstance(self.cause, BotoCoreError) else {}
        return str(fields.get("provider", self.source))

    @property
    def summary(self) -> str:
        """Where they come from and what is wrong there, like `the credential_process of the profile: /x: ...`."""
        source = _SOURCES.get(self.source, _Source(self.source))
        where = [f"{name}={os.environ[name]}" for name in source.variables if name in os.environ]
        return ": ".join(part for part in (", ".join([source.words, *where]), what_happened(self.cause)) if part)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return _SOURCES[self.source].remedy if self.source in _SOURCES else _CHECK_SETTINGS


class RoleError(CredentialsError):
    """A role could not be assumed on top of the credentials that there are."""

    def __init__(self, cause: Exception, identity: Identity) -> None:
        super().__init__(cause)
        self.identity = identity


class UnsendableKeyError(Exception):
    """A key or token that no header can hold. In a cluster it is mostly the line feed of whoever made the Secret."""


@contextmanager
def fetching(source: str = "") -> Iterator[None]:
    """Turn whatever comes out of here into a `CredentialsError`."""
    try:
        yield
    except CredentialsError:
        raise
    except Exception as error:  # noqa: BLE001 - the seam: providers raise anything
        raise CredentialsError(error, source) from None


class Chain:
    """botocore's default chain as the session's component `credential_provider`; knows which provider failed."""

    def __init__(self, session: botocore.session.Session) -> None:
        self._session = session

    def load_credentials(self) -> "Fetched":
        """Return the credentials of the first provider that has some.

        Raises:
            CredentialsError: a provider failed, or none has any. (botocore would make clients that cannot sign, and
                keep them when there are credentials later.)
        """
        with fetching():
            providers = create_credential_resolver(self._session).providers
        for provider in providers:
            with fetching(str(provider.METHOD)):
                found = provider.load()
            if found is not None:
                return Fetched(found)
        raise CredentialsError(NoCredentialsError())


class Fetched:
    """botocore's credentials, renewed through the seam. Everything else about them is botocore's own."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def get_frozen_credentials(self) -> Any:
        """Return what a request is signed with; fetches what is not there yet or expires."""
        with fetching(self._credentials.method):
            frozen = self._credentials.get_frozen_credentials()
            require_sendable(frozen)
            return frozen

    @property
    def is_fetched_later(self) -> bool:
        """Whether the first fetch is a call to AWS, with the first request: IRSA, a role of a profile, SSO."""
        return isinstance(self._credentials, DeferredRefreshableCredentials)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._credentials, name)


def require_sendable(keys: Any) -> None:
    """Refuse keys that would fail while signing or sending, as if the network had.

    Raises:
        TypeError: they are no texts.
        UnsendableKeyError: no header can hold them.
    """
    for part in (keys.access_key, keys.secret_key, keys.token or ""):
        if not isinstance(part, str):
            raise TypeError
        if not part.isascii() or not part.isprintable():
            raise UnsendableKeyError


def what_happened(error: Exception) -> str:
    """Describe in a few words what was raised: with the file that it names, without anything that a helper printed."""
    kind = type(error).__name__
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code') or kind}"
    if isinstance(error, OSError) and error.filename is not None:
        return _quoted(f"{error.filename}: {error.strerror or kind}")
    if isinstance(error, InvalidConfigError):  # its text is made of the names of profiles and options
        return _quoted(f"{kind}: {error}")
    return _quoted(" ".join([kind, *_named(error), *_explained(error)]))


def _named(error: Exception) -> Iterator[str]:
    fields = error.kwargs if isinstance(error, BotoCoreError) else {}
    return (f"{name}={fields[name]}" for name in _SAFE_FIELDS if name in fields)


def _explained(error: Exception) -> Iterator[str]:
    """For those whose name says too little."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            yield f"({words})"
            return


_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (NoRegionError, "set AWS_REGION"),
    (ParamValidationError, "the token or the role is empty or too short"),
    (EOFError, "it asks for an MFA code, and there is no terminal"),
    (RecursionError, "it answered in another form than AWS defines"),
    (RuntimeError, "what was fetched has expired already"),
    (UnicodeError, "it answered with what is not text"),
    (json.JSONDecodeError, "it answered with what is not JSON"),
    (ValueError, "a setting is no URL, no number or no command line, or an expiration is no time"),
    (UnsendableKeyError, "a key holds a character that none has, like a line feed at its end"),
    (IndexError, "the command is empty, or it answered in another form than AWS defines"),
    (MissingDependencyException, "it needs the package awscrt, which is not installed: use another source"),
    ((SSOError, TokenRetrievalError), "the login has expired, or there is none on this machine"),
    (LookupError, "it answered in another form than AWS defines"),
    (TypeError, "it answered in another form than AWS defines"),
    (AttributeError, "it answered in another form than AWS defines"),
)


def _quoted(text: str) -> str:
    return one_line(" ".join(text.split()), _LONGEST_QUOTE).rstrip(".")


def log_in_one_line() -> None:
    """botocore logs a renewal that failed with its traceback, in which a helper's output may stand: keep the line."""
    for name in ("botocore.credentials", "botocore.tokens"):
        logging.getLogger(name).addFilter(_in_one_line)


def _in_one_line(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, Exception):
        record.msg = f"{record.getMessage().rstrip('.')}: {what_happened(error)}"
        record.args, record.exc_info = None, None
    return True
