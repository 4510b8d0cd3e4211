"""What lint says about metadata, and that the real API server gives the same verdict."""

import json
from typing import Any

import pytest

from devenv.control_plane import Kubectl
from sfn_rollouts.api.metadata import metadata_problems
from tests.api.manifests import manifest
from tests.api.verdicts import accepted_by_server

WORDS = "use at most 63 letters, digits, '-', '_' and '.', a letter or digit first and last"
KEY = f"is not a key: write a name like app.example.com/owner: {WORDS}, and before a '/' a domain"
NAME = "use at most 253 lower-case letters, digits, '-' and '.', a letter or digit first and last"
NAMESPACE = "use at most 63 lower-case letters, digits and '-', a letter or digit first and last"
QUOTES = "put it in quotes"
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u"}
TEXT_FIELDS = ("namespace", "selfLink", "uid", "resourceVersion", "generateName")


def labels(**pairs: Any) -> dict[str, Any]:
    return {"labels": pairs}


FINE: dict[str, dict[str, Any]] = {
    "nothing but a name": {},
    "labels and annotations": {"labels": {"app.example.com/a-b_c.d": "X_1.y-2"}, "annotations": {"a": "x\ny: [z]"}},
    "an empty label": labels(a=""),
    "a label without a value": labels(a=None),
    "a label of 63 characters": labels(a="x" * 63),
    "a key of 63 characters": {"labels": {"x" * 63: "a"}},
    "no labels": {"labels": None},
    "an annotation whose domain has capitals": {"annotations": {"Example.com/Owner": "x"}},
    "an annotation without a value": {"annotations": {"a": None}},
    "annotations of 256 KiB": {"annotations": {"a": "x" * (256 * 1024 - 1)}},
    "an empty namespace": {"namespace": ""},
    "finalizers": {"finalizers": ["a", "example.com/b"]},
    "an owner": {"ownerReferences": [{**OWNER, "controller": True, "blockOwnerDeletion": False}]},
    "the beginning of a name": {"generateName": "b-"},
    "what kubectl get -o yaml gives": {
        "creationTimestamp": "2026-11-28T10:00:00Z",
        "generation": 3,
        "uid": "4d5e",
        "managedFields": [{"manager": "x", "operation": "Update"}],
    },
    "no time of creation, as kustomize writes it": {"creationTimestamp": None},
}
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a label of 64 characters": (
        labels(a="x" * 64),
        [f"metadata.labels.a: '{'x' * 64}' is not a value of a label: {WORDS}"],
    ),
    "a label with a space": (labels(a="x y"), [f"metadata.labels.a: 'x y' is not a value of a label: {WORDS}"]),
    "a label with a '-' first": (labels(a="-x"), [f"metadata.labels.a: '-x' is not a value of a label: {WORDS}"]),
    "a label with letters from elsewhere": (
        labels(a="ü"),
        [f"metadata.labels.a: 'ü' is not a value of a label: {WORDS}"],
    ),
    "a label that ends in a line feed": (
        labels(a="x\n"),
        [f"metadata.labels.a: 'x ' is not a value of a label: {WORDS}"],
    ),
    "a label that is a number": (labels(a=5), [f"metadata.labels.a: 5 is no string: {QUOTES}"]),
    "a label that is true": (labels(a=True), [f"metadata.labels.a: true is no string: {QUOTES}"]),
    "labels that are a list": (
        {"labels": ["a"]},
        ["metadata.labels: ['a'] is no object: write its fields below it"],
    ),
    "a key with a space": ({"labels": {"a b": "x"}}, [f"metadata.labels.a b: 'a b' {KEY}"]),
    "a key of 64 characters": ({"labels": {"x" * 64: "a"}}, [f"metadata.labels.{'x' * 64}: '{'x' * 64}' {KEY}"]),
    "an empty key": ({"labels": {"": "a"}}, [f"metadata.labels.: '' {KEY}"]),
    "a key with two slashes": ({"labels": {"a/b/c": "x"}}, [f"metadata.labels.a/b/c: 'a/b/c' {KEY}"]),
    "a key without a domain": ({"labels": {"/c": "x"}}, [f"metadata.labels./c: '/c' {KEY}"]),
    "a key without a name": ({"labels": {"a/": "x"}}, [f"metadata.labels.a/: 'a/' {KEY}"]),
    "a key whose domain has capitals": ({"labels": {"A.b/c": "x"}}, [f"metadata.labels.A.b/c: 'A.b/c' {KEY}"]),
    "an annotation that is a number": (
        {"annotations": {"build": 42}},
        [f"metadata.annotations.build: 42 is no string: {QUOTES}"],
    ),
    "an annotation that is an object": (
        {"annotations": {"a": {"b": 1}}},
        [f"metadata.annotations.a: {{'b': 1}} is no string: {QUOTES}"],
    ),
    "a key of an annotation": ({"annotations": {"a b": "x"}}, [f"metadata.annotations.a b: 'a b' {KEY}"]),
    "annotations of more than 256 KiB": (
        {"annotations": {"a": "x" * (256 * 1024)}},
        ["metadata.annotations: have 262145 bytes together: give at most 262144"],
    ),
    "a finalizer with a space": ({"finalizers": ["a b"]}, [f"metadata.finalizers[0]: 'a b' {KEY}"]),
    "a finalizer that is a number": ({"finalizers": [5]}, [f"metadata.finalizers[0]: 5 is no string: {QUOTES}"]),
    "a finalizer that is nothing": ({"finalizers": [None]}, [f"metadata.finalizers[0]: '' {KEY}"]),
    "finalizers that are a text": (
        {"finalizers": "a"},
        ["metadata.finalizers: 'a' is no array: write a list, each item after a '-'"],
    ),
    "two ways to delete": (
        {"finalizers": ["orphan", "foregroundDeletion"]},
        ["metadata.finalizers: has both orphan and foregroundDeletion: leave one of the two out"],
    ),
    "an owner without an identity": (
        {"ownerReferences": [{**OWNER, "uid": ""}]},
        ["metadata.ownerReferences[0].uid: '' is not an owner's uid: write a text"],
    ),
    "an owner with an unknown field": (
        {"ownerReferences": [{**OWNER, "names": "x"}]},
        ["metadata.ownerReferences[0].names: unknown field 'names': did you mean 'name'?"],
    ),
    "two controllers": (
        {"ownerReferences": [{**OWNER, "controller": True}, {**OWNER, "controller": True, "uid": "v"}]},
        ["metadata.ownerReferences: has more than one controller: leave controller: true at one owner only"],
    ),
    "an unknown field": ({"label": {}}, ["metadata.label: unknown field 'label': did you mean 'labels'?"]),
    "a generation that is a text": (
        {"generation": "x"},
        ["metadata.generation: 'x' is no integer: write a whole number, without quotes"],
    ),
    "a time that is a date": (
        {"creationTimestamp": "2026-11-28"},
        ["metadata.creationTimestamp: '2026-11-28' is no time: leave it out, as the API server sets it"],
    ),
    "a time that cannot be": (
        {"creationTimestamp": "2026-99-99T00:00:00Z"},
        ["metadata.creationTimestamp: '2026-99-99T00:00:00Z' is no time: leave it out, as the API server sets it"],
    ),
    "the beginning of a name that is none": (
        {"generateName": "B_"},
        [f"metadata.generateName: 'B_' is not the beginning of a name: {NAME}"],
    ),
    "a namespace with a dot": (
        {"namespace": "a.b"},
        [f"metadata.namespace: 'a.b' is not a name of a namespace: {NAMESPACE}"],
    ),
    **{
        f"a {field} that is a number": ({field: 5}, [f"metadata.{field}: 5 is no string: {QUOTES}"])
        for field in TEXT_FIELDS
    },
}


@pytest.mark.parametrize("metadata", FINE.values(), ids=FINE)
def test_this_is_fine(metadata: dict[str, Any]) -> None:
    assert list(metadata_problems({"name": "orders", **metadata})) == []


@pytest.mark.parametrize(("metadata", "said"), REFUSED.values(), ids=REFUSED)
def test_this_is_refused(metadata: dict[str, Any], said: list[str]) -> None:
    assert [str(each) for each in metadata_problems({"name": "orders", **metadata})] == said


@pytest.mark.parametrize("metadata", [5, [], "x"])
def test_metadata_is_a_mapping(metadata: Any) -> None:
    [problem] = metadata_problems(metadata)
    assert problem.path == "metadata"


@pytest.mark.usefixtures("crds_installed")
def test_the_api_server_gives_the_same_verdicts(kubectl: Kubectl, namespace: str) -> None:
    cases = [*FINE.items(), *((sentence, metadata) for sentence, (metadata, _) in REFUSED.items())]
    names = {f"n{number}": sentence for number, (sentence, _) in enumerate(cases)}
    documents = [
        json.dumps({**manifest(), "metadata": {"name": f"n{number}", **metadata}})
        for number, (_, metadata) in enumerate(cases)
    ]
    stored = {names[name] for name in accepted_by_server(kubectl, namespace, documents)}
    assert stored == set(FINE)
