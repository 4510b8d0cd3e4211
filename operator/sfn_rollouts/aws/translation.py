"""From whatever a call raised to the `PortError` that says what to do about it."""

from botocore.exceptions import ClientError

from sfn_rollouts.aws import meanings
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.meanings import Meaning
from sfn_rollouts.errors import PortError

_LONGEST_QUOTE = 300


def translated(error: Exception, api: Api, resource: str) -> PortError:
    """Give the error that the engine understands; anything unforeseen is a plain PortError.

    `why` holds nothing that changes from try to try (times, request ids): it goes into a status.
    """
    meaning = meaning_of(error, api)
    found = f"{_action(error, api)} {meaning.found} ({code_of(error)}) for {resource}"
    quote = f": {_quoted(error)}" if meaning.quotes_aws else ""
    return meaning.error(f"{found}{quote}. {meaning.cure.format(resource=resource)}")


def is_throttle(error: Exception, api: Api) -> bool:
    """Tell whether this API's own quota is used up; credentials have a quota of their own, at STS."""
    return meaning_of(error, api) is meanings.THROTTLED and not _is_about_credentials(error, api)


def meaning_of(error: Exception, api: Api) -> Meaning:
    """Give what is known of such an error."""
    if isinstance(error, ClientError):
        return _meaning_of_answer(error, api)
    fitting = (meaning for kind, meaning in meanings.BY_EXCEPTION if isinstance(error, kind))
    return next(fitting, meanings.UNFORESEEN)


def code_of(error: Exception) -> str:
    """Give AWS's code; of an error that AWS did not send, its type."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "no code"))
    return type(error).__name__


def _meaning_of_answer(error: ClientError, api: Api) -> Meaning:
    known = meanings.BY_CODE.get(code_of(error)) or _meaning_of_status(_status(error))
    if known is meanings.DENIED and _is_about_credentials(error, api):
        return meanings.NOT_TRUSTED
    return known


def _meaning_of_status(status: int) -> Meaning:
    """What an unknown code means. A load balancer or a proxy answers without any of AWS's codes."""
    if status >= 500:
        return meanings.UNAVAILABLE
    return {401: meanings.DENIED, 403: meanings.DENIED, 429: meanings.THROTTLED}.get(status, meanings.UNFORESEEN)


def _is_about_credentials(error: Exception, api: Api) -> bool:
    """botocore fetches credentials on the way to a call; what fails then has another operation's name."""
    return isinstance(error, ClientError) and error.operation_name != api


def _action(error: Exception, api: Api) -> str:
    if isinstance(error, ClientError) and error.operation_name != api:
        return str(error.operation_name)
    return api.action


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _quoted(error: Exception) -> str:
    text = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else str(error)
    return " ".join(str(text).split())[:_LONGEST_QUOTE].rstrip(".") or "no message"
