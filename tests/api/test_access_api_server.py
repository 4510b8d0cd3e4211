"""The CRD of AWSAccess on a real API server: it says what lint says, and reads well with kubectl."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.control_plane import Kubectl
from tests.api.accesses import ACCEPTED, REFUSED, ROLE, access
from tests.api.answers import answer, apply, findings
from tests.api.manifests import Refused

EXAMPLES = sorted(
    path for folder in ("access", "teams", "gitops/accesses")
    for path in (Path(__file__).parents[2] / "examples" / folder).glob("*.yaml")
    if path.name != "kustomization.yaml"
)  # fmt: skip
DOCUMENTS = [each for path in EXAMPLES for each in yaml.safe_load_all(path.read_text()) if each["kind"] == "AWSAccess"]

pytestmark = pytest.mark.usefixtures("crds_installed")


@pytest.mark.parametrize("document", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_the_server_accepts_what_lint_accepts(kubectl: Kubectl, document: dict[str, Any]) -> None:
    assert answer(kubectl, "default", document) == ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["metadata"]["name"])
def test_the_examples_are_accepted(kubectl: Kubectl, document: dict[str, Any]) -> None:
    assert answer(kubectl, "default", document) == ""


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_the_server_refuses_what_lint_refuses_and_says(kubectl: Kubectl, case: Refused) -> None:
    (finding,) = findings(answer(kubectl, "default", case.manifest))

    assert finding.endswith(case.server or case.lint)
    assert case.path in finding


@pytest.fixture
def name(kubectl: Kubectl, namespace: str) -> Any:
    """One of its own, gone at the end: each is in the whole cluster."""
    apply(kubectl, namespace, access(name=namespace))
    yield namespace
    kubectl("delete", "awsaccess", namespace)


def read(kubectl: Kubectl, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(kubectl("get", "awsaccess", name, "-o", "json").stdout)
    return document


def test_a_new_one_is_in_no_namespace_and_has_a_status_that_no_reader_takes_for_done(
    kubectl: Kubectl, name: str
) -> None:
    found = read(kubectl, name)

    assert "namespace" not in found["metadata"]
    assert found["status"] == {"observedGeneration": -1}
    assert found["spec"] == {**access()["spec"], "sessionTags": "None"}


@pytest.mark.parametrize("way", [(), ("--server-side",)], ids=["client-side apply", "server-side apply"])
def test_applying_again_changes_nothing(kubectl: Kubectl, name: str, way: tuple[str, ...]) -> None:
    document = access(name=name, namespaces={"selector": {"matchLabels": {"team": "payments"}}})
    for _ in range(2):
        apply(kubectl, "default", document, "--force-conflicts", *way) if way else apply(kubectl, "default", document)
    before = read(kubectl, name)["metadata"]

    apply(kubectl, "default", document, *way)

    assert read(kubectl, name)["metadata"]["resourceVersion"] == before["resourceVersion"]


STATUS = {
    "observedGeneration": 1,
    "account": "222222222222",
    "rollouts": 12,
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-11-20T12:00:00Z",
            "reason": "RoleAssumed",
            "message": "12 rollouts use it",
        }
    ],
}


def test_kubectl_get_reads_well(kubectl: Kubectl, name: str) -> None:
    patch = json.dumps({"status": STATUS})
    kubectl("patch", "awsaccess", name, "--subresource=status", "--type=merge", "--patch", patch)

    head, row = kubectl("get", "awsaccess", name, "-o", "wide").stdout.splitlines()

    assert head.split() == ["NAME", "READY", "ACCOUNT", "ROLLOUTS", "AGE", "ROLE", "REASON", "MESSAGE"]
    assert row.split()[:4] == [name, "True", "222222222222", "12"]
    assert row.split(maxsplit=7)[5:] == [ROLE, "RoleAssumed", "12 rollouts use it"]


@pytest.mark.parametrize("known_as", ["awsaccess", "awsaccesses", "AWSAccess", "sfn"])
def test_every_name_and_the_category_find_it(kubectl: Kubectl, name: str, known_as: str) -> None:
    assert f"awsaccess.sfnrollouts.dev/{name}" in kubectl("get", known_as, "-o", "name").stdout.split()


@pytest.mark.parametrize(
    ("field", "words"),
    {
        "awsaccess": ["says which namespaces may move which aliases", "-required-"],
        "awsaccess.spec": ["Left out: the operator's own identity.", "Default: None.", "enum: None, Namespace"],
        "awsaccess.spec.namespaces.selector": ["matchLabels", "<map[string]string>"],
        "awsaccess.status": ["Account of the role's sessions."],
    }.items(),
)
def test_kubectl_explain_reads_well(kubectl: Kubectl, field: str, words: list[str]) -> None:
    said = " ".join(kubectl("explain", field).stdout.split())

    assert [word for word in words if word not in said] == []
