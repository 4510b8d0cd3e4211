"""The Dockerfile, read: its stages and their instructions, in order."""

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
PATH = ROOT / "Dockerfile"


@dataclass
class Stage:
    """One FROM and what follows; `name` is None for the last one."""

    base: str
    name: str | None
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [value for found, value in self.instructions if found == instruction]

    def only(self, instruction: str) -> str:
        (value,) = self.all(instruction)
        return value


def parser() -> DockerfileParser:
    return DockerfileParser(fileobj=io.BytesIO(PATH.read_bytes()))


def stages() -> list[Stage]:
    """Without comments and the arguments before the first FROM."""
    found: list[Stage] = []
    for each in parser().structure:
        if each["instruction"] == "FROM":
            base, _, name = each["value"].partition(" AS ")
            found.append(Stage(base, name or None))
        elif found and each["instruction"] != "COMMENT":
            found[-1].instructions.append((each["instruction"], each["value"]))
    return found


def health_command(final: Stage) -> list[str]:
    """The words of HEALTHCHECK CMD."""
    return list(json.loads(final.only("HEALTHCHECK").partition("CMD ")[2]))


def environment(stage: Stage) -> dict[str, str]:
    """ENV as it stands there, variables not expanded."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(stage.all("ENV"))))
