"""The same scenario gives the same run, byte for byte; its parts hold to what they stand for."""

import json
import os
import subprocess
import sys
from hashlib import sha256

import pytest

from sfn_rollouts.sim.scenario import from_json
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.transcript import transcript
from sfn_rollouts.sim.world import World

SEEDS = (3, 41, 150, 2738)
_PRINT = f"""
from hashlib import sha256
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.transcript import transcript
from sfn_rollouts.sim.world import World
for seed in {SEEDS}:
    print(sha256(transcript(World(scenario_of(seed)).run().history.all).encode()).hexdigest())
"""


def _transcript(seed: int) -> str:
    return transcript(World(scenario_of(seed)).run().history.all)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_gives_the_same_transcript_twice(seed: int) -> None:
    assert _transcript(seed) == _transcript(seed)


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_another_process_with_another_hash_seed_gives_it_too(hash_seed: str) -> None:
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", _PRINT], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [sha256(_transcript(seed).encode()).hexdigest() for seed in SEEDS]


@pytest.mark.parametrize("seed", range(60))
def test_a_scenario_survives_the_way_through_a_file(seed: int) -> None:
    scenario = scenario_of(seed)
    assert from_json(json.loads(json.dumps(scenario.to_json()))) == scenario
