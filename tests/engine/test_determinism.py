"""The same world twice is the same to the letter, whatever order Python gives its sets: a failure is a seed."""

import os
import subprocess
import sys
from pathlib import Path

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Transient
from tests.engine.world import World, spec

ROOT = Path(__file__).parents[2]
TRANSCRIPT = "from tests.engine.test_determinism import transcript; print(transcript())"


def transcript() -> str:
    """Twelve rollouts with shared alarms, rivals, faults and a crash; every call in its order."""
    world = World()
    for number in range(12):
        alias, names = f"alias-{number % 10}", [f"errors-{number % 4}", f"latency-{number}", "errors"]
        for name in names:
            world.cloud.set_alarm(name, AlarmState.OK)
        world.cloud.route_named(alias, Routing.whole(1))
        world.api.apply(f"orders-{number}", spec(alias=alias, alarms={"names": names}))
    for call in ("read", "shift", "alarms", "find", "history"):
        world.cloud.faults.add(call, Transient("503"), 3)
    world.at(70, lambda: world.cloud.set_alarm("errors-1", AlarmState.ALARM))
    world.at(90, lambda: world.cloud.set_alarm("errors-2", AlarmState.INSUFFICIENT_DATA))
    world.at(91, lambda: world.cloud.set_alarm("errors-2", AlarmState.OK))
    world.stop_at, world.down_s = 60, 10.0
    world.run_for(600)
    assert world.crashes == 1
    return repr((world.cloud.calls, world.cloud.batches, world.cloud.writes, world.api.phases, world.announced.events))


def _elsewhere(hash_seed: str) -> str:
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TRANSCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()[-1]


def test_the_same_world_is_the_same_whatever_the_order_of_sets() -> None:
    first = _elsewhere("1")
    assert first == _elsewhere("2")
    assert first == transcript()
    assert first.count("'shift'") > 15
