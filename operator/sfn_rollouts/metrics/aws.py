"""Series of calls to AWS."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily

from sfn_rollouts.aws.apis import Api
from sfn_rollouts.aws.budget import Fill
from sfn_rollouts.metrics.series import Series


class AwsMetrics:
    """`ports.CallMeter`, and the token buckets."""

    def __init__(self, series: Series) -> None:
        self._aws_calls = series.counter("aws_calls", "Calls to AWS.", "api", "result")
        self._aws_throttles = series.counter("aws_throttles", "Calls that AWS throttled.", "api")
        self._aws_withheld = series.counter("aws_withheld", "Calls that waited for their bucket to refill.", "api")
        for api in Api:
            self._aws_throttles.labels(api)
            self._aws_withheld.labels(api)
        self._buckets = _Buckets()
        series.registry.register(self._buckets)

    def aws_call(self, api: str, result: str) -> None:
        """Count one call to AWS."""
        self._aws_calls.labels(api, result).inc()

    def aws_throttled(self, api: str) -> None:
        """Count one call that AWS throttled."""
        self._aws_throttles.labels(api).inc()

    def aws_withheld(self, api: str) -> None:
        """Count one call that was not made for want of a token."""
        self._aws_withheld.labels(api).inc()

    def watch_buckets(self, fills: Callable[[], Iterable[Fill]]) -> None:
        """Ask this at each scrape: buckets refill while nothing is called."""
        self._buckets.fills = fills


class _Buckets:
    """A collector of token buckets, read when somebody looks."""

    def __init__(self) -> None:
        self.fills: Callable[[], Iterable[Fill]] = tuple

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ("account", "region", "api")
        tokens = GaugeMetricFamily(
            "sfn_rollouts_aws_bucket_tokens", "Calls that AWS's quota allows at once now, by our count.", labels=labels
        )
        capacity = GaugeMetricFamily(
            "sfn_rollouts_aws_bucket_capacity", "Calls that AWS's quota allows at once after a silence.", labels=labels
        )
        for fill in self.fills():
            where = (fill.account, fill.region, fill.api)
            tokens.add_metric(where, fill.tokens)
            capacity.add_metric(where, fill.capacity)
        yield from (tokens, capacity)
