"""What the AWSAccesses of a cluster say to one rollout."""

from dataclasses import dataclass

from sfn_rollouts.api.access_use import AccessUse


@dataclass(frozen=True, slots=True)
class Ungoverned:
    """There is no AWSAccess in the cluster, and none is required: the operator's own identity does for all."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Exactly one AWSAccess matches."""

    use: AccessUse


@dataclass(frozen=True, slots=True)
class NotGranted:
    """None matches. `is_any`: there are some."""

    is_any: bool


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several match, and nobody chooses: their names in order."""

    names: tuple[str, ...]


UNGOVERNED = Ungoverned()
AccessReading = Ungoverned | Granted | NotGranted | Ambiguous
