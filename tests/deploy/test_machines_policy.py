"""deploy/policies/machines.yaml at a real API server: it refuses what the marked AWSAccess does not grant, and no more.

Each case has a namespace and an AWSAccess of its own, and is also asked of the operator's own table: the policy must
never refuse what the operator would let through.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.api.resource import parse_access
from sfn_rollouts.core.granting import grants, is_of
from sfn_rollouts.core.values.arn import StateMachineArn
from tests.deploy.people import DEPLOY, IN_FORCE_DEADLINE_S, Answer, Manifest, rollout

MARK = {"sfnrollouts.dev/sole-access": "true"}
MACHINE = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-charge"
NAMED = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-*"
_LAST = "in force"

GRANTED, REFUSED, NOT_ITS_OWN = "granted", "refused", "left to the operator"


@dataclass(frozen=True)
class Case:
    """An AWSAccess for the case's namespace; the rollout asks for `MACHINE` with alias live. `names`: False: none."""

    outcome: str
    machines: list[str] = field(default_factory=lambda: [NAMED])
    spec: dict[str, Any] = field(default_factory=dict)
    selector: dict[str, Any] | None = None
    labels: dict[str, str] = field(default_factory=dict)
    names: list[str] | None = None
    mark: dict[str, str] = field(default_factory=lambda: MARK)

    def access(self, namespace: str) -> Manifest:
        """For the namespace by its name, and by the selector where there is one."""
        who = {"names": self.names or [namespace]} | ({} if self.selector is None else {"selector": self.selector})
        return {
            "apiVersion": "sfnrollouts.dev/v1alpha1",
            "kind": "AWSAccess",
            "metadata": {"name": namespace, "labels": self.mark},
            "spec": {"namespaces": who, "stateMachines": self.machines} | self.spec,
        }


def arn(partition: str = "aws", region: str = "eu-west-1", account: str = "222222222222", name: str = "*") -> str:
    return f"arn:{partition}:states:{region}:{account}:stateMachine:{name}"


def requiring(operator: str, *values: str) -> dict[str, Any]:
    given = {"values": list(values)} if values else {}
    return {"matchExpressions": [{"key": "team", "operator": operator, **given}]}


PAYMENTS = {"team": "payments"}
CASES = {
    "the beginning of the name": Case(GRANTED),
    "the whole name": Case(GRANTED, [MACHINE]),
    "one of several": Case(GRANTED, [arn(name="refunds-*"), MACHINE]),
    "stars in all parts": Case(GRANTED, [arn("*", "eu-*", "2*", "payments-charge*")]),
    "another beginning": Case(REFUSED, [arn(name="refunds-*")]),
    "a beginning without a star": Case(REFUSED, [arn(name="payments-")]),
    "more than the name": Case(REFUSED, [arn(name="payments-charge-*")]),
    "another account": Case(REFUSED, [arn(account="111111111111")]),
    "another region": Case(REFUSED, [arn(region="us-*")]),
    "another partition": Case(REFUSED, [arn(partition="aws-cn")]),
    "one of its aliases": Case(GRANTED, spec={"aliases": ["preview", "live"]}),
    "no alias, which is any": Case(GRANTED, spec={"aliases": []}),
    "another alias": Case(REFUSED, spec={"aliases": ["preview", "live2"]}),
    "the mark with another value": Case(NOT_ITS_OWN, [arn(name="refunds-*")], mark={next(iter(MARK)): "false"}),
    "no mark": Case(NOT_ITS_OWN, [arn(name="refunds-*")], mark={}),
    "another namespace": Case(NOT_ITS_OWN, [arn(name="refunds-*")], names=["somebody-elses"]),
    "a selector of all": Case(REFUSED, [arn(name="refunds-*")], selector={}),
    "a label": Case(REFUSED, [arn(name="refunds-*")], selector={"matchLabels": PAYMENTS}, labels=PAYMENTS),
    "a label, granted": Case(GRANTED, selector={"matchLabels": PAYMENTS}, labels=PAYMENTS),
    "a label that is not there": Case(NOT_ITS_OWN, [arn(name="x")], selector={"matchLabels": PAYMENTS}),
    "another value": Case(
        NOT_ITS_OWN, [arn(name="x")], selector={"matchLabels": PAYMENTS}, labels={"team": "payments-2"}
    ),
    "In": Case(REFUSED, [arn(name="x")], selector=requiring("In", "a", "payments"), labels=PAYMENTS),
    "In, another value": Case(NOT_ITS_OWN, [arn(name="x")], selector=requiring("In", "a"), labels=PAYMENTS),
    "In without the label": Case(NOT_ITS_OWN, [arn(name="x")], selector=requiring("In", "a")),
    "NotIn": Case(REFUSED, [arn(name="x")], selector=requiring("NotIn", "a"), labels=PAYMENTS),
    "NotIn, one of the values": Case(
        NOT_ITS_OWN, [arn(name="x")], selector=requiring("NotIn", "payments"), labels=PAYMENTS
    ),
    "NotIn without the label": Case(REFUSED, [arn(name="x")], selector=requiring("NotIn", "a")),
    "Exists": Case(REFUSED, [arn(name="x")], selector=requiring("Exists"), labels=PAYMENTS),
    "Exists without the label": Case(NOT_ITS_OWN, [arn(name="x")], selector=requiring("Exists")),
    "DoesNotExist": Case(REFUSED, [arn(name="x")], selector=requiring("DoesNotExist")),
    "DoesNotExist with the label": Case(
        NOT_ITS_OWN, [arn(name="x")], selector=requiring("DoesNotExist"), labels=PAYMENTS
    ),
    "as large as can be": Case(
        REFUSED,
        [arn(name=f"{'x' * 75}-{number}*") for number in range(50)],
        names=None,
        selector={
            "matchLabels": {f"l{number}": "x" for number in range(40)},
            "matchExpressions": [
                {"key": f"l{number}", "operator": "In", "values": [*(f"v{value}" for value in range(49)), "x"]}
                for number in range(20)
            ],
        },
        labels={f"l{number}": "x" for number in range(40)},
    ),
    _LAST: Case(REFUSED, [arn(name="x")]),
}

Create = Callable[..., Answer]


@pytest.fixture(scope="module")
def create(kubectl: Kubectl, crds_installed: None) -> Iterator[Create]:
    """`create(case)` asks the API server about a rollout in the case's namespace, and keeps nothing."""
    suffix = f"m{secrets.token_hex(4)}"  # never only digits, which YAML would read as a number
    spaces = {case: f"machines-{number}-{suffix}" for number, case in enumerate(CASES)}

    def answer(case: str, machine: str = MACHINE) -> Answer:
        asked = rollout("charge")
        asked["spec"] |= {"stateMachineArn": machine}
        flags = ("-n", spaces[case], "--dry-run=server", "-f", "-")
        return kubectl("create", *flags, stdin=yaml.safe_dump(asked), check=False)

    gone = [*policy(suffix), *(case.access(spaces[name]) for name, case in CASES.items())]
    kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all([*namespaces(spaces, suffix), *gone]))
    try:
        wait_until(lambda: answer(_LAST).returncode != 0, IN_FORCE_DEADLINE_S, "policy and AWSAccesses to be in force")
        yield answer
    finally:
        kubectl("delete", "--ignore-not-found", "-f", "-", stdin=yaml.safe_dump_all(gone))


def policy(suffix: str) -> list[Manifest]:
    """As shipped, under another name and for the namespaces of this module alone: the API server is shared."""
    shipped, binding = yaml.safe_load_all((DEPLOY / "policies" / "machines.yaml").read_text())
    name = {"name": f"sfn-rollouts-machines-{suffix}"}
    only = {"matchResources": {"namespaceSelector": {"matchLabels": {"test": suffix}}}}
    return [
        shipped | {"metadata": name},
        binding | {"metadata": name, "spec": binding["spec"] | {"policyName": name["name"]} | only},
    ]


def namespaces(spaces: dict[str, str], suffix: str) -> list[Manifest]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": spaces[case], "labels": CASES[case].labels | {"test": suffix}},
        }
        for case in CASES
    ]


@pytest.mark.parametrize("case", CASES)
def test_it_refuses_what_the_marked_access_does_not_grant(create: Create, case: str) -> None:
    answer = create(case)

    assert ("(Forbidden)" in answer.stderr, answer.returncode == 0) == (
        (True, False) if CASES[case].outcome == REFUSED else (False, True)
    ), answer.stderr


@pytest.mark.parametrize("case", CASES)
def test_the_operator_agrees(case: str) -> None:
    """What it grants is never refused, and what is refused is a namespace of the access."""
    spec = parse_access(CASES[case].access("payments")["spec"])
    labels = CASES[case].labels
    is_granted = grants(spec, "payments", labels, StateMachineArn.parse(MACHINE).alias("live"))

    if CASES[case].mark == MARK:
        expected = {(True, True): GRANTED, (True, False): REFUSED, (False, False): NOT_ITS_OWN}
        assert expected[is_of(spec, "payments", labels), is_granted] == CASES[case].outcome


def test_a_refusal_names_field_value_and_remedy(create: Create) -> None:
    machine = create("another beginning").stderr
    alias = create("another alias").stderr

    assert re.search(
        rf"rollout machines-\S+/charge may not move {MACHINE} \(spec.stateMachineArn\): AWSAccess", machine
    )
    assert "whoever writes AWSAccesses has to add it to spec.stateMachines there" in machine
    assert re.search(rf"may not move alias live \(spec.alias\) of {MACHINE}: AWSAccess machines-", alias)
    assert "whoever writes AWSAccesses has to add it to spec.aliases there" in alias
    for refusal in (machine, alias):
        assert re.search(r"is the only one of namespace machines-\S+ and does not name it", refusal)
        assert "or to take the label sfnrollouts.dev/sole-access away" in " ".join(refusal.split())


def test_the_page_shows_the_refusal_as_it_is(create: Create) -> None:
    page = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text()
    [shown] = re.findall(r"^    (rollout payments/\S+ may not move .*)$", page, re.MULTILINE)
    answer = create("the beginning of the name", "arn:aws:states:eu-west-1:111111111111:stateMachine:Orders").stderr

    words = re.sub(r"machines-\d+-\w+/", "payments/", answer)
    words = re.sub(r"AWSAccess machines-\S+", "AWSAccess payments-production", words)
    assert shown in re.sub(r"namespace machines-\S+", "namespace payments", words)
