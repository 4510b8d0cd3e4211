"""The image's tree, made by the Dockerfile's own commands."""

from pathlib import Path

import pytest

from tests.image.build import build
from tests.image.dockerfile import stages


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for /opt/sfn-rollouts."""
    return build(stages()[0], tmp_path_factory.mktemp("image"))
