"""The conftest of the tree: quick tests first, and the slow ones only where the quick ones have noticed nothing.

A mutant that survives runs every test that reaches it; a few tests of simulated days would take half of that time.
"""

import json
import os
from pathlib import Path

import pytest

SLOW_S = 0.5
_STATS = Path("mutmut-stats.json")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort by what mutmut has measured; MUTANTS_TESTS=quick or slow leaves the other kind out."""
    took = json.loads(_STATS.read_text())["duration_by_test"] if _STATS.exists() else {}
    wanted = os.environ.get("MUTANTS_TESTS")
    if "__mutmut_" in os.environ.get("MUTANT_UNDER_TEST", "") and wanted is not None:
        chosen = [item for item in items if (took.get(item.nodeid, 0.0) > SLOW_S) is (wanted == "slow")]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    items.sort(key=lambda item: took.get(item.nodeid, 0.0))
