"""Whether a run of the whole folder used exactly the rights that are shipped: a pytest plugin of tests/conftest.py.

Each test asks its API server and its AWS; each worker of pytest-xdist hands what it saw to the process that started it,
and that one compares at the end. When only a part of the folder was run, nothing can be said of what is unused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.rights import (
    NEEDS_NO_PERMISSION,
    PEOPLES,
    AwsCall,
    Right,
    not_allowed,
    not_called,
    not_granted,
    not_used,
    rights_granted,
    shipped_statements,
)

FOLDER = Path(__file__).parent
RBAC = FOLDER.parents[1] / "deploy" / "base" / "rbac.yaml"
OPERATOR = ("sfn-rollouts", "sfn-rollouts")
"""Namespace and name of the account that deploy/base ships."""


@dataclass
class Seen:
    """What one process saw: its tests' requests and calls, and whether it was to run every test of the folder."""

    requests: set[Right] = field(default_factory=set)
    calls: set[AwsCall] = field(default_factory=set)
    is_whole: bool = True
    is_deselected: bool = False

    def add(self, other: "Seen") -> None:
        self.requests |= other.requests
        self.calls |= other.calls
        self.is_whole &= other.is_whole

    def as_output(self) -> dict[str, Any]:
        """In the types that pytest-xdist can send."""
        return {
            "requests": [list(each) for each in self.requests],
            "calls": [list(each) for each in self.calls],
            "is_whole": self.is_whole,
        }

    @classmethod
    def from_output(cls, output: dict[str, Any]) -> "Seen":
        return cls(
            {Right(*each) for each in output["requests"]},
            {AwsCall(*each) for each in output["calls"]},
            output["is_whole"],
        )


SEEN = pytest.StashKey[Seen]()
_VERDICT = pytest.StashKey[list[str]]()
_OUTPUT = "rights_seen"
_RAN_TO_THE_END = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def findings(seen: Seen, manifests: Sequence[dict[str, Any]]) -> list[str]:
    """What is missing in the shipped rights, and, after a whole run, what is too much; empty when all is well."""
    granted, allowed = rights_granted(manifests, OPERATOR), shipped_statements()
    missing = [
        *_each("asked of the API server and not in deploy/base/rbac.yaml", not_granted(seen.requests, granted)),
        *_each("asked of AWS and not in deploy/aws", not_allowed(seen.calls, allowed)),
    ]
    unused = [
        *_each("granted in deploy/base/rbac.yaml and never used", not_used(seen.requests, granted)),
        *_each("allowed in deploy/aws and never used", not_called(seen.calls, allowed)),
    ]
    return missing + unused if seen.is_whole else missing


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEEN] = Seen()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if _is_ours(item):
            item.config.stash[SEEN].is_deselected = True


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whole is what has each file of the folder and leaves out none of its tests."""
    seen = session.config.stash[SEEN]
    files = {item.path for item in session.items if _is_ours(item)}
    is_named = any("::" in argument for argument in session.config.args)
    seen.is_whole = files == set(FOLDER.rglob("test_*.py")) and not is_named and not seen.is_deselected


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker has ended, and has said what it saw unless it crashed."""
    output = getattr(node, "workeroutput", {}).get(_OUTPUT)
    seen = Seen.from_output(output) if output else Seen(is_whole=False)
    node.config.stash[SEEN].add(seen)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    seen, output = session.config.stash[SEEN], getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = seen.as_output()
    elif seen.requests and exitstatus in _RAN_TO_THE_END:
        session.config.stash[_VERDICT] = found = findings(seen, _shipped())
        if found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Also after failures; what a failed test did not come to may then look unused."""
    found = config.stash.get(_VERDICT, None)
    if found is None:
        return
    seen = config.stash[SEEN]
    terminalreporter.section("least privilege")
    terminalreporter.write_line(_summary(seen, found), red=bool(found), green=not found)
    for line in found:
        terminalreporter.write_line(line, red=True)


def _summary(seen: Seen, found: Sequence[str]) -> str:
    actions = {call.action for call in seen.calls}.difference(PEOPLES, NEEDS_NO_PERMISSION)
    counts = f"{len(seen.requests)} different requests to Kubernetes, {len(actions)} actions on AWS"
    if found:
        return f"{counts}: not what is shipped"
    if seen.is_whole:
        return f"{counts}: exactly what deploy/base and deploy/aws grant"
    return f"{counts}: nothing missing; what is unused is looked for when all of {FOLDER.name} is run"


def _shipped() -> list[dict[str, Any]]:
    """The file rather than what kustomize makes of it: at the end of the session no kubectl is at hand."""
    manifests = list(yaml.safe_load_all(RBAC.read_text()))
    for manifest in manifests:
        if not manifest["kind"].startswith("Cluster"):
            manifest["metadata"]["namespace"] = OPERATOR[0]
    return manifests


def _each(what: str, names: Iterable[str]) -> list[str]:
    return [f"{what}: {name}" for name in names]


def _is_ours(item: pytest.Item) -> bool:
    return FOLDER in item.path.parents
