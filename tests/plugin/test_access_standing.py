"""Which AWSAccess lets a rollout move its alias, and why not: without a cluster, and as the operator has it."""

import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sfn_rollouts.api.access import AccessSpec
from sfn_rollouts.api.problems import Severity
from sfn_rollouts.api.resource import lint
from sfn_rollouts.core.granting import Access, grants, match
from sfn_rollouts.core.values.access import Ambiguous, Granted, NotGranted, Ungoverned
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.explain.access import AccessSeen, Comparison, Standing, Verdict, compare, standing
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.view.access import access_page
from sfn_rollouts.plugin.view.output import Output
from sfn_rollouts.plugin.view.page import Canvas
from sfn_rollouts.plugin.yaml_output import yaml_text
from tests.plugin.rollouts import IN_FLIGHT, STATES, status

NAMESPACE = "payments"
ARN = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-charge"
ORDERS = "arn:aws:states:us-east-1:222222222222:stateMachine:orders"
ALIAS = StateMachineArn.parse(ARN).alias("live")
ROLE = "arn:aws:iam::222222222222:role/deploy/sfn-rollouts"
USED = {"name": "payments-production", "roleArn": ROLE, "externalId": "x-1", "sessionTags": "Namespace"}
BY_TEAM = {"selector": {"matchLabels": {"team": "payments"}}}


def access(name: str = "payments-production", status: Mapping[str, Any] | None = None, **spec: Any) -> AccessSeen:
    fields = {"namespaces": {"names": [NAMESPACE]}, "stateMachines": [ARN], **spec}
    return AccessSeen.from_resource({"metadata": {"name": name}, "spec": fields, "status": status})


def rollout(found: Mapping[str, Any] | None = None, **metadata: Any) -> Rollout:
    named = {"namespace": NAMESPACE, "name": "charge", "generation": 1, **metadata}
    spec = {"stateMachineArn": ARN, "alias": "live", "version": 42}
    return Rollout.from_resource({"metadata": named, "spec": spec, "status": found})


def stands(
    *accesses: AccessSeen, found: Mapping[str, Any] | None = None, labels: Mapping[str, str] | None = None
) -> Standing:
    return standing(rollout(found), accesses, labels)


# -- the same as the operator --

VALUES = st.sampled_from(["payments", "orders"])
LABELS = st.dictionaries(st.sampled_from(["team", "tier"]), VALUES, max_size=2)
REQUIREMENTS = st.builds(
    lambda key, operator, values: {
        "key": key,
        "operator": operator,
        **({"values": values} if operator in ("In", "NotIn") else {}),
    },
    st.sampled_from(["team", "tier"]),
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    st.lists(VALUES, min_size=1, max_size=2),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(REQUIREMENTS, max_size=2)}
)
NAMES = st.lists(VALUES, min_size=1, max_size=2, unique=True)
WHO = st.one_of(
    st.builds(lambda names: {"names": names}, NAMES),
    st.builds(lambda selector: {"selector": selector}, SELECTORS),
    st.builds(lambda names, selector: {"names": names, "selector": selector}, NAMES, SELECTORS),
)
PATTERNS = st.builds(
    "arn:aws:states:{}:{}:stateMachine:{}".format,
    st.sampled_from(["eu-west-1", "eu-*", "us-east-1", "*"]),
    st.sampled_from(["222222222222", "2*", "333333333333"]),
    st.sampled_from(["payments-charge", "payments-*", "payments", "*"]),
)
SPECS = st.fixed_dictionaries(
    {"namespaces": WHO, "stateMachines": st.lists(PATTERNS, min_size=1, max_size=3, unique=True)},
    optional={"aliases": st.lists(st.sampled_from(["live", "preview"]), max_size=2, unique=True)},
)


def parsed(raw: Mapping[str, Any]) -> AccessSpec:
    return AccessSpec.model_validate(raw, by_alias=True, by_name=False)


def comparison(spec: AccessSpec, labels: Mapping[str, str] | None) -> Comparison:
    return Comparison(access(), compare(spec, NAMESPACE, labels, ALIAS))


@given(SPECS.map(parsed), LABELS)
def test_all_parts_match_exactly_when_the_access_grants(spec: AccessSpec, labels: Mapping[str, str]) -> None:
    assert comparison(spec, labels).matches is grants(spec, NAMESPACE, labels, ALIAS)


ALL_LABELS = [
    dict(zip(("team", "tier"), values, strict=True))
    for values in itertools.product(["payments", "orders"], repeat=2)
] + [{}, {"team": "payments"}, {"team": "orders"}, {"tier": "payments"}, {"tier": "orders"}]  # fmt: skip


@given(SPECS.map(parsed))
def test_without_labels_nothing_is_said_that_some_labels_would_contradict(spec: AccessSpec) -> None:
    said = comparison(spec, None).matches
    possible = {grants(spec, NAMESPACE, labels, ALIAS) for labels in ALL_LABELS}
    assert said is None or possible == {said}


@given(st.lists(SPECS, max_size=3), LABELS)
def test_the_verdict_is_that_of_the_operator(specs: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> None:
    seen = [access(f"access-{at}", **spec) for at, spec in enumerate(specs)]
    known = [Access(each.name, each.spec) for each in seen if isinstance(each.spec, AccessSpec)]
    found = standing(rollout(), seen, labels)
    match match(known, NAMESPACE, labels, ALIAS, is_required=False):
        case Granted(use):
            assert (found.verdict, found.used and found.used.name) == (Verdict.GRANTED, use.name)
        case Ambiguous(names):
            assert found.verdict is Verdict.AMBIGUOUS
            assert found.message.startswith(f"{', '.join(names)} match, and exactly one must")
        case NotGranted():
            assert found.verdict is Verdict.NOT_GRANTED
        case Ungoverned():
            assert found.verdict is Verdict.UNGOVERNED
    assert not found.by_status


@given(st.lists(SPECS, max_size=3), LABELS)
def test_what_is_to_be_written_grants_and_the_api_server_takes_it(
    specs: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> None:
    seen = [
        access(f"{NAMESPACE}-charge{ending}", **spec) for ending, spec in zip(("", "-2", "-3"), specs, strict=False)
    ]
    before = standing(rollout(), seen, labels)
    written = before.manifest
    assert (written is None) is (before.verdict in (Verdict.GRANTED, Verdict.AMBIGUOUS))
    if written is None:
        return
    written = yaml.safe_load(yaml_text(written))
    assert [each for each in lint(written) if each.severity is Severity.ERROR] == []
    assert written["metadata"]["name"] not in {each.name for each in seen}
    after = standing(rollout(), [*seen, AccessSeen.from_resource(written)], labels)
    assert (after.verdict, after.used and after.used.name) == (Verdict.GRANTED, written["metadata"]["name"])


# -- in words --

PARTS: dict[str, tuple[dict[str, Any], Mapping[str, str] | None, list[tuple[bool | None, str]]]] = {
    "all by name": (
        {"aliases": ["live"]},
        None,
        [(True, "payments is named"), (True, f"{ARN} names it"), (True, "live is named")],
    ),
    "another namespace": (
        {"namespaces": {"names": ["orders"], **BY_TEAM}},
        None,
        [(False, "payments is not orders"), (True, f"{ARN} names it"), (True, "any alias")],
    ),
    "labels that are there": (
        {"namespaces": BY_TEAM},
        {"team": "payments"},
        [(True, "payments has the labels: team=payments"), (True, f"{ARN} names it"), (True, "any alias")],
    ),
    "every namespace": (
        {"namespaces": {"selector": {}}},
        {},
        [(True, "payments has the labels: any"), (True, f"{ARN} names it"), (True, "any alias")],
    ),
    "labels of every kind": (
        {
            "namespaces": {
                "selector": {
                    "matchExpressions": [
                        {"key": "team", "operator": "In", "values": ["a", "b"]},
                        {"key": "tier", "operator": "NotIn", "values": ["1"]},
                        {"key": "x", "operator": "Exists"},
                        {"key": "y", "operator": "DoesNotExist"},
                    ]
                }
            }
        },
        {},
        [
            (False, "payments does not have the labels: team in (a,b),tier notin (1),x,!y"),
            (True, f"{ARN} names it"),
            (True, "any alias"),
        ],
    ),
    "labels that may not be read": (
        {"namespaces": BY_TEAM, "aliases": ["a", "b", "c", "d", "e", "f", "g"]},
        None,
        [
            (None, "the labels of payments may not be read; the selector is team=payments"),
            (True, f"{ARN} names it"),
            (False, "live is not among a, b, c, d, e and 2 more"),
        ],
    ),
    "another account": (
        {"stateMachines": ["arn:aws:states:*:333333333333:stateMachine:payments-*"]},
        None,
        [
            (True, "payments is named"),
            (False, "its account is not that of arn:aws:states:*:333333333333:stateMachine:payments-*"),
            (True, "any alias"),
        ],
    ),
    "the nearest of several": (
        {
            "stateMachines": [
                "arn:aws:states:us-east-1:333333333333:stateMachine:orders-*",
                ORDERS,
            ]
        },
        None,
        [
            (True, "payments is named"),
            (
                False,
                f"region and name are not those of {ORDERS}, the nearest of 2",
            ),
            (True, "any alias"),
        ],
    ),
}


@pytest.mark.parametrize(("spec", "labels", "expected"), PARTS.values(), ids=PARTS.keys())
def test_each_part_says_how_it_matches(
    spec: dict[str, Any], labels: Mapping[str, str] | None, expected: list[tuple[bool | None, str]]
) -> None:
    (compared,) = stands(access(**spec), labels=labels).comparisons or ()
    assert list(compared.parts) == ["namespace", "state machine", "alias"]
    assert [(each.matches, each.message) for each in compared.parts.values()] == expected


REVOKED = status("Progressing", "AccessNotGranted", "it may not", access=USED, is_stalled=True, **IN_FLIGHT)
MOVING = {**(STATES["moving"] or {}), "access": USED}


def test_in_flight_without_a_grant_it_goes_back_by_the_access_that_it_had() -> None:
    for accesses in ([], [access(aliases=["preview"])]):
        found = stands(*accesses, found=MOVING)
        assert (found.verdict, found.account) == (Verdict.REVOKED, "222222222222")
        assert found.message.endswith("no further step; it can go back by AWSAccess payments-production")
        assert found.manifest is not None
        assert found.manifest["metadata"]["name"] == "payments-charge"
        assert found.manifest["spec"].items() >= {name: USED[name] for name in USED if name != "name"}.items()


def test_in_flight_it_began_as_the_operator_itself_and_goes_back_so() -> None:
    found = stands(access(aliases=["preview"]), found=STATES["moving"])
    assert (found.verdict, found.used) == (Verdict.REVOKED, None)
    assert found.message.endswith("it can go back by the identity of the operator")
    assert found.manifest is not None
    assert found.manifest["spec"]["roleArn"] == "arn:aws:iam::222222222222:role/ROLE"


def test_in_flight_two_accesses_leave_the_way_back() -> None:
    found = stands(access("a"), access("b"), found=MOVING)
    assert found.verdict is Verdict.AMBIGUOUS
    assert found.message == (
        "a, b match, and exactly one must: narrow all but one; it can go back by AWSAccess payments-production"
    )


def test_an_operator_that_requires_an_access_is_known_by_its_answer() -> None:
    refused = status("Failed", "AccessNotGranted", "there is none")
    assert (stands(found=refused).verdict, stands().verdict) == (Verdict.NOT_GRANTED, Verdict.UNGOVERNED)
    assert stands(found=refused).message.endswith("the operator requires one (--require-access)")


def test_an_access_that_cannot_be_read_grants_nothing_and_says_why() -> None:
    found = stands(access(stateMachines=["orders"]))
    assert found.verdict is Verdict.NOT_GRANTED
    (compared,) = found.comparisons or ()
    assert (compared.matches, compared.parts) == (False, {})
    assert "is not the ARN of state machines" in str(compared.access.spec)


def test_what_matches_best_comes_first() -> None:
    far = access("a", namespaces={"names": ["orders"]}, aliases=["preview"])
    near = access("z", aliases=["preview"])
    assert [each.access.name for each in stands(far, near).comparisons or ()] == ["z", "a"]


def test_a_spec_that_names_no_state_machine_is_granted_nothing() -> None:
    odd = Rollout.from_resource({"metadata": {"namespace": NAMESPACE, "name": "x"}, "spec": {"alias": "live"}})
    found = standing(odd, [access()], None)
    assert (found.verdict, found.manifest) == (Verdict.NOT_GRANTED, None)


BY_STATUS = {
    "granted": (MOVING, Verdict.GRANTED, "payments-production"),
    "revoked": (REVOKED, Verdict.REVOKED, "payments-production"),
    "on the way back": ({**(STATES["going-back"] or {}), "access": USED}, Verdict.UNKNOWN, "payments-production"),
    "not granted": (status("Failed", "AccessNotGranted"), Verdict.NOT_GRANTED, None),
    "ambiguous": (status("Failed", "AccessAmbiguous"), Verdict.AMBIGUOUS, None),
    "the operator's own identity": (STATES["done"], Verdict.UNGOVERNED, None),
    "not seen yet": (None, Verdict.UNKNOWN, None),
    "another reason came first": (status("Failed", "InvalidSpec"), Verdict.UNKNOWN, None),
}


@pytest.mark.parametrize(("found", "verdict", "used"), BY_STATUS.values(), ids=BY_STATUS.keys())
def test_where_accesses_may_not_be_listed_the_status_decides(
    found: Mapping[str, Any] | None, verdict: Verdict, used: str | None
) -> None:
    for accesses, labels in ((None, None), ([access(namespaces=BY_TEAM)], None)):
        seen = standing(rollout(found), accesses, labels)
        assert (seen.verdict, seen.used.name if seen.used else None) == (verdict, used)
        assert seen.by_status


def test_two_that_match_are_two_whatever_may_not_be_read() -> None:
    assert stands(access("a"), access("b"), access("c", namespaces=BY_TEAM)).verdict is Verdict.AMBIGUOUS


def test_the_account_of_the_operators_own_identity_is_what_it_found() -> None:
    found = stands(access(status={"account": "222222222222"}))
    assert (found.verdict, found.account) == (Verdict.GRANTED, "222222222222")


# -- the page --


def shown(found: Standing, *, is_ascii: bool = False, width: int = 80) -> str:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii" if is_ascii else "utf8", newline="\n", write_through=True)
    output = Output(stream, {"COLUMNS": str(width)})
    output.show(access_page(found, ["user ann may not \x1b[2J"], Canvas(output.width, output.marks)))
    return buffer.getvalue().decode()


def test_the_page_shows_the_nearest_accesses_and_counts_the_rest() -> None:
    text = shown(stands(*(access(f"access-{at}", aliases=["preview"]) for at in range(7))))
    assert text.count("✖ AWSAccess access-") == 5
    assert "\nand 2 more AWSAccesses, which match no better: -o yaml has them\n" in text


def test_the_page_says_why_an_access_cannot_be_read() -> None:
    text = " ".join(shown(stands(access(stateMachines=["orders"])), width=400).split())
    assert "spec grants nothing, since it cannot be read: spec.stateMachines[0]: 'orders' is not the ARN of" in text


@pytest.mark.parametrize("spec", [{}, {"aliases": ["preview"]}, {"namespaces": BY_TEAM}], ids=["yes", "no", "unknown"])
def test_the_page_in_ascii_loses_nothing(spec: dict[str, Any]) -> None:
    text = shown(stands(access(**spec), found=MOVING), is_ascii=True)
    assert text.isascii()
    assert "?" not in text


def test_what_others_wrote_on_the_page_is_text_and_nothing_else() -> None:
    ready = {"type": "Ready", "status": "False", "reason": "\x1b[2JOwned", "message": "a\nb [bold]c[/bold]"}
    hostile = {"account": "\x1b[31m", "conditions": [{**ready, "lastTransitionTime": "2026-01-01T10:00:00Z"}]}
    text = shown(stands(access(status=hostile), found={**MOVING, "access": {"name": "x\x1b[2J"}}))
    assert "a b [bold]c[/bold]" in text
    assert "\x1b" not in text


def test_a_manifest_is_copied_as_it_is_on_the_narrowest_screen() -> None:
    found = stands(access(aliases=["preview"]))
    lines = shown(found, width=40).splitlines()
    assert yaml.safe_load("\n".join(lines[lines.index("apiVersion: sfnrollouts.dev/v1alpha1") :])) == found.manifest
