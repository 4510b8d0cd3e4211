"""What each AWS error becomes, as boto3 raises it from the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from sfn_rollouts.aws.answers import ForeignAnswer
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.credentials import CredentialsError
from sfn_rollouts.aws.meanings import BY_CODE, BY_EXCEPTION
from sfn_rollouts.aws.translation import code_of, is_throttle, translated
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Denied, Gone, NoAnswer, PortError, Transient
from sfn_rollouts.ports import Urgency
from tests.aws.doubles import Answer

if TYPE_CHECKING:
    from tests.aws.conftest import Connect
    from tests.aws.doubles import CannedServer, RecordingMeter

LIVE = StateMachineArn.parse("arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor").alias("live")

CODES = {
    "Throttling": (Transient, "was throttled"),
    "ThrottlingException": (Transient, "was throttled"),
    "ThrottledException": (Transient, "was throttled"),
    "RequestThrottled": (Transient, "was throttled"),
    "RequestThrottledException": (Transient, "was throttled"),
    "TooManyRequestsException": (Transient, "was throttled"),
    "RequestLimitExceeded": (Transient, "was throttled"),
    "SlowDown": (Transient, "was throttled"),
    "KmsThrottlingException": (Transient, "throttled by KMS"),
    "ServiceUnavailable": (Transient, "on the side of AWS"),
    "ServiceUnavailableException": (Transient, "on the side of AWS"),
    "InternalFailure": (Transient, "on the side of AWS"),
    "InternalError": (Transient, "on the side of AWS"),
    "InternalServerError": (Transient, "on the side of AWS"),
    "InternalServerException": (Transient, "on the side of AWS"),
    "InternalServiceError": (Transient, "on the side of AWS"),
    "InternalServiceFault": (Transient, "on the side of AWS"),
    "RequestTimeout": (Transient, "on the side of AWS"),
    "RequestTimeoutException": (Transient, "on the side of AWS"),
    "IDPCommunicationError": (Transient, "on the side of AWS"),
    "InvalidToken": (Transient, "tried again from the start"),
    "InvalidNextToken": (Transient, "tried again from the start"),
    "AccessDenied": (Denied, f"Allow it for {LIVE} in the IAM role"),
    "AccessDeniedException": (Denied, f"Allow it for {LIVE} in the IAM role"),
    "AuthorizationError": (Denied, f"Allow it for {LIVE} in the IAM role"),
    "NotAuthorized": (Denied, f"Allow it for {LIVE} in the IAM role"),
    "UnauthorizedOperation": (Denied, f"Allow it for {LIVE} in the IAM role"),
    "InvalidIdentityToken": (Denied, "trust policy"),
    "AuthFailure": (Denied, "does not know the operator's credentials"),
    "UnrecognizedClientException": (Denied, "does not know the operator's credentials"),
    "InvalidClientTokenId": (Denied, "does not know the operator's credentials"),
    "InvalidAccessKeyId": (Denied, "does not know the operator's credentials"),
    "MissingAuthenticationToken": (Denied, "does not know the operator's credentials"),
    "MissingAuthenticationTokenException": (Denied, "does not know the operator's credentials"),
    "ExpiredToken": (Denied, "Renew them"),
    "ExpiredTokenException": (Denied, "Renew them"),
    "TokenRefreshRequired": (Denied, "Renew them"),
    "RequestExpired": (Denied, "the clock of its node"),
    "RequestTimeTooSkewed": (Denied, "the clock of its node"),
    "SignatureDoesNotMatch": (Denied, "the clock of its node"),
    "InvalidSignatureException": (Denied, "the clock of its node"),
    "IncompleteSignature": (Denied, "the clock of its node"),
    "IncompleteSignatureException": (Denied, "the clock of its node"),
    "KmsAccessDeniedException": (Denied, "kms:Decrypt"),
    "KmsInvalidStateException": (Denied, "Enable that key"),
    "ServiceQuotaExceededException": (Denied, "Delete what is not used"),
    "ExecutionLimitExceeded": (Transient, "limit of running executions"),
    "InvalidExecutionInput": (Denied, "spec.preflight.smoke.input"),
    "OptInRequired": (Denied, "Enable the region"),
    "SubscriptionRequiredException": (Denied, "Enable the region"),
    "RegionDisabledException": (Denied, "Enable the region"),
    "ResourceNotFound": (Gone, f"Create {LIVE}"),
    "NoSuchEntity": (Gone, f"Create {LIVE}"),
    "NoSuchEntityException": (Gone, f"Create {LIVE}"),
    "ResourceNotFoundException": (Gone, f"Create {LIVE}"),
    "StateMachineDoesNotExist": (Gone, f"Create {LIVE}"),
    "StateMachineDeleting": (Gone, "is being deleted"),
    "ConflictException": (Conflict, "reads again"),
    "ValidationError": (PortError, "refused as invalid"),
    "ValidationException": (PortError, "refused as invalid"),
    "InvalidInput": (PortError, "refused as invalid"),
    "InvalidParameterValue": (PortError, "refused as invalid"),
    "InvalidParameterValueException": (PortError, "refused as invalid"),
}
UNFORESEEN_CODES = ["ValidationException", "InvalidArn", "InvalidName", "ServiceOfTomorrowException"]


def refusal_of(connected: Connect) -> PortError:
    """The error of a write: one attempt, so the first answer is the last."""
    with pytest.raises(PortError) as caught:
        connected().router.shift(LIVE, Routing.whole(1), Urgency.ROLLBACK)
    return caught.value


def test_the_tables_here_name_every_row() -> None:
    assert set(CODES) == set(BY_CODE)
    assert {type(error) for error, _, _ in EXCEPTIONS.values()} >= {kind for kind, _ in BY_EXCEPTION} - ABSTRACT


@pytest.mark.parametrize("code", CODES)
def test_a_code_means(code: str, canned: CannedServer, connected: Connect, meter: RecordingMeter) -> None:
    kind, words = CODES[code]
    canned.say(Answer.error(code))
    refusal = refusal_of(connected)
    assert type(refusal) is kind
    assert words in refusal.why
    assert f"({code}) for {LIVE}" in refusal.why
    assert meter.calls == [("UpdateStateMachineAlias", kind.trouble)]
    assert len(canned.requests) == 1


def test_aws_words_are_one_printable_line(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer.error("ValidationException", "no\n2026 [info] promoted\x1b[2J\x9b\u202e\u2028##[error]"))
    refusal = refusal_of(connected)
    assert "no 2026 [info] promoted" in refusal.why
    assert (refusal.why.isprintable(), str(refusal)) == (True, refusal.why)
    assert "##[" not in refusal.why


@pytest.mark.parametrize("code", UNFORESEEN_CODES)
def test_a_code_nobody_foresaw_is_an_internal_error_with_aws_words(
    code: str, canned: CannedServer, connected: Connect, meter: RecordingMeter
) -> None:
    canned.say(Answer.error(code, "Sum of routing configuration weights must equal 100."))
    refusal = refusal_of(connected)
    assert type(refusal) is PortError
    assert f"({code})" in refusal.why
    assert "weights must equal 100." in refusal.why
    assert isinstance(refusal.__cause__, exceptions.ClientError)
    assert meter.calls == [("UpdateStateMachineAlias", "Internal")]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Answer(503, "<html>try later</html>"), Transient, id="a load balancer's page, 503"),
        pytest.param(Answer(502, ""), Transient, id="an empty 502"),
        pytest.param(Answer.error("NeverHeardOf", status=500), Transient, id="an unknown code with 500"),
        pytest.param(Answer(429, ""), Transient, id="an empty 429"),
        pytest.param(Answer.error("NeverHeardOf", status=403), Denied, id="an unknown code of AWS's with 403"),
        pytest.param(Answer(200, '{"upd', is_cut=True), NoAnswer, id="a body that ends too early"),
        pytest.param(Answer(200, "<html>welcome</html>", ()), Transient, id="a captive portal's page"),
    ],
)
def test_an_answer_that_is_not_aws_own(answer: Answer, kind: type[PortError], canned, connected: Connect) -> None:
    canned.say(answer)
    assert type(refusal_of(connected)) is kind


def retrieval_error(provider: str) -> exceptions.CredentialRetrievalError:
    return exceptions.CredentialRetrievalError(provider=provider, error_msg="hunter2")


EXCEPTIONS: dict[str, tuple[Exception, type[PortError], str]] = {
    "no credentials": (CredentialsError(exceptions.NoCredentialsError()), Denied, "IRSA"),
    "credentials that cannot be fetched": (CredentialsError(KeyError("hunter2")), Denied, "the AWS_* variables"),
    "a helper that fails": (
        CredentialsError(retrieval_error("custom-process"), "custom-process"),
        Denied,
        "Run it by hand",
    ),
    "a credential source that is down": (
        CredentialsError(retrieval_error("container-role"), "assume-role"),
        NoAnswer,
        "source of the credentials",
    ),
    "a node without metadata": (
        CredentialsError(exceptions.MetadataRetrievalError(error_msg="hunter2"), "iam-role"), NoAnswer, "source of the"
    ),
    "STS out of reach": (
        CredentialsError(exceptions.EndpointConnectionError(endpoint_url="x"), "sso"), NoAnswer, "could not reach"
    ),
    "no answer in time": (exceptions.ReadTimeoutError(endpoint_url="x"), NoAnswer, "no answer in time"),
    "no connection in time": (exceptions.ConnectTimeoutError(endpoint_url="x"), NoAnswer, "could not reach AWS"),
    "nobody there": (exceptions.EndpointConnectionError(endpoint_url="x"), NoAnswer, "could not reach AWS"),
    "no way out": (exceptions.ProxyConnectionError(proxy_url="http://me:hunter2@x"), NoAnswer, "could not reach AWS"),
    "somebody else's certificate": (exceptions.SSLError(endpoint_url="x", error="y"), NoAnswer, "AWS_CA_BUNDLE"),
    "a connection that broke": (exceptions.ConnectionClosedError(endpoint_url="x"), NoAnswer, "lost its connection"),
    "an HTTP client that broke": (exceptions.HTTPClientError(error="hunter2"), NoAnswer, "lost its connection"),
    "a body that broke": (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), NoAnswer, "lost its con"),
    "a body that is no document": (ResponseParserError("hunter2"), Transient, "not AWS's"),
    "an answer without its fields": (ForeignAnswer("KeyError"), Transient, "not AWS's"),
    "a parameter that botocore refuses": (exceptions.ParamValidationError(report="weight"), PortError, "weight"),
    "a client that cannot be made": (exceptions.EndpointProviderError(msg="x"), PortError, "Endpoint"),
    "an answer without a field": (KeyError("updateDate"), PortError, "(KeyError)"),
    "a routing of three": (ValueError("a routing has one or two versions"), PortError, "one or two versions"),
}  # fmt: skip
ABSTRACT = {exceptions.ConnectionError}


@pytest.mark.parametrize("what", EXCEPTIONS)
def test_an_exception_means(what: str) -> None:
    error, kind, words = EXCEPTIONS[what]
    refusal = translated(error, Api.UPDATE_ALIAS, str(LIVE))
    assert type(refusal) is kind
    assert words in refusal.why
    assert refusal.why.startswith("states:UpdateStateMachineAlias ")
    assert f"({code_of(error)}) for {LIVE}" in refusal.why
    assert "hunter2" not in refusal.why


def test_a_denial_reads_as_a_person_needs_it(canned: CannedServer, connected: Connect) -> None:
    canned.say(
        Answer.error("AccessDeniedException", "User: arn:aws:sts::1:x is not authorized, with an explicit deny.\n")
    )
    assert refusal_of(connected).why == (
        "states:UpdateStateMachineAlias was denied (AccessDeniedException) for "
        "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor:live: User: arn:aws:sts::1:x is not "
        "authorized, with an explicit deny. Allow it for "
        "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor:live in the IAM role of the operator"
    )


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException", "ExpiredTokenException"])
def test_what_aws_says_of_credentials_is_not_repeated(code: str, canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer.error(code, "The Canonical String should have been 'x-amz-security-token:hunter2'"))
    refusal = refusal_of(connected)
    assert "hunter2" not in refusal.why
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__


def test_long_words_of_aws_are_cut(canned: CannedServer, connected: Connect) -> None:
    canned.say(Answer.error("ValidationException", "x" * 10_000))
    assert len(refusal_of(connected).why) < 600


def sts_error(code: str) -> CredentialsError:
    answer = exceptions.ClientError({"Error": {"Code": code, "Message": "no"}}, "AssumeRoleWithWebIdentity")
    return CredentialsError(answer, "assume-role-with-web-identity")


def test_a_role_that_may_not_be_assumed_is_distinguished_from_an_api_that_may_not_be_called() -> None:
    refusal = translated(sts_error("AccessDenied"), Api.UPDATE_ALIAS, str(LIVE))
    assert type(refusal) is Denied
    assert refusal.why.startswith("AssumeRoleWithWebIdentity was denied")
    assert "trust policy" in refusal.why


def test_throttling_of_credentials_is_not_throttling_of_the_api() -> None:
    assert not is_throttle(sts_error("Throttling"))
    assert not is_throttle(KeyError("x"))
