"""What Argo CD and Flux make of an AWSAccess: its role can be assumed, or not, or nobody has tried this generation."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sfn_rollouts.api.access import ACCESS_KIND
from sfn_rollouts.api.resource import parse_access, parse_access_status
from sfn_rollouts.core.values.reasons import Reason
from tests.core.kstatus import kstatus
from tests.gitops import argo
from tests.gitops.flux import HealthCheck
from tests.gitops.test_argocd_testdata import resource_in

CUSTOMIZATION = argo.CUSTOMIZATION.with_name(ACCESS_KIND)
SCRIPT = (CUSTOMIZATION / "health.lua").read_text()
HEALTH_TESTS = yaml.safe_load((CUSTOMIZATION / "health_test.yaml").read_text())["tests"]
DUMPS = {path.stem: resource_in(path) for path in sorted((CUSTOMIZATION / "testdata").glob("*.yaml"))}
OF_FLUX = {"Healthy": "Current", "Degraded": "Failed", "Progressing": "InProgress"}


@pytest.mark.parametrize("case", HEALTH_TESTS, ids=lambda case: Path(case["inputPath"]).stem)
def test_health(case: dict[str, Any]) -> None:
    found = argo.health(resource_in(CUSTOMIZATION / case["inputPath"]), SCRIPT)
    assert dict(zip(("status", "message"), found, strict=True)) == case["healthStatus"]


def test_every_dump_is_tested() -> None:
    assert DUMPS.keys() == {Path(case["inputPath"]).stem for case in HEALTH_TESTS}


@pytest.mark.parametrize("resource", DUMPS.values(), ids=DUMPS)
def test_a_dump_is_one_that_there_can_be(resource: dict[str, Any]) -> None:
    parse_access(resource["spec"])
    assert resource["status"].items() <= parse_access_status(resource["status"]).to_resource().items()
    assert {each["reason"] for each in resource["status"].get("conditions", ())} <= set(Reason)


@pytest.mark.parametrize("resource", DUMPS.values(), ids=DUMPS)
def test_flux_says_what_argo_cd_says(resource: dict[str, Any]) -> None:
    health, _ = argo.health(resource, SCRIPT)
    assert HealthCheck.of("accesses.yaml", ACCESS_KIND)(resource) == OF_FLUX[health]


@pytest.mark.parametrize("resource", DUMPS.values(), ids=DUMPS)
def test_kstatus_takes_none_for_done_that_is_not_ready(resource: dict[str, Any]) -> None:
    health, _ = argo.health(resource, SCRIPT)
    assert (kstatus(resource) == "Current") is (health == "Healthy")


@pytest.mark.parametrize("status", [{"observedGeneration": 1}, {"observedGeneration": 1, "conditions": []}])
def test_a_status_that_is_not_whole_is_progressing(status: dict[str, Any]) -> None:
    resource = {"metadata": {"generation": 1}, "spec": {}, "status": status}
    assert argo.health(resource, SCRIPT)[0] == "Progressing"
    assert HealthCheck.of("accesses.yaml", ACCESS_KIND)(resource) == "InProgress"


def test_the_patch_of_argocd_cm_holds_this_script() -> None:
    data = yaml.safe_load((CUSTOMIZATION.parents[2] / "argocd-cm-patch.yaml").read_text())["data"]
    assert data[f"resource.customizations.health.sfnrollouts.dev_{ACCESS_KIND}"] == SCRIPT
