"""What a published version holds, read with a person's own credentials: for the plugin's `diff`, not for the engine.

No budget and no meter: it is two calls that a person waits for. Errors are the ports', with remedies for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfn_rollouts.asl import document
from sfn_rollouts.aws import meanings
from sfn_rollouts.aws.answers import field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.credentials import CredentialsError, fetching
from sfn_rollouts.aws.meanings import PERSON
from sfn_rollouts.aws.session import open_session, settings
from sfn_rollouts.aws.translation import code_of, meaning_of, without_credentials
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.errors import Denied, Gone, PortError, Transient
from sfn_rollouts.printable import word

_ATTEMPTS, _ANSWER_TIMEOUT_S = 3, 10.0
_SETTINGS = ("roleArn", "type", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


@dataclass(frozen=True, slots=True)
class VersionContent:
    """`definition` is Amazon States Language as JSON; `settings` what else the version pins, named as AWS does."""

    definition: Mapping[str, Any]
    settings: Mapping[str, Any]


class UserStepFunctions:
    """Step Functions in one region, by the credentials of whoever sits at the terminal."""

    def __init__(self, machine: StateMachineArn) -> None:
        """Make the client; nothing is sent yet, but a helper may be run for credentials.

        Raises:
            Denied: there are no credentials to be had.
        """
        self._machine = machine
        config = settings(_ATTEMPTS, workers=1, answer_timeout_s=_ANSWER_TIMEOUT_S)
        try:
            session = open_session(machine.region)
            with fetching():
                self._client = session.client("stepfunctions", region_name=machine.region, config=config)
        except CredentialsError as error:
            raise without_credentials(error, PERSON) from None

    def read(self, version: int) -> VersionContent:
        """Read one version.

        Raises:
            Denied: no credentials, or not allowed; the message has the remedy.
            Gone: there is no such version any more.
            Transient: AWS did not answer.
            PortError: anything else, an unreadable definition for one.
        """
        arn = self._machine.version(version)
        try:
            answer: Mapping[str, Any] = dict(self._client.describe_state_machine(stateMachineArn=arn))
            with reading():
                text = str(field(answer, "definition"))
        except Exception as error:  # noqa: BLE001 - the seam: whatever boto3 raises becomes one sentence with its remedy
            raise _translated(error, self._machine, version) from None
        try:
            definition = document.parse(text)
        except document.DefinitionError as error:
            raise PortError(f"the definition of {arn} cannot be read: {error}") from None
        return VersionContent(definition, {name: answer[name] for name in _SETTINGS if name in answer})

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _translated(error: Exception, machine: StateMachineArn, version: int) -> PortError:
    meaning, code, arn = meaning_of(error), code_of(error), machine.version(version)
    if isinstance(error, CredentialsError) and meaning.error is Denied:
        return without_credentials(error, PERSON)
    if meaning is meanings.NOT_THERE or meaning is meanings.BEING_DELETED:
        versions = f"aws stepfunctions list-state-machine-versions --state-machine-arn {word(str(machine))}"
        return Gone(f"{arn} does not exist: it was deleted, or never published. {versions} lists what there is.")
    if meaning is meanings.DENIED:
        return Denied(
            f"your AWS credentials may not call {Api.DESCRIBE_STATE_MACHINE.action} on {arn} ({code}). "
            "Ask for that permission, it only reads; or choose another AWS_PROFILE."
        )
    if meaning is meanings.KMS_DENIED:
        return Denied(f"the definition of {arn} is encrypted, and your AWS credentials may not call kms:Decrypt.")
    if meaning.error is Denied:
        return Denied(f"AWS does not accept your credentials ({code}). {meanings.LOG_IN}")
    if issubclass(meaning.error, Transient):
        return Transient(f"reading {arn} {meaning.found.format(holder=PERSON)} ({code}). Try again.")
    return PortError(f"{arn} could not be read ({code})")
