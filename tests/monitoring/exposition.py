"""A page of /metrics, as Prometheus reads it: series by name, with type and labels."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Series:
    """`labels` are all that any sample of this name carries. `is_empty`: there is no sample."""

    name: str
    kind: str
    labels: frozenset[str]
    is_empty: bool = False


@dataclass(frozen=True)
class Page:
    """What is there.

    `families` as docs list them: a counter with `_total`, a histogram without `_bucket`. `samples`: labels by the name
    that PromQL uses. `values`: of all labels.
    """

    families: Mapping[str, Series]
    samples: Mapping[str, frozenset[str]]
    values: frozenset[str]

    def ours(self) -> dict[str, Series]:
        """The operator's own, without those of the Prometheus client."""
        return {name: series for name, series in self.families.items() if name.startswith("sfn_rollouts_")}


def read_page(text: str) -> Page:
    """Parse Prometheus's text format."""
    families: dict[str, Series] = {}
    samples: dict[str, frozenset[str]] = {}
    values: set[str] = set()
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = frozenset(label for sample in family.samples for label in sample.labels)
        families[name] = Series(name, family.type, labels - {"le"}, is_empty=not family.samples)
        for sample in family.samples:
            values.update(sample.labels.values())
            samples[sample.name] = samples.get(sample.name, frozenset()) | sample.labels.keys()
    return Page(families, samples, frozenset(values))
