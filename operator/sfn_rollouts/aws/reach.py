"""Whose credentials these are, and where they lead: `ports.Reach`."""

import re

from sfn_rollouts.aws.answers import ForeignAnswer, field, reading
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Budget
from sfn_rollouts.aws.clients import Clients
from sfn_rollouts.aws.credentials import RoleError
from sfn_rollouts.aws.meanings import OPERATOR, of_role
from sfn_rollouts.aws.translation import are_keys_refused, translated
from sfn_rollouts.core.values.readings import Account
from sfn_rollouts.ports import CallMeter

_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):(?:sts|iam)::(?P<number>[0-9]{12}):.+")


class CredentialsReach:
    """STS for the account, botocore's own data for the regions."""

    def __init__(self, clients: Clients, budget: Budget, meter: CallMeter) -> None:
        self._clients = clients
        self._budget = budget
        self._meter = meter

    def account(self) -> Account:
        """Ask STS, as the current caller. Outside the budget: it is one call each, and STS has a quota of its own.

        Raises:
            PortError: it could not be asked.
        """
        api = Api.GET_CALLER_IDENTITY
        try:
            answer = self._clients.caller_identity()
            with reading():
                account = _account(field(answer, "Arn"), field(answer, "Account"))
        except Exception as error:  # noqa: BLE001 - the seam, as in `Calls`
            callers = self._clients.callers
            if are_keys_refused(error):
                callers.forget()
            role = callers.role
            failure = translated(error, api, role or "the operator's credentials", of_role(role) if role else OPERATOR)
            if not isinstance(error, RoleError):  # counted as a call of AssumeRole; this one was not made
                self._meter.aws_call(api, failure.trouble)
            raise failure from None
        self._meter.aws_call(api, "OK")
        return account

    def knows(self, partition: str, region: str) -> bool:
        """Return whether there is such a region."""
        return region in self._clients.regions.get(partition, ())

    def leave(self, region: str) -> None:
        """Close the clients and drop the buckets of a region: after an hour these are full anyway."""
        self._clients.leave(region)
        self._budget.leave(region)


def _account(arn: str, number: str) -> Account:
    """The ARN has the partition. An answer that contradicts itself must not stop every rollout."""
    match = _ARN.fullmatch(arn)
    if match is None or match["number"] != number:
        raise ForeignAnswer("no ARN of an identity")
    return Account(number, match["partition"])
