"""What is simulated is what is shipped: no branch of it knows of the simulation."""

import ast
from pathlib import Path

import pytest

import sfn_rollouts
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.core.decide import decide
from sfn_rollouts.engine.engine import Engine
from sfn_rollouts.sim.world import World
from tests.sim.mutants import Mutant

PACKAGE = Path(sfn_rollouts.__file__).parent
SHIPPED = [path for part in ("api", "core", "engine", "kube", "aws") for path in sorted((PACKAGE / part).glob("*.py"))]
SHIPPED += [PACKAGE / "clock.py", PACKAGE / "ports.py", PACKAGE / "errors.py", PACKAGE / "app.py"]


IAM_SAYS = {"SIMULATE_PRINCIPAL_POLICY", "simulate_principal_policy"}
"""The name of an operation of AWS."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_name_in_the_shipped_code_speaks_of_simulation(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    names = {
        str(name)
        for node in nodes
        for field in ("id", "attr", "arg", "name", "module")
        if (name := getattr(node, field, None)) is not None
    }
    assert not {name for name in names - IAM_SAYS if "simul" in name.lower() or name.startswith("sfn_rollouts.sim")}


def test_a_world_runs_the_engine_the_core_and_the_clock_as_they_are() -> None:
    world = World(Mutant().scenario)
    world.run()
    process = world.hosts[0].process
    assert process is not None
    assert type(process.engine) is Engine
    assert type(process._clock) is SteadyClock  # that it is this very class cannot be seen from outside
    assert world.hosts[0]._around.decide is decide
