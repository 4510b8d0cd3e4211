"""What a judged rollout costs beside one that is not: the same traffic, an operator of its own for each kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.aws.server import AwsEmulator
from devenv.bench.measure import Beginning, Steady, beginning, steady
from devenv.bench.scene import CRDS, UNCHECKED, Subject, apply, publish, wait_for
from devenv.control_plane import ControlPlane, install_crds
from devenv.judge_bench import listed
from devenv.operator_process import OperatorProcess
from sfn_rollouts.analysis import LOOK_EVERY_S

EXECUTIONS = 100_000
BAR_MS = 50
"""What the judge may take for a rollout of so many executions, beside the calls."""

LOOKS = 6
_WORLDS = ((20, 3_600), (1, 200_000))
"""(rollouts, starts an hour of each): a region's, and one with `EXECUTIONS` in half an hour."""
_STEPS = {"steps": [{"setWeight": 10}, {"pause": {"duration": "30m"}}]}
_OUTCOMES = {1: (0.01, 1.0), 2: (0.01, 1.0)}
_PAST_S = 600.0


@dataclass(frozen=True)
class Kind:
    """Rollouts of one kind, begun and then watched for some looks."""

    rollouts: int
    starts_per_hour: int
    is_judged: bool
    begun: Beginning
    watching: Steady


@dataclass(frozen=True)
class Alone:
    """The judge in this process, from AWS's pages to the verdict: the quickest of a few runs."""

    has_durations: bool
    cpu_ms: float


def watched(say: Callable[[str], None]) -> Sequence[Kind]:
    """Begin and watch rollouts of each kind, one kind after the other."""
    with ControlPlane() as control_plane, AwsEmulator() as emulator:
        install_crds(control_plane.as_admin(), CRDS)
        subjects = iter(publish(emulator.url, 2 * sum(rollouts for rollouts, _ in _WORLDS)))
        kinds = []
        for rollouts, starts_per_hour in _WORLDS:
            for is_judged in (False, True):
                say(f"{rollouts} with {starts_per_hour} starts an hour, {_words(is_judged)}, {LOOKS} looks")
                some = [next(subjects) for _ in range(rollouts)]
                begun, watching = _watched(control_plane, emulator, some, starts_per_hour, is_judged=is_judged)
                kinds.append(Kind(rollouts, starts_per_hour, is_judged, begun, watching))
    return kinds


def alone() -> Sequence[Alone]:
    """Judge `EXECUTIONS` without any process beside."""
    return [Alone(each, min(listed.cpu_ms(has_durations=each, executions=EXECUTIONS))) for each in (False, True)]


def _watched(
    control_plane: ControlPlane,
    emulator: AwsEmulator,
    subjects: Sequence[Subject],
    starts_per_hour: int,
    *,
    is_judged: bool,
) -> tuple[Beginning, Steady]:
    kubectl, namespace = control_plane.as_admin(), f"bench-{subjects[0].name}"
    spec = UNCHECKED | ({"analysis": {}} if is_judged else {})
    kubectl("create", "namespace", namespace)
    for subject in subjects:
        subject.aws.set_traffic(
            subject.alias, starts_per_hour=float(starts_per_hour), outcomes=_OUTCOMES, spread=0.8, past_s=_PAST_S
        )

    def is_under_way(status: dict[str, Any]) -> bool:
        analysis = status.get("analysis") or {}
        return status.get("weight") == 10 and ("lookedAt" in analysis or not is_judged)

    def begin() -> None:
        apply(kubectl, [subject.manifest(2, _STEPS, namespace, **spec) for subject in subjects])
        wait_for(kubectl, namespace, is_under_way, f"{len(subjects)} rollouts, {_words(is_judged)}")

    with OperatorProcess(control_plane, emulator.client, namespaces=(namespace,)) as operator:
        operator.wait_ready()
        begun = beginning(emulator.client, operator.pid, operator.health_url, len(subjects), begin)
        watching = steady(emulator.client, operator.pid, operator.health_url, LOOKS * LOOK_EVERY_S)
    for subject in subjects:
        subject.aws.set_traffic(subject.alias, starts_per_hour=0.0)
    return begun, watching


def report(kinds: Sequence[Kind], alone_here: Sequence[Alone]) -> str:
    """Return the tables."""
    rows = [
        _KIND_HEAD,
        "|---|---|---|---|---|---|---|---|",
        *map(_kind_row, kinds),
        "",
        f"| judged in process | CPU ms for {EXECUTIONS:,} executions | may take | a look |",
        "|---|---|---|---|",
        *map(_alone_row, alone_here),
    ]
    return "\n".join(["", *rows])


_KIND_HEAD = (
    "| rollouts in flight | starts an hour of each | analysis | to begin, CPU ms each | CPU ms per rollout and 30 s "
    "| AWS calls per rollout and minute | status writes per rollout and minute | resident MiB |"
)


def _kind_row(kind: Kind) -> str:
    watching, rollouts = kind.watching, kind.rollouts
    each_look_ms = 1000 * watching.cpu_s / rollouts / (60 * watching.minutes / LOOK_EVERY_S)
    each_minute = rollouts * watching.minutes
    calls = ", ".join(f"{name} {count / each_minute:.2f}" for name, count in sorted(watching.calls.items()))
    return (
        f"| {rollouts} | {kind.starts_per_hour:,} | {_words(kind.is_judged)} "
        f"| {1000 * kind.begun.cpu_s / rollouts:.0f} | {each_look_ms:.1f} | {calls or 'none'} "
        f"| {watching.status_writes / each_minute:.2f} | {watching.resident_mib:.0f} |"
    )


def _alone_row(judge: Alone) -> str:
    words = "with durations" if judge.has_durations else "failures only"
    return f"| {words} | {judge.cpu_ms:.0f} | {BAR_MS} | {judge.cpu_ms / listed.LOOKS:.1f} |"


def _words(is_judged: bool) -> str:
    return "`{}`" if is_judged else "none"
