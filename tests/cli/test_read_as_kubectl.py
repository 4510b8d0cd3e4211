"""YAML as lint reads it is YAML as kubectl reads it, value by value and verdict by verdict, on the real ones."""

import json
import math
from typing import Any

import pytest

from devenv.control_plane import Kubectl
from sfn_rollouts.api.problems import Severity
from sfn_rollouts.api.resource import lint
from sfn_rollouts.cli.documents import documents
from sfn_rollouts.cli.scalars import implicit
from tests.api.verdicts import accepted_by_server
from tests.cli.scalar_table import NO_JSON, REFUSED, SCALARS, TAGGED

HEAD = "apiVersion: sfnrollouts.dev/v1alpha1\nkind: StepFunctionRollout\n"


def read(text: str) -> list[Any]:
    """Return the manifests, with the reason in the place of one that cannot be read."""
    return [each.unreadable or each.manifest for each in documents(text.encode())]


def as_kubectl_reads(kubectl: Kubectl, text: str) -> list[Any]:
    """Return the objects that kubectl would send, without a verdict of the API server."""
    answer = kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", stdin=text, check=False)
    assert not answer.stderr, answer.stderr
    decoder, objects, position = json.JSONDecoder(), [], 0
    while position < len(answer.stdout.rstrip()):
        found, position = decoder.raw_decode(answer.stdout, position)
        objects.append(found)
        position += answer.stdout[position:].startswith("\n")
    return objects


def is_read_by_kubectl(kubectl: Kubectl, text: str) -> bool:
    answer = kubectl("create", "--dry-run=client", "--validate=false", "-o", "name", "-f", "-", stdin=text, check=False)
    return answer.returncode == 0


def with_values(values: list[str]) -> str:
    return f"{HEAD}metadata: {{name: a}}\nspec:\n  values:\n" + "".join(f"  - {each}\n" for each in values)


def as_json(value: Any) -> Any:
    """As a number comes back from kubectl's own JSON: all are floating point but those of 64 bits."""
    is_double = isinstance(value, float) or (isinstance(value, int) and not -(2**63) <= value < 2**63)
    if is_double and not isinstance(value, bool):
        return int(value) if float(value).is_integer() and abs(value) < 1e18 else float(value)
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return {name: as_json(each) for name, each in value.items()} if isinstance(value, dict) else value


def same(left: Any, right: Any) -> bool:
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


@pytest.mark.parametrize("text", [*SCALARS, *NO_JSON])
def test_a_scalar_is(text: str) -> None:
    expected = {**SCALARS, **NO_JSON}[text]
    found = implicit(text)
    assert type(found) is type(expected)
    assert found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize("text", TAGGED)
def test_a_value_is(text: str) -> None:
    [manifest] = read(with_values([text]))
    assert manifest["spec"]["values"] == [TAGGED[text]]


@pytest.mark.parametrize("text", REFUSED)
def test_a_value_is_refused_with_its_line(text: str) -> None:
    [unreadable] = [each.unreadable for each in documents(with_values([text]).encode())]
    assert unreadable is not None
    assert REFUSED[text] in unreadable.why
    assert unreadable.line in (6, 7)  # what is not closed is missed on the line after


@pytest.mark.usefixtures("crds_installed")
def test_kubectl_reads_each_value_as_the_tables_say(kubectl: Kubectl) -> None:
    expected = {**SCALARS, **TAGGED}
    [sent] = as_kubectl_reads(kubectl, with_values(list(expected)))
    differing = {
        text: (value, found)
        for (text, value), found in zip(expected.items(), sent["spec"]["values"], strict=True)
        if not same(as_json(value), as_json(found))
    }
    assert differing == {}


@pytest.mark.usefixtures("crds_installed")
@pytest.mark.parametrize("text", REFUSED)
def test_kubectl_reads_none_of_what_is_refused(kubectl: Kubectl, text: str) -> None:
    assert not is_read_by_kubectl(kubectl, with_values([text]))


USUAL = {
    "version": "2",
    "alias": "live",
    "retryToken": "x",
    "paused": "false",
    "bakeTime": "10m",
    "alarm": "x",
    "weight": "10",
    "annotation": "x",
    "label": "x",
    "finalizer": "x",
    "key": "x",
    "kind": "StepFunctionRollout",
}
WHOLE = """apiVersion: sfnrollouts.dev/v1alpha1
kind: (kind)
metadata: {name: (name), annotations: {fixed: (annotation), (key): x}, labels: {a: (label)}, finalizers: [(finalizer)]}
spec:
  stateMachineArn: arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor
  alias: (alias)
  version: (version)
  paused: (paused)
  retryToken: (retryToken)
  bakeTime: (bakeTime)
  alarms: {names: [(alarm)]}
  strategy: {canary: {weight: (weight), interval: 10m}}
"""


def manifest(name: str, **scalars: str) -> str:
    """Return a manifest as text, in which each scalar stands as it is."""
    text = WHOLE.replace("(name)", name)
    for place, scalar in {**USUAL, **scalars}.items():
        text = text.replace(f"({place})", scalar)
    return text


def accepted_by_lint(text: str) -> bool:
    [found] = read(text)
    return not any(each.severity is Severity.ERROR for each in lint(found))


@pytest.mark.usefixtures("crds_installed")
@pytest.mark.parametrize("place", USUAL)
def test_lint_and_the_api_server_give_one_verdict(kubectl: Kubectl, namespace: str, place: str) -> None:
    manifests = {text: manifest(f"n{number}", **{place: text}) for number, text in enumerate(SCALARS)}
    unreadable = {text for text, whole in manifests.items() if isinstance(read(whole)[0], Exception)}
    for text in unreadable:  # by themselves, since kubectl reads nothing behind such a one
        assert not is_read_by_kubectl(kubectl, manifests[text]), text
    names = {f"n{number}": text for number, text in enumerate(SCALARS)}
    readable = [whole for text, whole in manifests.items() if text not in unreadable]
    stored = {names[name] for name in accepted_by_server(kubectl, namespace, readable)}
    passed = {text for text in manifests if text not in unreadable and accepted_by_lint(manifests[text])}
    assert (passed - stored, stored - passed) == (set(), set())
    assert stored != set(SCALARS)
    assert place == "kind" or stored
