"""How often AWS lets an account call an API in one region.

Step Functions: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html (bucket size and refill).
CloudWatch: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html; it publishes a rate
only, so its bucket is taken to hold one second's worth. Of GetMetricData it says 500 a second, and said 50 before: the
smaller number is used, as an older account may still have it.
For StartSyncExecution it publishes none ("do not contribute to existing account capacity limits"): ten a second are
asked for.
Lambda: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "the rest of the control plane".
IAM publishes nothing, and throttles: about 180 calls in a row were too many for others, so one a second is asked.
"""

from dataclasses import dataclass

from sfn_rollouts.aws.apis import Api


@dataclass(frozen=True, slots=True)
class Quota:
    """A token bucket: `capacity` calls at once, then `refill_per_s` calls a second."""

    capacity: int
    refill_per_s: int


_EVERYWHERE = {
    Api.DESCRIBE_ALIAS: Quota(capacity=200, refill_per_s=1),
    Api.UPDATE_ALIAS: Quota(capacity=100, refill_per_s=1),
    Api.CREATE_ALIAS: Quota(capacity=100, refill_per_s=1),
    Api.DESCRIBE_STATE_MACHINE: Quota(capacity=200, refill_per_s=20),
    Api.LIST_EXECUTIONS: Quota(capacity=100, refill_per_s=2),
    Api.START_EXECUTION: Quota(capacity=800, refill_per_s=150),
    Api.START_SYNC_EXECUTION: Quota(capacity=10, refill_per_s=10),
    Api.DESCRIBE_EXECUTION: Quota(capacity=250, refill_per_s=10),
    Api.DESCRIBE_ALARMS: Quota(capacity=9, refill_per_s=9),
    Api.DESCRIBE_ALARM_HISTORY: Quota(capacity=20, refill_per_s=20),
    Api.GET_METRIC_DATA: Quota(capacity=50, refill_per_s=50),
    Api.GET_FUNCTION_CONFIGURATION: Quota(capacity=15, refill_per_s=15),
    Api.SIMULATE_PRINCIPAL_POLICY: Quota(capacity=10, refill_per_s=1),
}
_LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
_IN_LARGE_REGIONS = {
    Api.LIST_EXECUTIONS: Quota(capacity=200, refill_per_s=5),
    Api.START_EXECUTION: Quota(capacity=1300, refill_per_s=300),
    Api.DESCRIBE_EXECUTION: Quota(capacity=300, refill_per_s=15),
}


def quota(api: Api, region: str) -> Quota:
    """Return AWS's default quota; one that was raised for an account is not known here."""
    if region in _LARGE_REGIONS:
        return _IN_LARGE_REGIONS.get(api, _EVERYWHERE[api])
    return _EVERYWHERE[api]
