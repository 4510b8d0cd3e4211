"""The workflows, read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PATHS = {path.stem: path for path in sorted((ROOT / ".github/workflows").iterdir())}
PIN = re.compile(r"uses: ([\w-]+/[\w-]+)@(\S+)(?: # (v\d+\.\d+\.\d+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One step; `name` also tells which job it is of."""

    name: str
    job: str
    fields: dict[str, Any]

    @property
    def script(self) -> str:
        return str(self.fields.get("run", ""))


def workflow(name: str) -> dict[Any, Any]:
    """YAML 1.1 reads the key `on` as True."""
    return dict(yaml.safe_load(PATHS[name].read_text()))


def jobs(name: str) -> dict[str, dict[str, Any]]:
    return dict(workflow(name)["jobs"])


def steps(name: str) -> Iterator[Step]:
    for job, fields in jobs(name).items():
        for number, each in enumerate(fields["steps"]):
            yield Step(f"{name}/{job}/{each.get('name', each.get('uses', number))}", job, each)


ALL_STEPS = {step.name: step for name in PATHS for step in steps(name)}
SCRIPTS = {name: step for name, step in ALL_STEPS.items() if step.script}
