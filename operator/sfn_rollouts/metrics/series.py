"""Where series are made: one registry, one prefix."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)


class Series:
    """Makes the series of one registry; each name gets the prefix `sfn_rollouts_`."""

    def __init__(self) -> None:
        # Else each counter and histogram comes with a second series that nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the client has no types for it
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def of_rollout(self, name: str, words: str, *labels: str) -> Gauge:
        """Make a gauge of each rollout."""
        return self.gauge(f"rollout_{name}", f"Of a rollout: {words}", "namespace", "name", *labels)

    def gauge(self, name: str, words: str, *labels: str) -> Gauge:
        """Make a gauge."""
        return Gauge(f"sfn_rollouts_{name}", words, labels, registry=self.registry)

    def counter(self, name: str, words: str, *labels: str) -> Counter:
        """Make a counter."""
        return Counter(f"sfn_rollouts_{name}", words, labels, registry=self.registry)

    def histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        """Make a histogram."""
        return Histogram(f"sfn_rollouts_{name}", words, labels, buckets=buckets, registry=self.registry)
