"""AWS Step Functions: aliases and versions, with every state an alias ever had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sfn_rollouts.core.values.readings import VersionFound, VersionReading
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Gone
from sfn_rollouts.sim.executions import Executions
from sfn_rollouts.sim.smokes import Smokes
from sfn_rollouts.sim.targets import Targets
from sfn_rollouts.sim.timeline import Time, us


@dataclass(frozen=True, slots=True)
class AliasState:
    """What the alias was from then on; routing None: it did not exist. `life`: which life of its machine, from 1."""

    from_us: int
    routing: Routing | None
    update_date: datetime
    life: int = 1


class StepFunctions:
    """One state machine and one alias. AWS's clock may differ from true time; dates are whole milliseconds.

    `life` counts how often the machine has been created: a version of another life is another version.
    """

    def __init__(
        self, time: Time, alias: Routing | None, versions: Sequence[int], skew_s: float, renews_date: bool
    ) -> None:
        self._time = time
        self._skew = timedelta(seconds=skew_s)
        self._renews_date = renews_date
        self.life = 1
        self.targets = Targets()
        self.executions = Executions(self._date)
        self.smokes = Smokes(self._date)
        long_ago = self._date() - timedelta(days=1)
        self.versions = dict.fromkeys(versions, long_ago)
        self.states = [AliasState(-us(86_400), alias, long_ago)]

    @property
    def alias(self) -> Routing | None:
        """The alias as it truly is."""
        return self.states[-1].routing

    def state(self, stale_s: float = 0.0) -> AliasState:
        """The alias as it was so many seconds ago, as an answer from behind may show it."""
        when_us = self._time.now_us - us(stale_s)
        return next(state for state in reversed(self.states) if state.from_us <= when_us)

    def routing_at(self, date: datetime) -> Routing | None:
        """The alias as it was at a moment of AWS's clock."""
        return next((state.routing for state in reversed(self.states) if state.update_date <= date), None)

    def update(self, routing: Routing) -> datetime:
        """UpdateStateMachineAlias."""
        if self.alias is None:
            raise Gone("no such alias (ResourceNotFound)")
        self._check_versions(routing)
        if routing == self.alias and not self._renews_date:
            return self.states[-1].update_date
        return self._put(routing)

    def create(self, routing: Routing) -> datetime:
        """CreateStateMachineAlias: again with the same routing is no error."""
        self._check_versions(routing)
        if self.alias is None:
            return self._put(routing)
        if self.alias != routing:
            raise Conflict("the alias exists with another routing (ConflictException)")
        return self.states[-1].update_date

    def delete(self) -> None:
        """DeleteStateMachineAlias."""
        self._put(None)

    def route(self, routing: Routing | None) -> None:
        """Somebody routes the alias, creates it or, with None, deletes it."""
        if routing is None:
            self.delete()
        elif self.alias is None:
            self.create(routing)
        else:
            self.update(routing)

    def recreate(self, versions: Sequence[int], routing: Routing | None) -> None:
        """DeleteStateMachine, which takes versions and aliases along; then all of it is created again.

        Without versions it is not: nothing can be routed, as if there were no state machine.
        """
        self._put(None)
        self.life += 1
        self.versions = dict.fromkeys(versions, self._date())
        if routing is not None:
            self._check_versions(routing)
        self._put(routing)

    def find(self, version: int, read_at: datetime) -> VersionReading:
        """DescribeStateMachine of a version: whether it is published, and when it was."""
        created_at = self.versions.get(version)
        missing = VersionFound.NO_VERSION if self.versions else VersionFound.NO_MACHINE
        found = VersionFound.FOUND if created_at is not None else missing
        return VersionReading(found, created_at, read_at)

    def has_all(self, routing: Routing) -> bool:
        """Whether each version of the routing is published."""
        return all(version in self.versions for version, _ in routing.entries)

    def _check_versions(self, routing: Routing) -> None:
        for version, _ in routing.entries:
            if version not in self.versions:
                raise Gone(f"version {version} does not exist (ResourceNotFound)")

    def _put(self, routing: Routing | None) -> datetime:
        date = self._date()
        if date <= self.states[-1].update_date:
            date = self.states[-1].update_date + timedelta(milliseconds=1)
        self.states.append(AliasState(self._time.now_us, routing, date, self.life))
        return date

    def _date(self) -> datetime:
        date = self._time.now + self._skew
        return date.replace(microsecond=date.microsecond // 1000 * 1000)
