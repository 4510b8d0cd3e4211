"""Who may move what: which AWSAccess matches a rollout, and as whom AWS is called for it. Pure.

Exactly one must match, never the first of several: which one comes first would hang on names or on times.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sfn_rollouts.api.access import AccessSpec, Operator, Requirement, Selector
from sfn_rollouts.api.access_use import AccessUse, SessionTags
from sfn_rollouts.api.status import Status
from sfn_rollouts.core.values.access import AccessReading, Ambiguous, Granted, NotGranted, Ungoverned
from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.identity import OWN, Identity

TAGS = ("sfnrollouts.dev/namespace", "sfnrollouts.dev/rollout")
"""Keys of the session tags, for conditions on aws:PrincipalTag."""


@dataclass(frozen=True, slots=True)
class Access:
    """One AWSAccess."""

    name: str
    spec: AccessSpec

    @property
    def use(self) -> AccessUse:
        """What a rollout remembers of it."""
        spec = self.spec
        return AccessUse(
            name=self.name, role_arn=spec.role_arn, external_id=spec.external_id, session_tags=spec.session_tags
        )


def match(
    accesses: Iterable[Access],
    namespace: str,
    labels: Mapping[str, str] | None,
    alias: AliasArn,
    *,
    is_required: bool,
) -> AccessReading:
    """Return what the accesses say to a rollout of this namespace and alias.

    `labels` are those of the namespace; None: they are not known, and no selector matches. `is_required`: without any
    AWSAccess in the cluster nothing is granted.
    """
    known = tuple(accesses)
    if not known:
        return NotGranted(is_any=False) if is_required else Ungoverned()
    matching = [access for access in known if grants(access.spec, namespace, labels, alias)]
    if not matching:
        return NotGranted(is_any=True)
    if len(matching) > 1:
        return Ambiguous(tuple(sorted(access.name for access in matching)))
    return Granted(matching[0].use)


def grants(spec: AccessSpec, namespace: str, labels: Mapping[str, str] | None, alias: AliasArn) -> bool:
    """Return whether an access lets rollouts of a namespace move an alias."""
    return (
        is_of(spec, namespace, labels)
        and (not spec.aliases or alias.name in spec.aliases)
        and any(names(pattern, str(alias.machine)) for pattern in spec.state_machines)
    )


def is_of(spec: AccessSpec, namespace: str, labels: Mapping[str, str] | None) -> bool:
    """Return whether an access is for a namespace. Names and selector: where both are given, both must hold."""
    who = spec.namespaces
    is_named = who.names is None or namespace in who.names
    return is_named and (who.selector is None or (labels is not None and selects(who.selector, labels)))


def names(pattern: str, arn: str) -> bool:
    """Return whether a pattern names an ARN: part by part between the colons, where `*` ends a part with anything."""
    wanted, given = pattern.split(":"), arn.split(":")
    return len(wanted) == len(given) and all(map(is_part, wanted, given))


def is_part(wanted: str, given: str) -> bool:
    """Return whether one part of a pattern, between colons, names that of an ARN."""
    return given.startswith(wanted[:-1]) if wanted.endswith("*") else wanted == given


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Return whether labels are what a selector asks for, as Kubernetes reads it; an empty one selects all."""
    has_labels = all(labels.get(key) == value for key, value in selector.match_labels.items())
    return has_labels and all(_holds(each, labels) for each in selector.match_expressions)


def identity_in_use(access: AccessReading | None, status: Status, namespace: str, name: str) -> Identity | None:
    """Return as whom AWS is called for a rollout now; None: as nobody, so that nothing is called.

    In flight without a grant that stands it is the access that granted last, so that the way back stays open. What
    began under an access never goes on as the operator itself, whatever becomes of the AWSAccesses.
    """
    if isinstance(access, Granted):
        return identity_of(access.use, namespace, name)
    if status.is_in_flight:
        return identity_of(status.access, namespace, name) if status.access is not None else OWN
    return OWN if isinstance(access, Ungoverned) else None


def identity_of(use: AccessUse, namespace: str, name: str) -> Identity:
    """Return the identity of an access for one rollout: only tags make it another one for each."""
    if not use.role_arn:
        return OWN
    tags = zip(TAGS, (namespace, name), strict=True) if use.session_tags is SessionTags.NAMESPACE else ()
    return Identity(use.role_arn, use.external_id, tuple(tags))


def is_tagged(spec: AccessSpec) -> bool:
    """Whether each rollout has a session of its own."""
    return bool(spec.role_arn) and spec.session_tags is SessionTags.NAMESPACE


def remembered(access: AccessReading | None, status: Status) -> AccessUse | None:
    """Return what the status shall remember: the grant that stands, in flight the one that stood last."""
    if isinstance(access, Granted):
        return access.use
    return status.access if access is None or status.is_in_flight else None


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """As Kubernetes: NotIn holds also where the label is not there."""
    value = labels.get(requirement.key)
    if requirement.operator is Operator.IN:
        return value is not None and value in requirement.values
    if requirement.operator is Operator.NOT_IN:
        return value is None or value not in requirement.values
    return (value is not None) is (requirement.operator is Operator.EXISTS)
