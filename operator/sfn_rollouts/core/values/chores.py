"""What may be asked to be done besides traffic: publish, delete a version, start an execution, stop one.

A chore is asked for where a look is, and its outcome is filed as an answer is; what differs is that it changes
something. To add one: a class here, who does it in `engine/chores.py`, and whoever decides names it among its looks.
"""

from typing import Generic, TypeVar

from sfn_rollouts.core.values.looks import Look

Outcome_co = TypeVar("Outcome_co", covariant=True)


class Chore(Look[Outcome_co], Generic[Outcome_co]):
    """An effect that is not traffic. Frozen and hashable, and its fields are its name: equal chores are one.

    Idempotent by that name at whoever does it: an operator that is killed in between asks again, and finds it done. So
    nothing of it may change from try to try; what another attempt is to do again carries the attempt in its fields.
    """

    __slots__ = ()
