"""Errors that cross a port, named by the reaction they want (compare ACK's requeue errors)."""

from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.printable import one_line


class PortError(Exception):
    """What an adapter raises; `why` is a sentence for people on one printable line, without secrets."""

    trouble = Trouble.INTERNAL

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        self.why = one_line(why)  # AWS's words, and a proxy's, go into statuses, Events and logs
        super().__init__(self.why)
        self.retry_after_s = retry_after_s


class Transient(PortError):  # noqa: N818 - named by the reaction it wants
    """Throttled, 5xx, time-out, connection lost: the same call may succeed soon; whether it took effect is unknown."""

    trouble = Trouble.TRANSIENT


class NoAnswer(Transient):
    """Nothing came back: a time-out, a connection lost, an address that nobody answers at."""


class Withheld(Transient):
    """Not asked: the place does not answer, and one job at a time tries whether it does again."""


class Denied(PortError):  # noqa: N818
    """No permission or no credentials: a person must act, then the same call succeeds."""

    trouble = Trouble.DENIED


class Rejected(PortError):  # noqa: N818
    """The API server takes no such write: a schema, a policy or a webhook says so, until a person changes that."""

    trouble = Trouble.DENIED


class Gone(PortError):  # noqa: N818
    """What the call names does not exist (any more)."""

    trouble = Trouble.GONE


class NotListed(Gone):
    """AWS lists no executions of Express state machines: they are counted by metrics only."""


class Conflict(PortError):  # noqa: N818
    """Somebody else wrote in between: read again and decide again."""

    trouble = Trouble.CONFLICT
