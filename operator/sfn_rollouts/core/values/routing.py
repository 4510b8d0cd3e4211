"""Where an alias sends new executions: one version, or two by weight."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Routing:
    """Shares of an alias, in percent. Cannot hold three versions, none, or a sum other than 100.

    Entries of weight 0 are dropped and the order does not count: AWS's `[{1: 100}, {2: 0}]` is the same routing as
    `[{1: 100}]`. `entries` is ((version, weight), ...) by version number.
    """

    entries: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        kept = tuple(sorted((version, weight) for version, weight in self.entries if weight))
        versions = {version for version, _ in kept}
        if len(kept) not in (1, 2) or len(versions) != len(kept) or sum(weight for _, weight in kept) != 100:
            raise ValueError(f"a routing has one or two versions with weights that sum to 100, not {self.entries}")
        if any(min(entry) < 1 for entry in kept):
            raise ValueError(f"versions count from 1 and weights lie between 0 and 100: {self.entries}")
        object.__setattr__(self, "entries", kept)

    @classmethod
    def whole(cls, version: int) -> "Routing":
        """All new executions on one version."""
        return cls(((version, 100),))

    @classmethod
    def split(cls, stable: int, target: int, weight: int) -> "Routing":
        """`weight` percent on the target, the rest on stable; whole at 0 and at 100."""
        return cls(((target, weight), (stable, 100 - weight))) if stable != target else cls.whole(target)

    @property
    def sole(self) -> int | None:
        """The version that has everything, or None while split."""
        return self.entries[0][0] if len(self.entries) == 1 else None

    def weight_of(self, version: int) -> int:
        """Percent of new executions that go to this version."""
        return dict(self.entries).get(version, 0)

    def __str__(self) -> str:
        return ", ".join(f"{weight} % on version {version}" for version, weight in self.entries)
