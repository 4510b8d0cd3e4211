"""Errors as AWS answers them: a code, a text and an HTTP status."""

from __future__ import annotations

_DENIED_WITH_403 = ("iam", "lambda", "sts")


class AwsError(Exception):
    """An error answer. `status` is the HTTP status; `query_code` the code that CloudWatch's query-compatible
    clients see in place of `code`, where AWS names them differently."""

    def __init__(self, code: str, message: str, *, status: int = 400, query_code: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.query_code = query_code or code


def invalid_arn(why: str) -> AwsError:
    """`why` is the inner text, such as "Invalid ARN prefix: x"."""
    return AwsError("InvalidArn", f"Invalid Arn: '{why}'")


def machine_does_not_exist(arn: str) -> AwsError:
    return AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def resource_not_found() -> AwsError:
    """What AWS says of an alias that is not there."""
    return AwsError("ResourceNotFound", "Request references a resource that does not exist.")


def kms_access_denied(user: str, key: str) -> AwsError:
    """The caller, named by its ARN, may not decrypt with this key. The text is not established; it is worded as IAM
    words a refusal."""
    return AwsError(
        "KmsAccessDeniedException", f"User: {user} is not authorized to perform: kms:Decrypt on resource: {key}"
    )


def access_denied(service: str, user: str, action: str, resource: str, why: str = "") -> AwsError:
    """`user` is the caller's ARN. STS says no reason; what other services say of it:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    text = f"User: {user} is not authorized to perform: {action} on resource: {resource} {why}".rstrip()
    status = 403 if service in _DENIED_WITH_403 else 400
    return AwsError("AccessDeniedException", text, status=status, query_code="AccessDenied")


def expired_token(service: str) -> AwsError:
    text = "The security token included in the request is expired"
    return AwsError("ExpiredTokenException", text, status=_status_of_token(service), query_code="ExpiredToken")


def unknown_token(service: str) -> AwsError:
    """Of credentials that AWS never gave out, or whose token belongs to others."""
    text = "The security token included in the request is invalid"
    status = _status_of_token(service)
    return AwsError("UnrecognizedClientException", text, status=status, query_code="InvalidClientTokenId")


def _status_of_token(service: str) -> int:
    return 403 if service == "sts" else 400


def rate_exceeded(service: str) -> AwsError:
    """Lambda has a word of its own for it, and the query protocol a short one."""
    if service == "lambda":
        return AwsError("TooManyRequestsException", "Rate exceeded", status=429)
    return AwsError("ThrottlingException", "Rate exceeded", query_code="Throttling")


def validation(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message)


def unknown_operation(action: str) -> AwsError:
    """`action` as IAM names it, such as states:TestState."""
    return AwsError("UnknownOperationException", f"The emulator does not implement {action}.")
