"""Every situation a rollout can be in, and what each tool makes of it: the one table. docs/gitops.md shows it.

How a situation comes about is said by the core itself: a world around `decide`, with a fake clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sfn_rollouts.core.decide import hold_after_error
from sfn_rollouts.core.values.conditions import condition
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.rollout import Rollout
from tests.core.specs import APPROVAL
from tests.core.test_kstatus import TABLE, access_denied, approval, baking, promoted, shifting
from tests.core.world import START, World

Resource = dict[str, Any]
BEHIND = "Waiting for the operator to see this generation"


@dataclass(frozen=True)
class Row:
    """One situation. `waits` are the conditions for which `kubectl wait` ends; the rest it waits for until its timeout.

    `flux` is the verdict of a Kustomization with `wait: true`, `flux_pause` of one for which a pause counts as done.
    """

    make: Callable[[], World]
    argo: str
    flux: str
    waits: frozenset[str] = frozenset()
    flux_pause: str = ""
    generations_behind: int = 0
    is_deleting: bool = False

    @property
    def flux_if_a_pause_counts(self) -> str:
        return self.flux_pause or self.flux

    def resource(self, name: str = "order-processor") -> Resource:
        """As the API server would give it."""
        world = self.make()
        metadata = {"name": name, "generation": world.generation + self.generations_behind, "resourceVersion": "7"}
        deleting = {"deletionTimestamp": "2026-11-21T12:00:00Z"} if self.is_deleting else {}
        return {"metadata": metadata | deleting, "spec": world.raw, "status": world.status.to_resource()}


def unseen() -> World:
    return World()


def paused_before_the_start() -> World:
    world = World(paused=True)
    world.settle()
    return world


def paused_by_command() -> World:
    world = shifting()
    world.say("pause")
    return world


def paused_in_the_bake() -> World:
    world = baking()
    world.edit(paused=True)
    return world


def promoted_in_full() -> World:
    world = shifting()
    world.say("promote-full")
    return world


def not_approved_in_time() -> World:
    world = World(strategy={"steps": [{"setWeight": 20}, {"pause": {"timeout": "1h"}}]})
    world.advance(3600)
    return world


def past_the_approval() -> World:
    world = approval()
    world.say("promote", step=world.status.step_index)
    return world


def adopted() -> World:
    world = World(driftPolicy="Adopt")
    world.settle()
    world.advance(1000)
    world.route(3)
    world.advance(1000)
    return world


def drift_held_at_rest() -> World:
    world = promoted()
    world.route(3)
    world.advance(1000)
    return world


def fixed() -> World:
    """What was denied is allowed, and it goes on by itself."""
    world = access_denied()
    world.troubles.clear()
    world.advance(400)
    return world


def internal_error() -> World:
    world = shifting()
    rollout = Rollout(world.generation, None, world.status, START)  # type: ignore[arg-type] - whatever it choked on
    world.status = hold_after_error(rollout, "KeyError", world.now).status
    return world


def retried() -> World:
    world = shifting()
    world.say("abort")
    world.say("retry")
    return world


def held_before_approval() -> World:
    """A person pauses where the plan waits for a person anyway."""
    world = World(strategy=APPROVAL)
    world.settle()
    world.say("pause")
    return world


def new_alias() -> World:
    """There is none yet, and AWS lets it wait."""
    world = World(alias=None)
    world.troubles["write"] = Trouble.TRANSIENT
    world.settle()
    return world


def put_back() -> World:
    """Somebody else routed the alias at rest, and driftPolicy says to put it back."""
    world = World(driftPolicy="Reassert")
    world.settle()
    world.advance(1000)
    world.troubles["write"] = Trouble.TRANSIENT
    world.route(3)
    world.advance(700)
    return world


def spec_broken_in_flight() -> World:
    world = shifting()
    world.edit(version=0)
    return world


def spec_fixed() -> World:
    world = spec_broken_in_flight()
    world.edit(version=2)
    return world


ALL_DONE = frozenset({"Ready", "Promoted"})
GAVE_UP = frozenset({"Stalled"})
HELD = frozenset({"Paused"})
AT_A_GATE = frozenset({"AwaitingApproval"})


def moving(make: Callable[[], World] | str) -> Row:
    return Row(_maker(make), "Progressing", "InProgress")


def waiting_for_a_person(make: Callable[[], World] | str) -> Row:
    return Row(_maker(make), "Suspended", "InProgress", HELD, flux_pause="Current")


def done(make: Callable[[], World] | str) -> Row:
    return Row(_maker(make), "Healthy", "Current", ALL_DONE)


def given_up(make: Callable[[], World] | str) -> Row:
    return Row(_maker(make), "Degraded", "Failed", GAVE_UP)


def _maker(make: Callable[[], World] | str) -> Callable[[], World]:
    return TABLE[make][0] if isinstance(make, str) else make


ROWS: dict[str, Row] = {
    "created, not yet seen by the operator": moving(unseen),
    "accepted, reading alias, version and alarms": moving("accepted, resolving"),
    "accepted, AWS does not answer": moving("accepted, AWS does not answer"),
    "an alarm fires at the start": moving("alarm firing at the start"),
    "paused before the start": waiting_for_a_person(paused_before_the_start),
    "a new alias is being made": moving(new_alias),
    "traffic is moving": moving("shifting"),
    "AWS throttles or fails in flight": moving("AWS fails in flight"),
    "waiting for approval": replace(
        waiting_for_a_person("waiting for approval"), waits=frozenset({"AwaitingApproval"})
    ),
    "paused by spec.paused": waiting_for_a_person("paused"),
    "paused by command": waiting_for_a_person(paused_by_command),
    "paused while waiting for approval": waiting_for_a_person(held_before_approval),
    "approved, going on": moving(past_the_approval),
    "promoted to 100 % by command": moving(promoted_in_full),
    "baking": moving("baking"),
    "paused in the bake": waiting_for_a_person(paused_in_the_bake),
    "all traffic on target, bake done": done("all traffic on target, bake done"),
    "nothing to do": done("nothing to do"),
    "rerouted by somebody else, adopted": replace(done(adopted), waits=frozenset({"Ready"})),
    "a new generation, not yet seen by the operator": Row(promoted, "Progressing", "InProgress", generations_behind=1),
    "going back": moving("rolling back"),
    "rolled back by an alarm": given_up("rolled back by an alarm"),
    "aborted by a person": given_up("aborted"),
    "not approved in time": given_up(not_approved_in_time),
    "progress deadline exceeded": given_up("deadline exceeded"),
    "the rollback itself fails": given_up("rollback failed"),
    "tried again": moving(retried),
    "spec invalid": given_up("spec invalid"),
    "spec became invalid in flight, went back": given_up(spec_broken_in_flight),
    "spec fixed after that": given_up(spec_fixed),
    "version, machine or alias missing": given_up("version missing"),
    "AWS refuses at the start": given_up("access denied"),
    "AWS refuses in flight": given_up("AWS refuses in flight"),
    "fixed, going on by itself": moving(fixed),
    "nobody evaluates an alarm at the start": moving("alarm unevaluated at the start"),
    "nobody evaluates an alarm in flight": moving("alarm unevaluated in flight"),
    "an alarm is missing at the start": given_up("alarm missing at the start"),
    "preflight fails at the start": given_up("preflight failed at the start"),
    "preflight fails in flight": given_up("preflight failed in flight"),
    "the judge finds it worse, went back": given_up("found worse by its executions"),
    "the judge finds it worse, held": given_up("found worse, held"),
    "the judge finds it slower, went back": given_up("found slower by its executions"),
    "the judge finds it slower, held": given_up("found slower, held"),
    "starts are not split as the alias says, held": moving("skewed, held"),
    "the judge suspects it, held": moving("suspect, held"),
    "requireNotWorse and not enough is known, held": moving("not known to be no worse, held"),
    "its executions cannot be read, held": moving("judged by nobody"),
    "the alias was split by somebody else": given_up("alias split by somebody else"),
    "a split that was found is taken over": moving("a split taken over"),
    "drift held in flight": given_up("drift held in flight"),
    "the alias is deleted in flight": given_up("alias deleted in flight"),
    "the state machine is deleted in flight": given_up("state machine deleted in flight"),
    "the alias is deleted in flight, aborted": given_up("alias deleted in flight, aborted"),
    "the state machine is created again": moving("state machine created again"),
    "drift at rest, being put back": moving(put_back),
    "drift held at rest": given_up(drift_held_at_rest),
    "the state machine is in another account": given_up("another account"),
    "the region is not known": given_up("an unknown region"),
    "an older resource has the alias": given_up("an older rival"),
    "the operator itself failed on it": given_up(internal_error),
    "being deleted": Row(shifting, "Progressing", "Terminating", flux_pause="InProgress", is_deleting=True),
}


def cells_of(situation: str, row: Row) -> tuple[str, ...]:
    """One line of the table as docs/gitops.md shows it."""
    status = row.make().status
    ready = condition(status, "Ready")
    return (
        situation,
        status.phase or "-",
        f"{ready.status} {ready.reason}" if ready is not None else "-",
        next((kind for kind in ("Reconciling", "Stalled") if condition(status, kind) is not None), "-"),
        row.flux,
        row.flux_if_a_pause_counts,
        row.argo,
        ", ".join(sorted(row.waits)) or "-",
    )


HEADINGS = (
    *("situation", "phase", "Ready", "also True", "Flux, `wait: true`", "Flux, a pause counts", "Argo CD"),
    "`kubectl wait` ends for",
)


def as_markdown() -> str:
    """The table between its two markers."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(cells_of(*each) for each in ROWS.items())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
