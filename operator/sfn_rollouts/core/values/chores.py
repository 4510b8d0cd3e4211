"""What may be asked to be done besides traffic: publish, delete a version, start an execution, stop one.

A chore is asked for where a look is, and its outcome is filed as an answer is; what differs is that it changes
something. To add one: a class here, who does it in `engine/chores.py`, and whoever decides names it among its looks.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from sfn_rollouts.core.values.looks import Look
from sfn_rollouts.core.values.smoke import SmokeReading

Outcome_co = TypeVar("Outcome_co", covariant=True)


class Chore(Look[Outcome_co], Generic[Outcome_co]):
    """An effect that is not traffic. Frozen and hashable, and its fields are its name: equal chores are one.

    Idempotent by that name at whoever does it: an operator that is killed in between asks again, and finds it done. So
    nothing of it may change from try to try; what another attempt is to do again carries the attempt in its fields. It
    begins once the status that its name was made from is stored.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class StartSmoke(Chore[SmokeReading]):
    """Start an execution of a version by this name, or find the one that was.

    `given` is its input and `expected` what its output must contain, both JSON.
    """

    version: int
    name: str
    given: str
    expected: str

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.name})"


@dataclass(frozen=True, slots=True)
class RunSmoke(StartSmoke):
    """The same on an Express state machine, until it ends: AWS tells nothing of such an execution but by its answer.

    Idempotent within one process only: Express executions have names, and any number of one name.
    """
