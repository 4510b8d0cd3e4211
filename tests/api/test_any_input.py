"""Whatever stands in a manifest or a status: lint answers, and an operator reads it without falling over."""

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.api.access import AccessStatus
from sfn_rollouts.api.resource import SpecError, lint, parse_access, parse_access_status, parse_spec, parse_status
from sfn_rollouts.api.status import Status
from tests.api import accesses
from tests.api.manifests import ACCEPTED, REFUSED, Refused

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=300)
    | st.dates()
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4),
    max_leaves=8,
)
refused: list[Refused] = [*REFUSED.values(), *accesses.REFUSED.values()]
manifests = st.sampled_from([*ACCEPTED.values(), *accesses.ACCEPTED.values(), *(case.manifest for case in refused)])
status_fields = st.sampled_from(
    [field.alias or "" for model in (Status, AccessStatus) for field in model.model_fields.values()]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside this one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy with something else at this path."""
    if not path:
        return new
    whole = copy.copy(value)
    whole[path[0]] = replaced(value[path[0]], path[1:], new)
    return whole


@settings(deadline=None)
@given(data=st.data(), document=manifests, new=anything)
def test_lint_answers_whatever_stands_anywhere(data: st.DataObject, document: dict[str, Any], new: Any) -> None:
    changed = replaced(document, data.draw(st.sampled_from(places(document))), new)

    assert all(str(problem) for problem in lint(changed))


@settings(deadline=None)
@given(raw=anything, parse=st.sampled_from([parse_spec, parse_access]))
def test_a_spec_is_read_or_refused(raw: Any, parse: Callable[[object], object]) -> None:
    try:
        parse(raw)
    except SpecError as error:
        problems = error.problems
    else:
        problems = None
    assert problems is None or len(problems) > 0


@settings(deadline=None)
@given(raw=anything | st.dictionaries(status_fields, anything))
def test_every_status_is_read(raw: Any) -> None:
    assert isinstance(parse_status(raw), Status)
    assert isinstance(parse_access_status(raw), AccessStatus)
