"""Which AWSAccess lets a rollout move its alias, why the others do not, and what would.

Belongs here: the answers of `core.granting`, part by part and in words, also where part of the cluster may not be read.
Does not belong here: who matches (`core.granting`), reading the cluster or how it looks (`plugin`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sfn_rollouts.api.access import AccessSpec, AccessStatus, Operator, Requirement, Selector
from sfn_rollouts.api.access_use import SessionTags
from sfn_rollouts.api.dns_names import LONGEST_SUBDOMAIN
from sfn_rollouts.api.kinds import ACCESS, API_VERSION
from sfn_rollouts.api.problems import SpecError
from sfn_rollouts.api.resource import parse_access, parse_access_status
from sfn_rollouts.api.status import Condition
from sfn_rollouts.core.granting import is_of, is_part, names
from sfn_rollouts.core.values.arn import AliasArn, StateMachineArn
from sfn_rollouts.explain.rollout import ACCESS_LACKING, AccessInUse, Rollout
from sfn_rollouts.printable import one_line

ROLE = "ROLE"
"""Stands for the name of a role that somebody has to fill in."""

Labels = Mapping[str, str]

_PARTS = ("scheme", "partition", "service", "region", "account", "type", "name")
_SAID_BEFORE_ACCESS = ("", "Initializing", "InvalidSpec", "InternalError")
"""Reasons of Ready that say nothing of AWSAccess: it is asked for after these."""
_LISTED = 5


class Verdict(StrEnum):
    """What the AWSAccesses say to a rollout. REVOKED: in flight, not granted any more; UNGOVERNED: there are none."""

    GRANTED = "Granted"
    NOT_GRANTED = "NotGranted"
    AMBIGUOUS = "Ambiguous"
    REVOKED = "Revoked"
    UNGOVERNED = "Ungoverned"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """An AWSAccess as the API server has it. `spec` is why it is refused, where it is: then it grants nothing."""

    name: str
    spec: AccessSpec | str
    status: AccessStatus

    @classmethod
    def from_resource(cls, raw: Mapping[str, Any]) -> "AccessSeen":
        """Parse one; its metadata must have a name."""
        return cls(one_line(raw["metadata"]["name"]), _spec(raw), parse_access_status(raw.get("status")))

    @property
    def ready(self) -> Condition | None:
        """Whether its role can be assumed, as the operator found."""
        return next((each for each in self.status.conditions if each.type == "Ready"), None)

    @property
    def use(self) -> AccessInUse:
        """As a rollout remembers it."""
        if isinstance(self.spec, str):
            return AccessInUse(self.name)
        spec = self.spec
        return AccessInUse(self.name, one_line(spec.role_arn), one_line(spec.external_id), spec.session_tags)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three that must match, or not, and how; None: that cannot be determined."""

    matches: bool | None
    message: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """An access and a rollout, part by part; without parts the access cannot be read and grants nothing."""

    access: AccessSeen
    parts: Mapping[str, Part]

    @property
    def matches(self) -> bool | None:
        """Whether it lets the rollout move its alias; None: that cannot be determined."""
        found = [each.matches for each in self.parts.values()]
        if not found or False in found:
            return False
        return None if None in found else True

    @property
    def nearness(self) -> int:
        """How many parts match."""
        return sum(each.matches is True for each in self.parts.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one rollout. `used`: by which access AWS is called, also for the way back alone.

    `account`: that of the calls, as far as known. `comparisons`, the nearest first, is None where the AWSAccesses may
    not be listed: then the verdict is what the rollout's own status says. So it is where `by_status` is true.
    """

    rollout: Rollout
    alias: AliasArn | None
    verdict: Verdict
    used: AccessInUse | None
    account: str
    message: str
    comparisons: Sequence[Comparison] | None
    by_status: bool

    @property
    def is_granted(self) -> bool:
        """Exactly one AWSAccess matches."""
        return self.verdict is Verdict.GRANTED

    @property
    def may_move(self) -> bool:
        """Nothing of the AWSAccesses keeps it from moving its alias."""
        return self.verdict in (Verdict.GRANTED, Verdict.UNGOVERNED)

    @property
    def manifest(self) -> dict[str, Any] | None:
        """An AWSAccess that would grant it, where nothing does."""
        lacking = (Verdict.NOT_GRANTED, Verdict.REVOKED, Verdict.UNGOVERNED)
        if self.alias is None or self.verdict not in lacking:
            return None
        taken = {each.access.name for each in self.comparisons or ()}
        if self.used is not None:
            taken.add(self.used.name)
        return manifest(self.rollout, self.alias, self.used, taken)


def standing(rollout: Rollout, accesses: Sequence[AccessSeen] | None, labels: Labels | None) -> Standing:
    """Return how a rollout stands; where what is given leaves it open, its own status decides.

    `accesses` None: they may not be listed. `labels` are those of its namespace; None: they may not be read.
    """
    alias = _alias(rollout)
    compared = _compared(rollout, alias, accesses, labels)
    verdict = _verdict(rollout, compared) if compared is not None else None
    by_status = verdict is None
    verdict = verdict or _verdict_of_status(rollout)
    granting = [each.access for each in compared or () if each.matches]
    used = granting[0].use if verdict is Verdict.GRANTED and granting else rollout.access
    if verdict is Verdict.UNGOVERNED or (verdict is not Verdict.GRANTED and not rollout.is_in_flight):
        used = None
    return Standing(
        rollout=rollout,
        alias=alias,
        verdict=verdict,
        used=used,
        account=_account(used, accesses or ()),
        message=_message(rollout, verdict, used, granting, is_any=accesses is None or bool(accesses)),
        comparisons=compared,
        by_status=by_status,
    )


def compare(spec: AccessSpec, namespace: str, labels: Labels | None, alias: AliasArn) -> dict[str, Part]:
    """Return how namespace, state machine and alias match. `labels` None: those of the namespace are not known.

    All three match exactly where `core.granting.grants` says that the access grants.
    """
    return {
        "namespace": _namespace(spec, namespace, labels),
        "state machine": _machine(spec, str(alias.machine)),
        "alias": _alias_part(spec, alias.name),
    }


def manifest(rollout: Rollout, alias: AliasArn, used: AccessInUse | None, taken: Iterable[str]) -> dict[str, Any]:
    """Return an AWSAccess that grants this rollout and no more, under a name that is not taken.

    Its role is that of the access under which the rollout goes on, or has ROLE in place of its name.
    """
    machine = alias.machine
    role = f"arn:{machine.partition}:iam::{machine.account}:role/{ROLE}"
    fields = {
        "roleArn": role if used is None else used.role_arn,
        "externalId": "" if used is None else used.external_id,
        "sessionTags": used.session_tags if used is not None and used.session_tags != SessionTags.NONE else "",
    }
    spec = {
        "namespaces": {"names": [rollout.namespace]},
        "stateMachines": [str(machine)],
        "aliases": [alias.name],
        **{name: value for name, value in fields.items() if value},
    }
    name = next(each for each in _names(rollout) if each not in set(taken))
    return {"apiVersion": API_VERSION, "kind": ACCESS.name, "metadata": {"name": name}, "spec": spec}


# -- the verdict --


def _verdict(rollout: Rollout, compared: Sequence[Comparison]) -> Verdict | None:
    """Return what the accesses say; None: what may not be read decides."""
    matching = sum(each.matches is True for each in compared)
    if matching > 1:
        return Verdict.AMBIGUOUS
    if any(each.matches is None for each in compared):
        return None
    if matching == 1:
        return Verdict.GRANTED
    is_required = rollout.reason == "AccessNotGranted" and rollout.is_observed
    if not compared and not is_required and not (rollout.is_in_flight and rollout.access is not None):
        return Verdict.UNGOVERNED
    return _refused(rollout)


def _verdict_of_status(rollout: Rollout) -> Verdict:
    """As the operator last wrote; on the way back it does not say whether the access still grants."""
    if not rollout.is_observed or rollout.reason in _SAID_BEFORE_ACCESS:
        return Verdict.UNKNOWN
    if rollout.reason == "AccessAmbiguous":
        return Verdict.AMBIGUOUS
    if rollout.reason in ACCESS_LACKING:
        return _refused(rollout)
    if rollout.access is not None:
        return Verdict.UNKNOWN if rollout.phase == "RollingBack" else Verdict.GRANTED
    return Verdict.UNGOVERNED


def _refused(rollout: Rollout) -> Verdict:
    return Verdict.REVOKED if rollout.is_in_flight else Verdict.NOT_GRANTED


def _message(
    rollout: Rollout, verdict: Verdict, used: AccessInUse | None, granting: Sequence[AccessSeen], *, is_any: bool
) -> str:
    match verdict:
        case Verdict.GRANTED:
            return f"AWSAccess {used.name} lets it move its alias" if used is not None else ""
        case Verdict.NOT_GRANTED if not is_any:
            return "there is no AWSAccess in the cluster, and the operator requires one (--require-access)"
        case Verdict.NOT_GRANTED:
            return "no AWSAccess lets its namespace move its alias"
        case Verdict.AMBIGUOUS:
            several = _some(sorted(each.name for each in granting)) or "several AWSAccesses"
            return f"{several} match, and exactly one must: narrow all but one{_way_back(rollout, used)}"
        case Verdict.REVOKED:
            return f"no AWSAccess lets it go on: no further step{_way_back(rollout, used)}"
        case Verdict.UNGOVERNED:
            return "there is no AWSAccess in the cluster: the operator calls AWS by its own identity"
        case Verdict.UNKNOWN:
            return "what lets it move its alias cannot be determined"


def _way_back(rollout: Rollout, used: AccessInUse | None) -> str:
    if not rollout.is_in_flight:
        return ""
    return f"; it can go back by {f'AWSAccess {used.name}' if used is not None else 'the identity of the operator'}"


def _account(used: AccessInUse | None, accesses: Iterable[AccessSeen]) -> str:
    """Return that of the role, else what the operator found for its own identity."""
    if used is None or used.account:
        return used.account if used is not None else ""
    return next((one_line(each.status.account or "") for each in accesses if each.name == used.name), "")


# -- one access --


def _compared(
    rollout: Rollout, alias: AliasArn | None, accesses: Sequence[AccessSeen] | None, labels: Labels | None
) -> Sequence[Comparison] | None:
    if accesses is None:
        return None
    found = [Comparison(each, _parts(each, rollout.namespace, labels, alias)) for each in accesses]
    return sorted(found, key=lambda each: (each.matches is False, -each.nearness, each.access.name))


def _parts(access: AccessSeen, namespace: str, labels: Labels | None, alias: AliasArn | None) -> Mapping[str, Part]:
    if alias is None or isinstance(access.spec, str):
        return {}
    return compare(access.spec, namespace, labels, alias)


def _namespace(spec: AccessSpec, namespace: str, labels: Labels | None) -> Part:
    who = spec.namespaces
    if who.names is not None and namespace not in who.names:
        return Part(False, one_line(f"{namespace} is not {_among(who.names)}"))
    if who.selector is None:
        return Part(is_of(spec, namespace, labels), f"{namespace} is named")
    selected = one_line(_written(who.selector))
    if labels is None:
        return Part(None, f"the labels of {namespace} may not be read; the selector is {selected}")
    does_match = is_of(spec, namespace, labels)
    return Part(does_match, f"{namespace} {'has' if does_match else 'does not have'} the labels: {selected}")


def _machine(spec: AccessSpec, arn: str) -> Part:
    matching = next((each for each in spec.state_machines if names(each, arn)), None)
    if matching is not None:
        return Part(True, one_line(f"{matching} names it"))
    nearest = min(spec.state_machines, key=lambda each: len(_different(each, arn)))
    different, count = _different(nearest, arn), len(spec.state_machines)
    *first, last = different
    what = f"{', '.join(first)} and {last} are not those" if first else f"its {last} is not that"
    more = f", the nearest of {count}" if count > 1 else ""
    return Part(False, one_line(f"{what} of {nearest}{more}"))


def _different(pattern: str, arn: str) -> tuple[str, ...]:
    """Which parts of an ARN a pattern does not name."""
    pairs = zip(_PARTS, pattern.split(":"), arn.split(":"), strict=False)
    return tuple(name for name, wanted, given in pairs if not is_part(wanted, given)) or ("form",)


def _alias_part(spec: AccessSpec, alias: str) -> Part:
    if not spec.aliases:
        return Part(True, "any alias")
    does_match = alias in spec.aliases
    return Part(does_match, one_line(f"{alias} is named" if does_match else f"{alias} is not {_among(spec.aliases)}"))


def _written(selector: Selector) -> str:
    """Write a selector as kubectl takes it."""
    labels = (f"{key}={value}" for key, value in selector.match_labels.items())
    return ",".join([*labels, *map(_requirement, selector.match_expressions)]) or "any"


def _requirement(requirement: Requirement) -> str:
    match requirement.operator:
        case Operator.IN:
            return f"{requirement.key} in ({','.join(requirement.values)})"
        case Operator.NOT_IN:
            return f"{requirement.key} notin ({','.join(requirement.values)})"
        case Operator.EXISTS:
            return requirement.key
        case Operator.DOES_NOT_EXIST:
            return f"!{requirement.key}"


def _among(given: Sequence[str]) -> str:
    return given[0] if len(given) == 1 else f"among {_some(given)}"


def _some(given: Sequence[str]) -> str:
    more = f" and {len(given) - _LISTED} more" if len(given) > _LISTED else ""
    return f"{', '.join(given[:_LISTED])}{more}"


def _spec(raw: Mapping[str, Any]) -> AccessSpec | str:
    try:
        return parse_access(raw.get("spec"))
    except SpecError as error:
        return one_line(str(error), longest=1024)


def _alias(rollout: Rollout) -> AliasArn | None:
    try:
        return StateMachineArn.parse(rollout.machine_arn).alias(rollout.alias)
    except ValueError:
        return None


def _names(rollout: Rollout) -> Iterator[str]:
    """Names for an access of this rollout alone, the plainest first."""
    base = f"{rollout.namespace}-{rollout.name}"
    yield base[:LONGEST_SUBDOMAIN].rstrip("-.")
    number = 2
    while True:
        ending = f"-{number}"
        yield base[: LONGEST_SUBDOMAIN - len(ending)].rstrip("-.") + ending
        number += 1
