"""The alias is not there any more: what went, by evidence, and what to do about it.

AWS answers ResourceNotFound for a deleted alias and for an alias of a deleted state machine. Only a read of the state
machine tells them apart, and where that cannot be had neither may be claimed.
"""

from typing import Any

from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlias
from sfn_rollouts.core.values.readings import Unseen, VersionFound, VersionReading
from sfn_rollouts.core.values.routing import Routing

_WITHOUT_MACHINE = (VersionFound.NO_MACHINE, VersionFound.DELETING)


def machine_of(case: Case) -> VersionFound | Unseen | None:
    """Return what was found of the wanted version since the alias went; None until it has been looked for."""
    fact = case.seen.of(FindVersion(case.spec.version))
    return fact.found if isinstance(fact, VersionReading) else fact


def what_is_gone(case: Case) -> str:
    """Return what is gone, in words. A spec that cannot be understood names neither."""
    alias = f"alias {case.spec.alias}" if case.spec.alias else "the alias"
    machine = f"state machine {case.spec.state_machine_arn}" if case.spec.state_machine_arn else "its state machine"
    match machine_of(case):
        case VersionFound.NO_MACHINE:
            return f"{machine} was deleted, and {alias} with it"
        case VersionFound.DELETING:
            return f"{machine} is being deleted, and {alias} is gone"
        case VersionFound():
            return f"{alias} was deleted; its state machine is there"
        case unseen:
            why = unseen.why if unseen is not None else "it has not been looked for"
            return f"{alias} is gone; whether its state machine was deleted is not known: {why}"


def way_on(case: Case) -> str:
    """What a person does in flight. Versions go with their state machine, so that there is nothing to create it on."""
    if machine_of(case) in _WITHOUT_MACHINE:
        return "its versions went with it: abort, or delete this resource"
    as_left = case.known_routing or Routing.whole(case.stable)
    return f"create the alias as this rollout left it ({as_left}) and it goes on, or abort"


def way_to_try_again(case: Case) -> str:
    """What a person does once the rollout has ended, or is about to."""
    what = "the state machine and the alias" if machine_of(case) in _WITHOUT_MACHINE else "the alias"
    where = "" if machine_of(case) in _WITHOUT_MACHINE else f" on version {case.stable}"
    return f"create {what}{where}, then send retry or change spec.retryToken; or delete this resource"


def looks_at_what_is_gone(case: Case, looks: frozenset[Look[Any]]) -> frozenset[Look[Any]]:
    """The state machine is read until there is an answer, and from then on as often as the alias."""
    machine = machine_of(case)
    is_unknown = machine is None or isinstance(machine, Unseen)
    return looks | {FindVersion(case.spec.version)} if is_unknown or ReadAlias() in looks else looks
