"""How the tests read what deploy/aws ships: Terraform, CloudFormation, and policy documents."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any

import hcl2

AWS = Path(__file__).parents[2] / "deploy" / "aws"


def terraform_of(path: Path) -> dict[str, Any]:
    """A file of Terraform, parsed."""
    with path.open() as file:
        parsed: dict[str, Any] = unquoted(hcl2.load(file))
    return parsed


def unquoted(value: Any) -> Any:
    """The parser leaves the quotes of a text where they are, and marks blocks."""
    if isinstance(value, str):
        return value.strip('"')
    if isinstance(value, list):
        return [unquoted(each) for each in value]
    if isinstance(value, dict):
        return {unquoted(name): unquoted(each) for name, each in value.items() if name != "__is_block__"}
    return value


def block(terraform: Mapping[str, Any], kind: str, *names: str) -> dict[str, Any]:
    found = terraform[kind]
    for name in names:
        layers = found if isinstance(found, list) else [found]
        found = [each[name] for each in layers if name in each]
        found = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    [found] = found
    assert isinstance(found, dict)
    return found


def contents(dynamic: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in dynamic:
        yield from each["statement"]["content"]


def by_sid(statements: list[dict[str, Any]], sid: str, actions: str) -> dict[str, list[str]]:
    return {each[sid]: sorted(each[actions]) for each in statements}


class Sub(Template):
    """CloudFormation's Fn::Sub."""

    idpattern = "[A-Za-z:]+"


def sub(text: str, parameters: Mapping[str, str]) -> str:
    """What CloudFormation makes of a text."""
    return Sub(text).substitute(parameters)
