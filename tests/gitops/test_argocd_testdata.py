"""The customization as upstream tests it, but with Lua as closed as it is in production; and its dumps are current."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.api.status import Status
from tests.gitops import argo
from tests.gitops.argo import CUSTOMIZATION
from tests.gitops.record_dumps import ACTED_ON, DUMPS, commanded
from tests.gitops.situations import ROWS

HEALTH_TESTS = yaml.safe_load((CUSTOMIZATION / "health_test.yaml").read_text())["tests"]
ACTION_TESTS = yaml.safe_load((CUSTOMIZATION / "actions/action_test.yaml").read_text())


def resource_in(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(), _Untimed))


class _Untimed(yaml.SafeLoader):
    """Times stay text, as in JSON."""


_Untimed.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def dump(name: str) -> dict[str, Any]:
    return resource_in(CUSTOMIZATION / "testdata" / f"{name}.yaml")


@pytest.mark.parametrize("case", HEALTH_TESTS, ids=lambda case: Path(case["inputPath"]).stem)
def test_health(case: dict[str, Any]) -> None:
    found = argo.health(resource_in(CUSTOMIZATION / case["inputPath"]))
    assert dict(zip(("status", "message"), found, strict=True)) == case["healthStatus"]


@pytest.mark.parametrize("case", ACTION_TESTS["discoveryTests"], ids=lambda case: Path(case["inputPath"]).stem)
def test_discovery(case: dict[str, Any]) -> None:
    found = argo.discover(resource_in(CUSTOMIZATION / "actions" / case["inputPath"]))
    assert [{"name": name, **found[name]} for name in (each["name"] for each in case["result"])] == case["result"]
    assert len(found) == len(case["result"])


@pytest.mark.parametrize("case", ACTION_TESTS["actionTests"], ids=lambda case: case["action"])
def test_action(case: dict[str, Any]) -> None:
    folder = CUSTOMIZATION / "actions"
    acted = argo.act(case["action"], resource_in(folder / case["inputPath"]))
    assert acted == resource_in(folder / case["expectedOutputPath"])


def test_every_dump_is_tested_and_none_other() -> None:
    dumps = {path.stem for path in (CUSTOMIZATION / "testdata").glob("*.yaml")}
    assert dumps == set(DUMPS)
    assert dumps == {Path(case["inputPath"]).stem for case in HEALTH_TESTS}
    assert dumps == {Path(case["inputPath"]).stem for case in ACTION_TESTS["discoveryTests"]}
    assert {case["action"] for case in ACTION_TESTS["actionTests"]} == set(ACTED_ON)
    assert {path.name for path in (CUSTOMIZATION / "actions").glob("*/action.lua")} == {"action.lua"}
    assert {path.parent.name for path in (CUSTOMIZATION / "actions").glob("*/action.lua")} == set(ACTED_ON)


@pytest.mark.parametrize("name", DUMPS)
def test_a_dump_is_what_the_operator_writes_today(name: str) -> None:
    """Phase, conditions and reasons as the core gives them for the same situation; read with today's models."""
    found = dump(name)
    reported = ROWS[DUMPS[name].situation].resource()
    assert found["status"].get("phase") == reported["status"].get("phase"), "run `python -m tests.gitops.record_dumps`"
    assert _conditions(found) == _conditions(reported), "run `python -m tests.gitops.record_dumps`"
    assert found["status"].items() <= Status.model_validate(found["status"]).to_resource().items()
    parse_spec(found["spec"])


def _conditions(resource: dict[str, Any]) -> list[tuple[str, str, str]]:
    """In their order. What none of the two worlds has alike, alarms and what the target calls, says nothing here."""
    return [
        (each["type"], each["status"], each["reason"])
        for each in resource["status"].get("conditions", ())
        if each["type"] not in ("AlarmsHealthy", "PreflightPassed")
    ]


@pytest.mark.parametrize("action", ACTED_ON)
def test_an_expected_output_is_its_dump_and_the_command(action: str) -> None:
    expected = resource_in(CUSTOMIZATION / f"actions/testdata/{action}.yaml")
    assert expected == commanded(dump(ACTED_ON[action]), action)
    assert argo.offered(dump(ACTED_ON[action])) >= {action}


def test_the_patch_of_argocd_cm_holds_these_scripts() -> None:
    health, discovery, actions = argo.configured(CUSTOMIZATION.parents[2] / "argocd-cm-patch.yaml")
    shifting = dump("progressing_shifting")
    assert argo.health(shifting, health) == argo.health(shifting)
    assert argo.discover(shifting, discovery) == argo.discover(shifting)
    assert {name: argo.act(name, shifting, text) for name, text in actions.items()} == {
        name: argo.act(name, shifting) for name in ACTED_ON
    }


def test_the_six_actions_differ_in_their_name_only() -> None:
    scripts = {name: (CUSTOMIZATION / f"actions/{name}/action.lua").read_text() for name in ACTED_ON}
    assert len({text.replace(f'"action":"{name}"', "") for name, text in scripts.items()}) == 1


CLOSED = {
    "no string library": 'return { string.len("x") }',
    "no methods on strings": 'return { ("x"):len() }',
    "no math": "return { math.floor(1) }",
    "no io": 'return { io.open("x") }',
    "no coroutines": "return { coroutine.create(print) }",
    "no debug library": "return { debug.getinfo(1) }",
    "no global os": "return { os.time() }",
    "nothing but os to be required": 'return { require("string") }',
    "no Python": "return { python.eval('1') }",
    "a table is wanted": "return 3",
}


@pytest.mark.parametrize("what", CLOSED)
def test_the_sandbox_is_as_closed_as_argo_cds(what: str) -> None:
    with pytest.raises(argo.ScriptError):
        argo.run(CLOSED[what], {})


def test_the_sandbox_is_as_open_as_argo_cds() -> None:
    script = 'local t = {3, 1}; table.sort(t); return { now = require("os").time(), t = t, kind = type(obj.list) }'
    assert argo.run(script, {"list": []}) == {"now": argo.NOW_S, "t": [1, 3], "kind": "table"}


LEFT_BEHIND = {
    "no status at all": {},
    "no conditions": {"status": {"observedGeneration": 1, "phase": "Progressing"}},
    "a phase of a later release": {"status": {"observedGeneration": 1, "phase": "Analysing", "conditions": []}},
}


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_a_status_that_is_not_whole_is_progressing(what: str) -> None:
    resource = {"metadata": {"generation": 1}, "spec": {}} | LEFT_BEHIND[what]
    assert argo.health(resource)[0] == "Progressing"
    assert set(argo.discover(resource)) == set(ACTED_ON)


def test_a_phase_of_a_later_release_goes_by_its_conditions() -> None:
    status = {"observedGeneration": 1, "phase": "Analysing", "conditions": [{"type": "Ready", "status": "True"}]}
    assert argo.health({"metadata": {"generation": 1}, "spec": {}, "status": status})[0] == "Healthy"
