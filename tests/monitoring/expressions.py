"""PromQL held against series that exist: names, labels, values of labels, and which labels a result carries.

promql_parser parses as Prometheus does; it does not evaluate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    LabelModifierType,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorMatchCardinality,
    VectorSelector,
    parse,
)

from sfn_rollouts.api import analysis, preflight
from sfn_rollouts.api.status import AlarmState, Outcome, Phase
from sfn_rollouts.aws.apis import Api
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.reasons import Reason

SCRAPED = frozenset({"job", "instance", "namespace", "pod"})
"""Labels that Prometheus adds to everything that it scrapes in a cluster."""

VALUES: Mapping[str, frozenset[str]] = {
    "phase": frozenset(Phase),
    "reason": frozenset(Reason),
    "outcome": frozenset(Outcome),
    "state": frozenset(AlarmState),
    "api": frozenset(Api),
    "verdict": frozenset({*analysis.Verdict, *preflight.Verdict}),
    "role": frozenset({"stable", "target"}),
    "result": frozenset({"OK", "Read", "Missing", "Limited", "Dropped", "NotStored", *Trouble}),
}
"""What a label may say."""

Samples = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Checked:
    """An expression that uses only what exists. `labels`: what its results carry, None for a number."""

    names: frozenset[str]
    labels: frozenset[str] | None


class UnfitError(Exception):
    """An expression asks for what is not there."""


def check(text: str, samples: Samples) -> Checked:
    """Hold an expression against the series that there are.

    Raises:
        UnfitError: a series, a label, or a value of a label does not exist.
        ValueError: it is no PromQL.
    """
    expression = parse(text)
    names = frozenset(str(selector.name) for selector in _selectors(expression))
    return Checked(names, _labels(expression, samples))


def _selectors(expression: Expr) -> Iterator[VectorSelector]:
    match expression:
        case VectorSelector():
            yield expression
        case MatrixSelector():
            yield expression.vector_selector
        case BinaryExpr():
            yield from _selectors(expression.lhs)
            yield from _selectors(expression.rhs)
        case Call():
            for argument in expression.args:
                yield from _selectors(argument)
        case AggregateExpr() | ParenExpr() | UnaryExpr() | SubqueryExpr():
            yield from _selectors(expression.expr)


def _labels(expression: Expr, samples: Samples) -> frozenset[str] | None:
    match expression:
        case VectorSelector():
            return _selected(expression, samples)
        case MatrixSelector():
            return _selected(expression.vector_selector, samples)
        case AggregateExpr():
            return _aggregated(expression, samples)
        case BinaryExpr():
            return _combined(expression, samples)
        case Call():
            return _called(expression, samples)
        case ParenExpr() | UnaryExpr() | SubqueryExpr():
            return _labels(expression.expr, samples)
        case NumberLiteral() | StringLiteral():
            return None
    raise UnfitError(f"{type(expression).__name__} is not known here")


def _selected(selector: VectorSelector, samples: Samples) -> frozenset[str]:
    if selector.name not in samples:
        raise UnfitError(f"there is no series {selector.name}")
    labels = samples[selector.name] | SCRAPED
    for matcher in selector.matchers.matchers:
        _require({matcher.name}, labels, str(selector.name))
        _require_value(matcher.name, matcher.value, is_regex=matcher.op in (MatchOp.Re, MatchOp.NotRe))
    return labels


def _require_value(label: str, value: str, *, is_regex: bool) -> None:
    if label not in VALUES or value.startswith("$"):
        return
    for each in value.split("|") if is_regex else [value]:
        if each not in VALUES[label]:
            raise UnfitError(f"{label} is never {each!r}")


def _aggregated(expression: AggregateExpr, samples: Samples) -> frozenset[str]:
    inner = _labels(expression.expr, samples) or frozenset()
    if expression.modifier is None:
        return frozenset()
    named = set(expression.modifier.labels)
    _require(named, inner, str(expression))
    return frozenset(named) if expression.modifier.type == AggModifierType.By else inner - named


def _called(expression: Call, samples: Samples) -> frozenset[str] | None:
    given = [_labels(argument, samples) for argument in expression.args]
    labels = next((each for each in given if each is not None), None)
    if expression.func.name == "histogram_quantile":
        _require({"le"}, labels or frozenset(), str(expression))
        return (labels or frozenset()) - {"le"}
    if expression.func.name == "absent":
        return frozenset()
    return labels


def _combined(expression: BinaryExpr, samples: Samples) -> frozenset[str] | None:
    left, right = _labels(expression.lhs, samples), _labels(expression.rhs, samples)
    if left is None or right is None:
        return left if right is None else right
    if expression.modifier is None or expression.modifier.matching is None:
        if left != right:
            raise UnfitError(f"the two sides of {expression} carry different labels and never match")
        return left
    return _matched(expression, left, right)


def _matched(expression: BinaryExpr, left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    modifier = expression.modifier
    if modifier.matching.type != LabelModifierType.Include:
        raise UnfitError(f"ignoring() in {expression} breaks with each label that is added")
    on = set(modifier.matching.labels)
    _require(on, left & right, str(expression))
    if str(expression.op) in ("and", "unless"):
        return left
    if modifier.card != VectorMatchCardinality.ManyToOne:
        return frozenset(on)
    group = set(modifier.group_labels or ())
    _require(group, right, str(expression))
    return left | group


def _require(wanted: set[str], there: frozenset[str], what: str) -> None:
    if not wanted <= there:
        raise UnfitError(f"{what} has no label {', '.join(sorted(wanted - there))}")
