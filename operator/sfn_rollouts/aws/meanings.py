"""What each AWS error asks of the engine: one table by error code, one by botocore's own exceptions."""

from dataclasses import dataclass, replace

from botocore import exceptions

from sfn_rollouts.aws.answers import ForeignAnswer
from sfn_rollouts.aws.credentials import WAYS
from sfn_rollouts.errors import Conflict, Denied, Gone, NoAnswer, PortError, Transient


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose credentials a call is made with, in the words that a remedy needs.

    `missing` and `unusable` are whole sentences for when there are none; `{summary}` says why, `{remedy}` what helps
    with this source. `renews`: what has expired is fetched again by itself.
    """

    role: str
    credentials: str
    host: str
    missing: str
    unusable: str
    renews: bool = False


OPERATOR = Holder(
    "the IAM role of the operator",
    "the operator's credentials",
    "its node",
    f"no AWS credentials were found. {WAYS}",
    "the AWS credentials cannot be fetched ({summary}). {remedy}",
)


def of_role(role: str) -> Holder:
    """Return who holds the credentials of a role that the operator has assumed; `role` is its ARN."""
    return replace(OPERATOR, role=role, credentials=f"the credentials of {role}", renews=True)


LOG_IN = "Log in (aws sso login), or set AWS_PROFILE; aws sts get-caller-identity must work."
PERSON = Holder(
    "your IAM role or user",
    "your AWS credentials",
    "this machine",
    f"no AWS credentials were found in your shell. {LOG_IN}",
    f"the AWS credentials of your shell cannot be used: {{summary}}. {LOG_IN}",
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`found` and `to_fix` are read by people; `{resource}` stands for what the call names, `{remedy}` for what helps
    with this source of credentials, `{holder}` for whose they are.

    AWS's own words are quoted only where `quotes_aws`: those about credentials and signatures may hold a session token.
    """

    error: type[PortError]
    found: str
    to_fix: str
    quotes_aws: bool = False


THROTTLED = Meaning(
    Transient,
    "was throttled",
    "It is tried again by itself; ask AWS for a higher quota if this happens often",
)
THROTTLED_BY_KMS = Meaning(Transient, "was throttled by KMS", "It is tried again by itself")
UNAVAILABLE = Meaning(Transient, "failed on the side of AWS", "It is tried again by itself")
PAGES_EXPIRED = Meaning(Transient, "was cut off between two pages", "It is tried again from the start")
DENIED = Meaning(Denied, "was denied", "Allow it for {resource} in {holder.role}", quotes_aws=True)
NOT_TRUSTED = Meaning(
    Denied,
    "was denied, so the operator has no credentials",
    "Let the trust policy of the operator's IAM role name its service account and the cluster's identity provider",
)
UNKNOWN_CREDENTIALS = Meaning(
    Denied,
    "was refused because AWS does not know {holder.credentials}",
    "Use a role or keys that exist in that account's partition",
)
EXPIRED_CREDENTIALS = Meaning(
    Denied,
    "was refused because {holder.credentials} have expired",
    "Renew them; IRSA and EKS Pod Identity renew them by themselves",
)
WRONG_SIGNATURE = Meaning(
    Denied,
    "was refused because its signature is wrong or too old",
    "Check the secret key of {holder.credentials} and the clock of {holder.host}",
)
KMS_DENIED = Meaning(Denied, "was denied by KMS", "Allow kms:Decrypt with the state machine's key in {holder.role}")
KMS_KEY_UNUSABLE = Meaning(Denied, "cannot use the state machine's KMS key", "Enable that key")
ACCOUNT_QUOTA = Meaning(
    Denied,
    "would exceed a quota of the account",
    "Delete what is not used, or ask AWS for a higher quota",
    quotes_aws=True,
)
REGION_DISABLED = Meaning(Denied, "is not available to the account", "Enable the region for the account")
NOT_THERE = Meaning(Gone, "found nothing", "Create {resource}, or correct its name")
BEING_DELETED = Meaning(Gone, "was refused because the state machine is being deleted", "Create it again")
EXECUTION_LIMIT = Meaning(
    Transient,
    "met the limit of running executions",
    "It is tried again by itself; let executions end, or ask AWS for a higher quota",
)
INPUT_REFUSED = Meaning(
    Denied, "was refused because of its input", "Correct spec.preflight.smoke.input", quotes_aws=True
)
CONFLICT = Meaning(Conflict, "met another change", "The operator reads again and decides again", quotes_aws=True)
INVALID = Meaning(PortError, "was refused as invalid", "Correct what names {resource}", quotes_aws=True)
UNFORESEEN = Meaning(
    PortError, "ended in a way that the operator does not foresee", "Please report it as a defect", quotes_aws=True
)

NO_CREDENTIALS = Meaning(
    Denied,
    "could not be made without AWS credentials",
    "Give the operator an IAM role for its service account (IRSA), an EKS Pod Identity association, or a profile",
)
CREDENTIALS_UNUSABLE = Meaning(
    Denied,
    "could not be made because the AWS credentials cannot be fetched",
    "{remedy}. It is tried again by itself",
)
CREDENTIALS_UNREACHABLE = Meaning(
    NoAnswer,
    "could not be made because the source of the credentials did not answer",
    "It is tried again; if it stays, check the EKS Pod Identity agent or the instance metadata on the operator's node",
)
NO_ANSWER = Meaning(NoAnswer, "got no answer in time", "It is tried again; whether it took effect is looked up")
UNTRUSTED_TLS = Meaning(
    NoAnswer,
    "found no TLS certificate that it trusts",
    "It is tried again; if it stays, check the proxy and AWS_CA_BUNDLE",
)
UNREACHABLE = Meaning(
    NoAnswer,
    "could not reach AWS",
    "It is tried again; if it stays, check the region, DNS, network policies and the proxy",
)
CONNECTION_LOST = Meaning(NoAnswer, "lost its connection", "It is tried again; whether it took effect is looked up")

FOREIGN_ANSWER = Meaning(
    Transient,
    "got an answer that is not AWS's",
    "It is tried again; whether it took effect is looked up; if it stays, check the proxies on the way",
)

BY_CODE = {
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "ThrottledException": THROTTLED,
    "RequestThrottled": THROTTLED,
    "RequestThrottledException": THROTTLED,
    "TooManyRequestsException": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "SlowDown": THROTTLED,
    "KmsThrottlingException": THROTTLED_BY_KMS,
    "ServiceUnavailable": UNAVAILABLE,
    "ServiceUnavailableException": UNAVAILABLE,
    "InternalFailure": UNAVAILABLE,
    "InternalError": UNAVAILABLE,
    "InternalServerError": UNAVAILABLE,
    "InternalServerException": UNAVAILABLE,
    "InternalServiceError": UNAVAILABLE,
    "InternalServiceFault": UNAVAILABLE,
    "RequestTimeout": UNAVAILABLE,
    "RequestTimeoutException": UNAVAILABLE,
    "IDPCommunicationError": UNAVAILABLE,
    "InvalidToken": PAGES_EXPIRED,
    "InvalidNextToken": PAGES_EXPIRED,
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "AuthorizationError": DENIED,
    "NotAuthorized": DENIED,
    "UnauthorizedOperation": DENIED,
    "InvalidIdentityToken": NOT_TRUSTED,
    "AuthFailure": UNKNOWN_CREDENTIALS,
    "UnrecognizedClientException": UNKNOWN_CREDENTIALS,
    "InvalidClientTokenId": UNKNOWN_CREDENTIALS,
    "InvalidAccessKeyId": UNKNOWN_CREDENTIALS,
    "MissingAuthenticationToken": UNKNOWN_CREDENTIALS,
    "MissingAuthenticationTokenException": UNKNOWN_CREDENTIALS,
    "ExpiredToken": EXPIRED_CREDENTIALS,
    "ExpiredTokenException": EXPIRED_CREDENTIALS,
    "TokenRefreshRequired": EXPIRED_CREDENTIALS,
    "RequestExpired": WRONG_SIGNATURE,
    "RequestTimeTooSkewed": WRONG_SIGNATURE,
    "SignatureDoesNotMatch": WRONG_SIGNATURE,
    "InvalidSignatureException": WRONG_SIGNATURE,
    "IncompleteSignature": WRONG_SIGNATURE,
    "IncompleteSignatureException": WRONG_SIGNATURE,
    "KmsAccessDeniedException": KMS_DENIED,
    "KmsInvalidStateException": KMS_KEY_UNUSABLE,
    "ServiceQuotaExceededException": ACCOUNT_QUOTA,
    "OptInRequired": REGION_DISABLED,
    "SubscriptionRequiredException": REGION_DISABLED,
    "RegionDisabledException": REGION_DISABLED,
    "ResourceNotFound": NOT_THERE,
    "ResourceNotFoundException": NOT_THERE,
    "StateMachineDoesNotExist": NOT_THERE,
    "NoSuchEntity": NOT_THERE,
    "NoSuchEntityException": NOT_THERE,
    "StateMachineDeleting": BEING_DELETED,
    "ExecutionLimitExceeded": EXECUTION_LIMIT,
    "InvalidExecutionInput": INPUT_REFUSED,
    "ConflictException": CONFLICT,
    "ValidationError": INVALID,
    "ValidationException": INVALID,
    "InvalidInput": INVALID,
    "InvalidParameterValue": INVALID,
    "InvalidParameterValueException": INVALID,
}
"""AWS's error codes, with those that no service model lists."""

BY_EXCEPTION: tuple[tuple[type[Exception], Meaning], ...] = (
    (exceptions.ReadTimeoutError, NO_ANSWER),
    (exceptions.ConnectTimeoutError, UNREACHABLE),
    (exceptions.SSLError, UNTRUSTED_TLS),
    (exceptions.ConnectionError, UNREACHABLE),
    (exceptions.HTTPClientError, CONNECTION_LOST),
    (exceptions.IncompleteReadError, CONNECTION_LOST),
    (ForeignAnswer, FOREIGN_ANSWER),
)
"""botocore's own exceptions on the way to AWS and back; the first that fits counts, so the particular stand before the
general. Those about credentials come as `credentials.CredentialsError`.
"""
