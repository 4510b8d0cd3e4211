"""`judge`: what the judge said of a rollout that is over, or would have said, by your own AWS credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.problems import PluginError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sfn_rollouts.core.values.arn import AliasArn
    from sfn_rollouts.core.values.looks import JudgeExecutions
    from sfn_rollouts.plugin.kubectl import Cluster

NOT_NOTED = (
    "nobody noted how its traffic was shifted: with spec.analysis (onWorse, onSlower, onSuspect and onBlind: Ignore "
    "change nothing but what is said) the next rollout can be judged again"
)


@click.command()
@click.argument("name")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
@pass_cluster
def judge(cluster: Cluster, name: str, *, output: str) -> None:
    """Judge a rollout again by its executions: each change of the verdict with its time and figures.

    The executions are listed with your own AWS credentials (states:ListExecutions; those of an Express state machine
    are counted, cloudwatch:GetMetricData), and judged by spec.analysis as it stands now, or by its defaults: edit a
    copy to see what other settings would have said.
    """
    from sfn_rollouts.cli.judge import shown_as  # noqa: PLC0415 - slow to import
    from sfn_rollouts.cli.online import connected  # noqa: PLC0415 - boto3 is slow to import
    from sfn_rollouts.engine.sources.judging import judged_again  # noqa: PLC0415
    from sfn_rollouts.errors import PortError  # noqa: PLC0415

    alias, look = _judged(cluster.get(name))
    try:
        with connected() as (aws, clock):
            for judgement in judged_again(aws.executions, clock, alias, look):
                click.echo(shown_as(output, judgement, look.policy))
    except PortError as error:
        raise PluginError(error.why) from None


def _judged(resource: Mapping[str, Any]) -> tuple[AliasArn, JudgeExecutions]:
    from sfn_rollouts.api.analysis import Analysis  # noqa: PLC0415 - pydantic is slow to import
    from sfn_rollouts.api.problems import SpecError  # noqa: PLC0415
    from sfn_rollouts.api.resource import parse_spec, parse_status  # noqa: PLC0415
    from sfn_rollouts.core.judges.analysis import look_of  # noqa: PLC0415
    from sfn_rollouts.core.values.arn import StateMachineArn  # noqa: PLC0415

    name = resource["metadata"]["name"]
    try:
        spec = parse_spec(resource.get("spec"))
    except SpecError as error:
        raise PluginError(f"{name}: {error}") from None
    status = parse_status(resource.get("status"))
    begun = status.analysis
    look = look_of(spec.analysis or Analysis(), status, begun) if begun is not None else None
    if look is None:
        raise PluginError(f"{name}: {NOT_NOTED}")
    return StateMachineArn.parse(spec.state_machine_arn).alias(spec.alias), look
