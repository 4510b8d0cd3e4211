"""Real Helm. Without a cluster it renders; with one, the cluster is the test's own, since a release has a CRD in it."""

from pathlib import Path

import pytest

from devenv.helm import Helm, ensure_helm


@pytest.fixture(scope="session")
def helm_binary(request: pytest.FixtureRequest) -> Path:
    """Found or built."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # a first build takes minutes, and its progress must be seen
        return ensure_helm()


@pytest.fixture(scope="session")
def helm(helm_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """It knows no cluster."""
    return Helm(helm_binary, tmp_path_factory.mktemp("helm"))
