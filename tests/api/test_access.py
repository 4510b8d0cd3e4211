"""AWSAccess: what lint says about each manifest of the table, and how one is read."""

from typing import Any

import pytest

from sfn_rollouts.api.access import AccessSpec, AccessStatus, Namespaces, Operator, SessionTags
from sfn_rollouts.api.kinds import ACCESS, ROLLOUT
from sfn_rollouts.api.problems import Severity
from sfn_rollouts.api.resource import SpecError, concerns, kind_of, lint, parse_access, parse_access_status
from tests.api.accesses import ACCEPTED, MACHINES, REFUSED, ROLE, access, machines, requiring
from tests.api.manifests import LEFT_OUT, Refused, manifest


@pytest.mark.parametrize("document", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_lint_accepts(document: dict[str, Any]) -> None:
    assert lint(document) == []


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_lint_refuses_and_says(case: Refused) -> None:
    assert [str(problem) for problem in lint(case.manifest)] == [f"{case.path}: {case.lint}"]


def test_a_spec_is_read_with_its_defaults() -> None:
    spec = parse_access(access(roleArn=LEFT_OUT)["spec"])

    assert spec == AccessSpec(namespaces=Namespaces(names=("payments",)), state_machines=(MACHINES,))
    assert (spec.aliases, spec.role_arn, spec.external_id, spec.session_tags) == ((), "", "", SessionTags.NONE)


def test_a_spec_is_read_as_it_was_written() -> None:
    spec = parse_access({**requiring("NotIn", "sandbox")["spec"], "sessionTags": "Namespace", "aliases": ["live"]})

    assert (spec.role_arn, spec.session_tags, spec.aliases) == (ROLE, SessionTags.NAMESPACE, ("live",))
    assert spec.namespaces.selector is not None
    (requirement,) = spec.namespaces.selector.match_expressions
    assert (requirement.key, requirement.operator, requirement.values) == ("team", Operator.NOT_IN, ("sandbox",))


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SpecError) as refused:
        parse_access(machines("*", f"{MACHINES}:live")["spec"])

    assert [problem.path for problem in refused.value.problems] == ["spec.stateMachines[0]", "spec.stateMachines[1]"]


AROUND: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a misspelt kind": ({**access(), "kind": "AwsAcces"}, ["kind: 'AwsAcces' is not known: write AWSAccess"]),
    "no name": ({**access(), "metadata": {}}, ["metadata.name: is required: give the access a name"]),
    "no spec": ({**access(), "spec": None}, ["spec: is required: give namespaces and stateMachines"]),
    "a null with a name that no field has": (
        access(roleARN=None),
        ["spec.roleARN: unknown field 'roleARN': did you mean 'roleArn'?"],
    ),
    "a namespace": (
        {**access(), "metadata": {"name": "payments", "namespace": "payments"}},
        ["metadata.namespace: an AWSAccess is in no namespace, and holds in the whole cluster: leave it out"],
    ),
}


@pytest.mark.parametrize(("document", "reported"), AROUND.values(), ids=AROUND.keys())
def test_what_surrounds_a_spec(document: dict[str, Any], reported: list[str]) -> None:
    assert [str(problem) for problem in lint(document)] == reported


def test_a_namespace_is_a_warning_as_the_server_drops_it() -> None:
    (problem,) = lint({**access(), "metadata": {"name": "payments", "namespace": "payments"}})
    assert problem.severity is Severity.WARNING


def test_kinds_are_known_by_name_or_misspelt_by_group() -> None:
    assert kind_of(access()) is ACCESS
    assert kind_of({**access(), "kind": "AWSAcess"}) is ACCESS
    assert kind_of({**access(), "apiVersion": "v1"}) is ACCESS
    assert kind_of(manifest()) is ROLLOUT
    assert kind_of({**manifest(), "kind": "Rollout"}) is ROLLOUT
    assert kind_of({"apiVersion": "v1", "kind": "Namespace"}) is None
    assert kind_of({"kind": ["AWSAccess"]}) is None
    assert kind_of("AWSAccess") is None
    assert concerns(manifest())
    assert not concerns(access())


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        *((garbage, AccessStatus()) for garbage in (None, "x", 3, [], {}, {"rollouts": "many", "conditions": {}})),
        ({"account": "222222222222", "rollouts": -1, "later": 3}, AccessStatus(account="222222222222")),
    ],
)
def test_a_status_is_read_whatever_stands_in_it(raw: Any, status: AccessStatus) -> None:
    assert parse_access_status(raw) == status


def test_a_status_is_written_as_the_server_stores_it() -> None:
    written = {"observedGeneration": 2, "conditions": [], "rollouts": 3, "lastVerifiedAt": "2026-11-29T12:00:00Z"}
    assert parse_access_status(written).to_resource() == written
