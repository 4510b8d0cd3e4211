"""Whether the Condition of a policy statement holds for what is known of a request. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from devenv.aws.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Compare = Callable[[str, str], bool]
    Context = Mapping[str, Sequence[str]]

_IF_EXISTS = "IfExists"
VARIABLE = re.compile(r"\$\{([^}]*)\}")
_FOR_ALL, _FOR_ANY = "ForAllValues", "ForAnyValue"


def is_like(value: str, pattern: str) -> bool:
    """`*` stands for any characters, colons and slashes too, and `?` for one."""
    return _compiled(pattern).fullmatch(value) is not None


def listed(value: Any) -> list[Any]:
    """A policy writes one value without brackets."""
    return value if isinstance(value, list) else [value]


def keys_of(condition: dict[str, dict[str, Any]]) -> list[str]:
    """The condition keys, as they are written."""
    return [key for wanted_by_key in condition.values() for key in wanted_by_key]


def holds(condition: dict[str, dict[str, Any]], context: Context, *, is_whole: bool = False) -> bool:
    """Every operator and every key must hold. `context` has the values by key in lower case, because IAM does not tell
    cases apart. Raises PolicyEvaluation for an operator that is not known here.

    A variable in a value has the value of its key. Where that is not known, a context that `is_whole` has no such key,
    so that nothing is equal to it; of any other, PolicyEvaluation says that this cannot be decided."""
    return all(
        _holds(operator, _wanted(operator, wanted, context, is_whole=is_whole), context.get(key.lower()))
        for operator, wanted_by_key in condition.items()
        for key, wanted in wanted_by_key.items()
    )


def _holds(operator: str, wanted: list[str], values: Sequence[str] | None) -> bool:
    quantifier, _, plain = operator.rpartition(":")
    name = plain.removesuffix(_IF_EXISTS)
    if name == "Null":
        return (values is None) == (wanted == ["true"])
    compare, is_negated = _known(name, operator)
    if values is None:
        return _holds_without(quantifier, is_negated=is_negated, if_exists=plain.endswith(_IF_EXISTS))
    fits = [any(compare(value, item) for item in wanted) != is_negated for value in values]
    return all(fits) if quantifier == _FOR_ALL or (is_negated and not quantifier) else any(fits)


def _wanted(operator: str, wanted: Any, context: Context, *, is_whole: bool) -> list[str]:
    texts = [_text(item) for item in listed(wanted)]
    known = [text for text in texts if all(name.lower() in context for name in VARIABLE.findall(text))]
    if known != texts and not is_whole:
        raise AwsError("PolicyEvaluation", f"The emulator does not evaluate variables in {operator}.", status=500)
    return [VARIABLE.sub(lambda found: context[found[1].lower()][0], text) for text in known]


def _holds_without(quantifier: str, *, is_negated: bool, if_exists: bool) -> bool:
    """Of a key that the request does not have: a negated operator holds, and so does every one of no values."""
    if if_exists or quantifier == _FOR_ALL:
        return True
    return is_negated and quantifier != _FOR_ANY


def _known(name: str, operator: str) -> tuple[Compare, bool]:
    if name in _NEGATIONS:
        return _COMPARISONS[_NEGATIONS[name]], True
    if name in _COMPARISONS:
        return _COMPARISONS[name], False
    raise AwsError("PolicyEvaluation", f"The emulator does not evaluate the operator {operator}.", status=500)


def _is_arn_like(value: str, pattern: str) -> bool:
    """Each of an ARN's six parts by itself."""
    parts, patterns = value.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) == 6 and all(map(is_like, parts, patterns))


def _equals(value: str, wanted: str) -> bool:
    return value == wanted


def _equals_in_any_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


_COMPARISONS: dict[str, Compare] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_in_any_case,
    "StringLike": is_like,
    "ArnEquals": _is_arn_like,
    "ArnLike": _is_arn_like,
    "Bool": _equals_in_any_case,
}
_NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _text(value: object) -> str:
    """A policy may say true for "true"."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    text = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(text, re.DOTALL)
