"""All of AWS, ready to be handed to the engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from sfn_rollouts.aws.alarms import CloudWatchAlarms
from sfn_rollouts.aws.budget import Budget, Fill
from sfn_rollouts.aws.calls import Calls
from sfn_rollouts.aws.catalog import StepFunctionsCatalog
from sfn_rollouts.aws.clients import Clients
from sfn_rollouts.aws.credentials import CredentialsError
from sfn_rollouts.aws.executions import AwsExecutionFeed
from sfn_rollouts.aws.meanings import OPERATOR, Holder
from sfn_rollouts.aws.reach import CredentialsReach
from sfn_rollouts.aws.router import StepFunctionsRouter
from sfn_rollouts.aws.smokes import StepFunctionsSmokes
from sfn_rollouts.aws.targets import AwsTargetInspector
from sfn_rollouts.aws.translation import without_credentials
from sfn_rollouts.core.values.identity import Caller
from sfn_rollouts.ports import CallMeter, Clock


@dataclass(frozen=True, slots=True)
class Aws:
    """The adapters; they share clients and quotas."""

    router: StepFunctionsRouter
    catalog: StepFunctionsCatalog
    targets: AwsTargetInspector
    executions: AwsExecutionFeed
    smokes: StepFunctionsSmokes
    alarms: CloudWatchAlarms
    reach: CredentialsReach
    clients: Clients
    budget: Budget
    holder: Holder

    def credential_source(self) -> str:
        """Return where the credentials come from, without a call to AWS. Denied: there are none to be had."""
        try:
            return self.clients.credential_source()
        except CredentialsError as error:
            raise without_credentials(error, self.holder) from None

    def bucket_fills(self) -> Sequence[Fill]:
        """Return how full the token buckets are, of every account, region and API called so far."""
        return self.budget.fills()

    def close(self) -> None:
        """Close all connections."""
        self.clients.close()


def connect(
    clock: Clock,
    meter: CallMeter,
    workers: int,
    answer_timeout_s: float = 5,
    *,
    holder: Holder = OPERATOR,
    caller: Callable[[], Caller] = Caller,
    random: Random | None = None,
) -> Aws:
    """Build the adapters; nothing is sent yet.

    `workers` is the number of threads that may call at once. A read that gets no answer is tried once more, so it may
    take twice `answer_timeout_s`. `holder` is whose credentials they are, for the words of a refusal.
    `caller` says for whom the calling thread calls, and so with which role; left out, the credentials that there are
    sign everything. `random` spreads the renewals of sessions.

    Raises:
        Denied: the environment names a profile that does not exist, or AWS's files cannot be read.
    """
    try:
        clients = Clients(
            workers,
            answer_timeout_s,
            caller=caller,
            clock=clock,
            meter=meter,
            random=random or Random(),  # noqa: S311 - jitter, no secret
        )
    except CredentialsError as error:
        raise without_credentials(error, holder) from None
    budget = Budget(clock)
    calls = Calls(budget, meter, clients.callers, holder)
    return Aws(
        router=StepFunctionsRouter(clients, calls, clock),
        catalog=StepFunctionsCatalog(clients, calls, clock),
        targets=AwsTargetInspector(clients, calls, clock),
        executions=AwsExecutionFeed(clients, calls, clock),
        smokes=StepFunctionsSmokes(clients, calls, clock),
        alarms=CloudWatchAlarms(clients, calls),
        reach=CredentialsReach(clients, budget, meter),
        clients=clients,
        budget=budget,
        holder=holder,
    )
