"""`-o json`, `-o yaml` and `-o name`: what other programs read, as kubectl writes it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from sfn_rollouts.api import GROUP, KIND
from sfn_rollouts.printable import json_text

F = TypeVar("F", bound=Callable[..., Any])


def output_option(*further: str) -> Callable[[F], F]:
    """Return the option -o with json, yaml and what else a verb knows; absent is text for people."""
    return click.option("-o", "--output", type=click.Choice(["json", "yaml", *further]), help="[default: for people]")


def serialized(data: Any, output: str) -> str:
    """Return plain data as JSON or YAML, without a line end."""
    if output == "json":
        return json_text(data, indent=4)
    from sfn_rollouts.plugin.yaml_output import yaml_text  # noqa: PLC0415 - 15 ms that only this format needs

    return yaml_text(data)


def resource_name(resource: Mapping[str, Any]) -> str:
    """Return TYPE/NAME, which kubectl takes where it takes a resource."""
    return f"{KIND.lower()}.{GROUP}/{resource['metadata']['name']}"


def shown_resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what kubectl leaves out: who last wrote which field."""
    metadata = {name: value for name, value in resource["metadata"].items() if name != "managedFields"}
    return {**resource, "metadata": metadata}


def shown_list(resources: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a list as `kubectl get` does."""
    items = [shown_resource(each) for each in resources]
    return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}
