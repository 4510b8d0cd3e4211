"""PromQL answered from two scrapes, as far as our alert rules need it; what it does not know is an error.

promql_parser parses and does not evaluate, and Prometheus itself is no Python. `increase` is the difference between the
scrapes, and has nothing to say of a series that the first one does not have: as in Prometheus.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    Matcher,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    VectorMatchCardinality,
    VectorSelector,
    parse,
)

Labels = frozenset[tuple[str, str]]
Vector = Mapping[Labels, float]

_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
_AGGREGATES: Mapping[str, Callable[[Iterable[float]], float]] = {"sum": sum, "max": max, "min": min}


class Scrape:
    """One look at /metrics, with the labels that a scrape adds where the series has none of that name."""

    def __init__(self, text: str, added: Mapping[str, str]) -> None:
        self._samples: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = frozenset({**added, **sample.labels}.items())
                self._samples.setdefault(sample.name, {})[labels] = sample.value

    def join(self, other: "Scrape") -> None:
        """Take in what another operator shows."""
        for name, samples in other._samples.items():
            self._samples.setdefault(name, {}).update(samples)

    def select(self, selector: VectorSelector) -> Vector:
        matchers = selector.matchers.matchers
        found = self._samples.get(str(selector.name), {})
        return {labels: value for labels, value in found.items() if all(_fits(each, dict(labels)) for each in matchers)}


@dataclass(frozen=True)
class Moment:
    """What is known now: the last scrape, one from the beginning of every range, and Unix time."""

    before: Scrape
    now: Scrape
    time: float

    def ask(self, text: str) -> list[dict[str, str]]:
        """Labels of each result: an alert fires for each of them."""
        answer = self._value(parse(text))
        assert isinstance(answer, Mapping), "a rule gives a vector"
        return [dict(labels) for labels in answer]

    def _value(self, expression: Expr) -> Vector | float:
        match expression:
            case NumberLiteral():
                return float(expression.val)
            case ParenExpr():
                return self._value(expression.expr)
            case VectorSelector():
                return self.now.select(expression)
            case Call():
                return self._called(expression)
            case AggregateExpr():
                return self._aggregated(expression)
            case BinaryExpr():
                return _combined(expression, self._value(expression.lhs), self._value(expression.rhs))
        raise NotImplementedError(str(expression))

    def _called(self, call: Call) -> Vector | float:
        match call.func.name, call.args:
            case "time", []:
                return self.time
            case "absent", [VectorSelector() as selector]:
                return {} if self.now.select(selector) else {frozenset(): 1.0}
            case "increase", [MatrixSelector() as matrix]:
                first, last = (scrape.select(matrix.vector_selector) for scrape in (self.before, self.now))
                return {labels: value - first[labels] for labels, value in last.items() if labels in first}
        raise NotImplementedError(str(call))

    def _aggregated(self, expression: AggregateExpr) -> Vector:
        inner = self._value(expression.expr)
        assert isinstance(inner, Mapping)
        groups: dict[Labels, list[float]] = {}
        for labels, value in inner.items():
            groups.setdefault(_kept(labels, expression.modifier.labels), []).append(value)
        combine = _AGGREGATES[str(expression.op)]
        return {labels: combine(values) for labels, values in groups.items()}


def _combined(expression: BinaryExpr, left: Vector | float, right: Vector | float) -> Vector:
    name = str(expression.op)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _matched(expression, name, left, right)
    pairs = [(labels, value, right) for labels, value in left.items()] if isinstance(left, Mapping) else []
    pairs += [(labels, left, value) for labels, value in right.items()] if isinstance(right, Mapping) else []
    if name in _COMPARISONS:
        return {labels: a for labels, a, b in pairs if _COMPARISONS[name](a, b)}
    return {labels: _ARITHMETIC[name](a, b) for labels, a, b in pairs}


def _matched(expression: BinaryExpr, name: str, left: Vector, right: Vector) -> Vector:
    on = expression.modifier.matching.labels
    partners: dict[Labels, list[tuple[Labels, float]]] = {}
    for labels, value in right.items():
        partners.setdefault(_kept(labels, on), []).append((labels, value))
    if name in ("and", "unless"):
        return {labels: value for labels, value in left.items() if (_kept(labels, on) in partners) == (name == "and")}
    assert expression.modifier.card == VectorMatchCardinality.ManyToOne
    found: dict[Labels, float] = {}
    for labels, value in left.items():
        for other, factor in partners.get(_kept(labels, on), ()):
            assert len(partners[_kept(labels, on)]) == 1, "Prometheus refuses many on the side of one"
            found[labels | _kept(other, expression.modifier.group_labels)] = _ARITHMETIC[name](value, factor)
    return found


def _kept(labels: Labels, names: Iterable[str]) -> Labels:
    return frozenset((name, value) for name, value in labels if name in set(names))


def _fits(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.name, "")
    match matcher.op:
        case MatchOp.Equal:
            return value == matcher.value
        case MatchOp.NotEqual:
            return value != matcher.value
        case MatchOp.Re:
            return re.fullmatch(matcher.value, value) is not None
        case MatchOp.NotRe:
            return re.fullmatch(matcher.value, value) is None
    raise NotImplementedError(str(matcher.op))
