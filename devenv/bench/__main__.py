"""`python -m devenv.bench [--sizes 1,100,1000] [--seconds 60] [--only judged]`: prints Markdown tables."""

import argparse
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devenv.aws.server import AwsEmulator
from devenv.bench import judged
from devenv.bench.measure import Beginning, Reaction, Steady, beginning, reactions, steady, summary
from devenv.bench.scene import CRDS, POLL_S, UNCHECKED, Subject, apply, publish, wait_for
from devenv.bench.startup import COMMANDS, RUNS, Startup, startups
from devenv.control_plane import ControlPlane, Kubectl, ensure_binaries, install_crds
from devenv.operator_process import OperatorProcess

STEPS = {"steps": [{"setWeight": 10}, {"pause": {"duration": "12h"}}]}
NAMESPACE, IDLE_NAMESPACE = "bench", "bench-idle"
ALARMS_FIRED = 20


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    rollouts: int
    begun: Mapping[str, Beginning]
    watching: Steady
    reactions: Sequence[Reaction]
    finished: Steady | None
    plugin: Mapping[str, Startup]


def main(arguments: list[str] | None = None) -> int:
    """Measure each size in a control plane, an emulator and an operator of its own."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--sizes", default="1,100,1000", help="numbers of rollouts, separated by commas")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each steady stretch lasts")
    parser.add_argument("--only", choices=("sizes", "judged"), help="measure only this part")
    options = parser.parse_args(arguments)
    ensure_binaries()
    print(f"Measured {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}.")
    if options.only != "judged":
        print(report([measure(int(size), options.seconds) for size in options.sizes.split(",")]))
    if options.only != "sizes":
        print(judged.report(judged.watched(say), judged.alone()))
    return 0


def measure(size: int, seconds: float) -> Result:
    """Bring `size` rollouts into flight, watch them, fire alarms, then watch as many finished ones."""
    with ControlPlane() as control_plane, AwsEmulator() as emulator:
        kubectl = control_plane.as_admin()
        install_crds(kubectl, CRDS)
        kubectl("create", "namespace", NAMESPACE)
        say(f"{size}: publishing machines")
        subjects = publish(emulator.url, size)
        with OperatorProcess(control_plane, emulator.client, namespaces=(NAMESPACE,)) as operator:
            operator.wait_ready()
            # Half of them without preflight, so that what it adds is a ratio within one run.
            half = size // 2
            begun = {
                words: _begun(kubectl, emulator, operator, part, spec)
                for words, part, spec in (("Off", subjects[:half], UNCHECKED), ("Warn", subjects[half:], {}))
                if part
            }
            say(f"{size}: in flight; watching for {seconds:.0f} s")
            watching = steady(emulator.client, operator.pid, operator.health_url, seconds)
            fired = subjects[:: max(len(subjects) // ALARMS_FIRED, 1)][:ALARMS_FIRED]
            say(f"{size}: firing {len(fired)} alarms")
            seen = reactions(fired, gap_s=POLL_S / ALARMS_FIRED)
        finished = _finished(control_plane, emulator, subjects, seconds)
        plugin = startups(kubectl)
    return Result(size, begun, watching, seen, finished, plugin)


def _begun(
    kubectl: Kubectl,
    emulator: AwsEmulator,
    operator: OperatorProcess,
    subjects: Sequence[Subject],
    spec: dict[str, Any],
) -> Beginning:
    def begin() -> None:
        apply(kubectl, [subject.manifest(2, STEPS, NAMESPACE, **spec) for subject in subjects])
        wait_for(
            kubectl, NAMESPACE, lambda status: status.get("weight") == 10, f"{len(subjects)} rollouts more in flight"
        )

    return beginning(emulator.client, operator.pid, operator.health_url, len(subjects), begin)


def _finished(
    control_plane: ControlPlane, emulator: AwsEmulator, subjects: Sequence[Subject], seconds: float
) -> Steady:
    """See what an idle operator does with as many rollouts that are done, in a namespace of their own."""
    kubectl, size = control_plane.as_admin(), len(subjects)
    for subject in subjects:
        subject.aws.update_alias(subject.alias, {1: 100})
    kubectl("create", "namespace", IDLE_NAMESPACE)
    with OperatorProcess(control_plane, emulator.client, namespaces=(IDLE_NAMESPACE,)) as operator:
        operator.wait_ready()
        apply(kubectl, [subject.manifest(1, STEPS, IDLE_NAMESPACE) for subject in subjects])
        wait_for(
            kubectl, IDLE_NAMESPACE, lambda status: status.get("phase") == "Succeeded", f"{size} finished rollouts"
        )
        say(f"{size}: finished; idle for {seconds:.0f} s")
        return steady(emulator.client, operator.pid, operator.health_url, seconds)


def report(results: Sequence[Result]) -> str:
    """Return the tables."""
    head = f"Two alarms a rollout, polled every {POLL_S} s."
    rows = [
        "| rollouts begun | preflight | CPU ms each | AWS calls each | status writes each |",
        "|---|---|---|---|---|",
        *(_begun_row(words, begun) for result in results for words, begun in result.begun.items()),
        "",
        _WATCHING_HEAD,
        "|---|---|---|---|---|---|---|---|",
        *(_watching_row(result) for result in results),
        "",
        "| rollouts finished | CPU s a minute | resident MiB | AWS calls a minute | status writes a minute |",
        "|---|---|---|---|---|",
        *(_finished_row(result) for result in results if result.finished is not None),
        "",
        "| rollouts in the cluster | "
        + " | ".join(f"`kubectl sfnrollout {name}`, ms (wall / CPU)" for name in COMMANDS)
        + " |",
        "|---|" + "---|" * len(COMMANDS),
        *(_plugin_row(result) for result in results),
        "",
        f"Of the plugin the median of {RUNS} runs each, kubectl included.",
    ]
    return "\n".join([head, "", *rows])


_WATCHING_HEAD = (
    "| rollouts in flight | alarm to restored alias, s (median / max) | beyond the poll, s (median / max) "
    "| CPU s a minute | CPU ms per rollout-minute | resident MiB | AWS calls a minute | status writes a minute |"
)


def _begun_row(preflight: str, begun: Beginning) -> str:
    calls = ", ".join(f"{name} {count / begun.rollouts:.1f}" for name, count in sorted(begun.calls.items()))
    cpu_ms, writes = begun.cpu_s / begun.rollouts * 1000, begun.status_writes / begun.rollouts
    return f"| {begun.rollouts} | {preflight} | {cpu_ms:.0f} | {calls} | {writes:.1f} |"


def _watching_row(result: Result) -> str:
    watching = result.watching
    since_alarm = summary([item.since_alarm_s for item in result.reactions])
    since_poll = summary([item.since_poll_s for item in result.reactions])
    cpu = watching.cpu_s / watching.minutes
    return (
        f"| {result.rollouts} | {since_alarm} | {since_poll} | {cpu:.2f} | {cpu / result.rollouts * 1000:.1f} "
        f"| {watching.resident_mib:.0f} | {_calls(watching)} | {watching.status_writes / watching.minutes:.1f} |"
    )


def _finished_row(result: Result) -> str:
    idle = result.finished
    if idle is None:
        return ""
    return (
        f"| {result.rollouts} | {idle.cpu_s / idle.minutes:.2f} | {idle.resident_mib:.0f} | {_calls(idle)} "
        f"| {idle.status_writes / idle.minutes:.1f} |"
    )


def _plugin_row(result: Result) -> str:
    cells = (f"{each.wall_ms:.0f} / {each.cpu_ms:.0f}" for each in result.plugin.values())
    return f"| {2 * result.rollouts} | {' | '.join(cells)} |"


def _calls(stretch: Steady) -> str:
    return ", ".join(f"{name} {count / stretch.minutes:.1f}" for name, count in sorted(stretch.calls.items())) or "none"


def say(text: str) -> None:
    """What is under way, for who waits."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
