"""`diff`: what two versions of a state machine differ in, and what the newer one calls without a version."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import click

from sfn_rollouts.asl.comparison import ABSENT, Comparison, FieldChange, Kind, StateChange, compare
from sfn_rollouts.asl.pins import Loose, loose_ends
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.plugin.connection import pass_cluster
from sfn_rollouts.plugin.excerpts import excerpt, excerpts
from sfn_rollouts.plugin.kubectl import Cluster
from sfn_rollouts.plugin.names import VERSION_NUMBER
from sfn_rollouts.plugin.output import output_option, serialized
from sfn_rollouts.plugin.problems import PluginError
from sfn_rollouts.printable import one_line, visible

_SIGNS = {Kind.ADDED: ("+", "green"), Kind.REMOVED: ("-", "red"), Kind.CHANGED: ("~", "yellow")}
_LONGEST_WARNING = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """All of it. `settings` are the role and the like, which a version holds beside its definition."""

    name: str
    machine: str
    machine_arn: str
    before: int
    after: int
    comparison: Comparison
    settings: tuple[FieldChange, ...]
    loose: tuple[Loose, ...]


@click.command()
@click.argument("name")
@click.option("--from", "from_version", type=VERSION_NUMBER, metavar="V", help="[default: the stable version]")
@click.option("--to", "to_version", type=VERSION_NUMBER, metavar="V", help="[default: the target]")
@output_option()
@pass_cluster
def diff(cluster: Cluster, name: str, from_version: int | None, to_version: int | None, output: str | None) -> None:
    """Compare the definitions of two versions, state by state.

    Without --from and --to: the stable version with the target, or, when the rollout is over, what it set out from
    with what it moved to. The definitions are read with your own AWS credentials.
    """
    rollout = Rollout.from_resource(cluster.get(name))
    before, after = versions_to_compare(rollout, from_version, to_version)
    found = _difference(rollout, before, after)
    click.echo(serialized(as_data(found), output) if output is not None else "\n".join(as_text(found)))


def versions_to_compare(rollout: Rollout, from_version: int | None, to_version: int | None) -> tuple[int, int]:
    """Return the older and the newer version.

    Raises:
        PluginError: the rollout does not say, and no flag does.
    """
    after = to_version or rollout.version
    before = from_version or _set_out_from(rollout, after)
    if after is None or before is None:
        raise PluginError(f"{rollout.name} does not say what to compare with", "Give both: --from V --to V.")
    if before == after:
        raise PluginError(f"nothing to compare: both are version {after}", "Give another one: --from V or --to V.")
    return before, after


def _set_out_from(rollout: Rollout, after: int | None) -> int | None:
    """The stable version; once the target is that, the one before."""
    if rollout.stable is not None and rollout.stable != after:
        return rollout.stable
    past = (each.stable for each in rollout.history if each.version == after and each.stable not in (None, after))
    return next(past, rollout.stable)


def _difference(rollout: Rollout, before: int, after: int) -> Difference:
    from sfn_rollouts.aws.definitions import UserStepFunctions  # noqa: PLC0415 - boto3 is slow to import
    from sfn_rollouts.core.values.arn import StateMachineArn  # noqa: PLC0415
    from sfn_rollouts.errors import PortError  # noqa: PLC0415

    try:
        machine = StateMachineArn.parse(rollout.machine_arn)
    except ValueError as error:
        raise PluginError(str(error)) from None
    try:
        with closing(UserStepFunctions(machine)) as aws:
            old, new = aws.read(before), aws.read(after)
    except PortError as error:
        raise PluginError(error.why) from None
    settings = compare(old.settings, new.settings).top_level
    comparison, loose = compare(old.definition, new.definition), loose_ends(new.definition)
    return Difference(rollout.name, rollout.machine, rollout.machine_arn, before, after, comparison, settings, loose)


# -- for people --


def as_text(found: Difference) -> Iterator[str]:
    """Yield the lines; the terminal's palette where there is one."""
    yield click.style(f"{found.name}: {found.machine}, version {found.before} -> {found.after}", bold=True)
    yield ""
    if found.comparison.top_level:
        yield "The machine"
        yield from _field_lines(found.comparison.top_level)
        yield ""
    for change in found.comparison.states:
        yield from _state_lines(change)
    if found.settings:
        yield "Beside the definition"
        yield from _field_lines(found.settings)
        yield ""
    yield _summary(found)
    for loose in found.loose:
        word, colour = ("warning", "yellow") if loose.is_certain else ("note", None)
        yield f"{click.style(word, fg=colour)}: {_shown(f'{loose.state} {loose.message}', _LONGEST_WARNING)}"


def _state_lines(change: StateChange) -> Iterator[str]:
    sign, colour = _SIGNS[change.kind]
    yield f"{click.style(f'{sign} {_shown(change.path)}', fg=colour, bold=True)} ({_shown(change.type)})"
    yield from _field_lines(change.fields)
    yield ""


def _field_lines(fields: Sequence[FieldChange]) -> Iterator[str]:
    """Both values below each other, so that the eye finds the difference in a long ARN."""
    for each in fields:
        yield f"    {_shown(each.path)}"
        for sign, colour, text in _sides(each.before, each.after):
            yield click.style(f"      {sign} {text}", fg=colour)


def _sides(before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    """Return sign, colour and text of each side that is there."""
    if after is ABSENT:
        yield "-", "red", excerpt(before)
    elif before is ABSENT:
        yield "+", "green", excerpt(after)
    else:
        old, new = excerpts(before, after)
        yield "-", "red", old
        yield "+", "green", new


def _shown(text: str, longest: int | None = None) -> str:
    return one_line(visible(text), longest)


def _summary(found: Difference) -> str:
    counts = {kind: sum(each.kind is kind for each in found.comparison.states) for kind in Kind}
    if found.comparison.is_equal:
        return "The definitions are the same."
    return (
        ", ".join(f"{count} {_states(count)} {kind}" for kind, count in counts.items() if count) or "No state differs."
    )


def _states(count: int) -> str:
    return "state" if count == 1 else "states"


# -- for programs --


def as_data(found: Difference) -> Mapping[str, Any]:
    """Return plain data: a field that is not there before or after is left out."""
    return {
        "stateMachineArn": found.machine_arn,
        "from": found.before,
        "to": found.after,
        "topLevel": [_field_data(each) for each in found.comparison.top_level],
        "states": [_state_data(each) for each in found.comparison.states],
        "settings": [_field_data(each) for each in found.settings],
        "warnings": [
            {"state": each.state, "message": each.message, "isCertain": each.is_certain} for each in found.loose
        ],
    }


def _state_data(change: StateChange) -> dict[str, Any]:
    fields = [_field_data(each) for each in change.fields]
    return {"path": change.path, "change": str(change.kind), "type": change.type, "fields": fields}


def _field_data(change: FieldChange) -> dict[str, Any]:
    values = {"before": change.before, "after": change.after}
    return {"path": change.path, **{name: value for name, value in values.items() if value is not ABSENT}}
