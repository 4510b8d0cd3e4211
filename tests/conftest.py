"""What every area of tests may use: the control plane, kubectl, and a namespace of one's own."""

import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.control_plane import ControlPlane, Kubectl, ensure_binaries, install_crds

pytest_plugins = [
    "tests.another_day",
    "tests.e2e.whole_run",  # its hooks must be there where pytest-xdist's workers report to
]
CRDS = Path(__file__).parents[1] / "crds"


def pytest_configure() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would every program that a test ends by it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest, todays_clock: None) -> Iterator[ControlPlane]:
    """One for the session. A test that stops, pauses or cuts it sets it right again before it ends."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # a first build takes minutes, and its progress must be seen
        binaries = ensure_binaries()
    with ControlPlane(binaries) as running:
        yield running


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """`kubectl("get", "namespaces").stdout`, as an administrator unless `kubeconfig=` says otherwise."""
    return control_plane.as_admin()


@pytest.fixture(scope="session")
def crds_installed(kubectl: Kubectl) -> None:
    """The product's CRDs are there and served."""
    install_crds(kubectl, CRDS)


@pytest.fixture
def namespace(kubectl: Kubectl) -> str:
    """A namespace that no other test uses or has used: nothing here empties a deleted one."""
    name = f"test-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    return name
