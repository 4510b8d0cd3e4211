"""What each error of AssumeRole asks of whom: the trust policy of the role, the operator's own policy, or nobody."""

from dataclasses import replace

from botocore.exceptions import ClientError, ParamValidationError

from sfn_rollouts.aws import meanings
from sfn_rollouts.aws.meanings import Meaning
from sfn_rollouts.errors import Denied, NoAnswer, Transient


class NotAssumed(Denied):
    """A role could not be assumed, so nothing was learnt of what the call was about."""


NOT_TRUSTED = Meaning(
    NotAssumed,
    "was denied",
    "Check that the role exists, that its trust policy names the operator's own role, with the externalId of the "
    "AWSAccess if it asks for one, and that {holder.role} may call sts:AssumeRole on it",
    quotes_aws=True,
)
NOT_TAGGED = Meaning(
    NotAssumed,
    "was denied because of the session tags",
    "Allow sts:TagSession beside sts:AssumeRole, in the trust policy of the role and in {holder.role}, or set "
    "sessionTags: None in the AWSAccess",
    quotes_aws=True,
)
TAGS_TOO_LONG = Meaning(
    NotAssumed, "was refused because its session tags are too long", "Set sessionTags: None in the AWSAccess"
)
MALFORMED = Meaning(
    NotAssumed,
    "was refused as invalid",
    "Correct roleArn, externalId or sessionTags of the AWSAccess; the role must be in the operator's own partition",
    quotes_aws=True,
)
NOT_ACTIVE = Meaning(
    NotAssumed,
    "was refused because STS is not active in the operator's region",
    "Activate it in the settings of the operator's account, or set AWS_REGION to a region where it is active",
)
SESSION_ENDED = Meaning(
    Transient,
    "was refused because {holder.credentials} have expired",
    "New ones are fetched, and it is tried again by itself",
)
"""What a call meets that is made with an assumed role."""

_BY_CODE = {"PackedPolicyTooLarge": TAGS_TOO_LONG, "RegionDisabledException": NOT_ACTIVE}
_AWAY = (
    "The call was not made, and is tried again; if it stays, check the way to STS: its VPC endpoint, network policies, "
    "the proxy"
)


def meaning_of_role(cause: Exception, known: Meaning) -> Meaning:
    """Return what it means that a role could not be assumed; `known` is what the cause means for any call."""
    if isinstance(cause, ClientError) and (found := _BY_CODE.get(cause.response.get("Error", {}).get("Code", ""))):
        return found
    if isinstance(cause, TimeoutError):  # this thread waited for another one's request
        return replace(meanings.NO_ANSWER, to_fix=_AWAY)
    if issubclass(known.error, NoAnswer) or known is meanings.FOREIGN_ANSWER:
        return replace(known, to_fix=_AWAY)
    if issubclass(known.error, Transient):
        return known
    if known is meanings.DENIED:
        return NOT_TAGGED if "sts:TagSession" in str(cause) else NOT_TRUSTED
    if known is meanings.INVALID or isinstance(cause, ParamValidationError):
        return MALFORMED
    return replace(known, error=NotAssumed) if known.error is Denied else meanings.UNFORESEEN
