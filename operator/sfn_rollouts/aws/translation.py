"""From whatever a call raised to the `PortError` that says what to do about it."""

from botocore.exceptions import ClientError, NoCredentialsError

from sfn_rollouts.aws import meanings, role_meanings
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.credentials import AGENT, INSTANCE, CredentialsError, RoleError
from sfn_rollouts.aws.meanings import OPERATOR, Holder, Meaning
from sfn_rollouts.errors import Denied, PortError, Transient

_LONGEST_QUOTE = 300


def translated(error: Exception, api: Api, resource: str, holder: Holder = OPERATOR) -> PortError:
    """Return the error that the engine understands; anything unforeseen is a plain PortError.

    `why` holds nothing that changes from try to try (times, request ids): it goes into a status.
    """
    meaning = meaning_of(error)
    if isinstance(error, RoleError):
        return _not_assumed(error, meaning)
    if meaning is meanings.EXPIRED_CREDENTIALS and holder.renews:
        meaning = role_meanings.SESSION_ENDED
    found = f"{_action(error, api)} {meaning.found.format(holder=holder)} ({code_of(error)}) for {resource}"
    quote = f": {_quoted(error)}" if meaning.quotes_aws else ""
    remedy = error.remedy if isinstance(error, CredentialsError) else ""
    return meaning.error(f"{found}{quote}. {meaning.to_fix.format(resource=resource, remedy=remedy, holder=holder)}")


def _not_assumed(error: RoleError, meaning: Meaning) -> PortError:
    """Return the failure as one of the role, whatever it was needed for; the external id, which nobody shall guess by,
    is not shown.
    """
    role, secret = error.identity.role, error.identity.external_id
    quoted = _quoted(error.cause)
    quote = f": {quoted}" if meaning.quotes_aws and not (secret and secret in quoted) else ""
    found = f"{Api.ASSUME_ROLE.action} {meaning.found.format(holder=OPERATOR)} ({code_of(error)}) for {role}{quote}"
    return meaning.error(f"{found}. {meaning.to_fix.format(resource=role, remedy='', holder=OPERATOR)}")


def without_credentials(error: CredentialsError, holder: Holder = OPERATOR) -> Denied:
    """Return the refusal to work without credentials at all: before there is any call to speak of."""
    if isinstance(error.cause, NoCredentialsError):
        return Denied(holder.missing)
    return Denied(holder.unusable.format(summary=error.summary, remedy=error.remedy))


def is_throttle(error: Exception) -> bool:
    """Return whether this API's own quota is used up; credentials have a quota of their own, at STS."""
    return meaning_of(error) is meanings.THROTTLED and not isinstance(error, CredentialsError)


def are_keys_refused(error: Exception) -> bool:
    """Return whether AWS does not take the credentials that the call itself was signed with, or does no more."""
    refused = (meanings.EXPIRED_CREDENTIALS, meanings.UNKNOWN_CREDENTIALS)
    return not isinstance(error, CredentialsError) and meaning_of(error) in refused


def meaning_of(error: Exception) -> Meaning:
    """Return what is known of such an error."""
    if isinstance(error, RoleError):
        return role_meanings.meaning_of_role(error.cause, meaning_of(error.cause))
    if isinstance(error, CredentialsError):
        return _meaning_of_fetching(error)
    if isinstance(error, ClientError):
        return meanings.BY_CODE.get(code_of(error)) or _meaning_of_unknown(error)
    fitting = (meaning for kind, meaning in meanings.BY_EXCEPTION if isinstance(error, kind))
    return next(fitting, meanings.UNFORESEEN)


def code_of(error: Exception) -> str:
    """Return AWS's code; of an error that AWS did not send, its type, and of one about credentials where they are."""
    if isinstance(error, RoleError):
        return code_of(error.cause)
    if isinstance(error, CredentialsError):
        return code_of(error.cause) if isinstance(error.cause, ClientError) else error.summary
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or f"HTTP status {_status(error)}")
    return type(error).__name__


def _meaning_of_fetching(error: CredentialsError) -> Meaning:
    """What is known of the way there holds for credentials too; for everything else a person must do something."""
    if isinstance(error.cause, NoCredentialsError):
        return meanings.NO_CREDENTIALS
    known = meaning_of(error.cause)
    if known is meanings.DENIED:
        return meanings.NOT_TRUSTED
    if issubclass(known.error, Transient) or (known.error is Denied and isinstance(error.cause, ClientError)):
        return known
    is_a_neighbour = error.provider in (AGENT, INSTANCE) and not isinstance(error.cause, OSError)
    return meanings.CREDENTIALS_UNREACHABLE if is_a_neighbour else meanings.CREDENTIALS_UNUSABLE


def _meaning_of_unknown(error: ClientError) -> Meaning:
    """What an unknown code means. A redirect or a refusal without AWS's request id and code comes from a proxy: its 403
    says nothing of a permission."""
    status, code = _status(error), code_of(error)
    if status >= 500:
        return meanings.UNAVAILABLE
    if status == 429:
        return meanings.THROTTLED
    is_aws_own = "RequestId" in error.response.get("ResponseMetadata", {}) and not code.endswith(str(status))
    if status < 400 or not is_aws_own:
        return meanings.FOREIGN_ANSWER
    return meanings.DENIED if status in (401, 403) else meanings.UNFORESEEN


def _action(error: Exception, api: Api) -> str:
    """botocore fetches credentials on the way to a call; what AWS refuses then has another operation's name."""
    if isinstance(error, CredentialsError) and isinstance(error.cause, ClientError):
        return str(error.cause.operation_name)
    return api.action


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _quoted(error: Exception) -> str:
    text = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else str(error)
    return " ".join(str(text).split())[:_LONGEST_QUOTE].rstrip(".") or "no message"
