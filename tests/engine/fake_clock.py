"""Time that moves only when the world moves it."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakeClock:
    """`ports.Clock`; both times carry on when an operator is started again."""

    def __init__(self) -> None:
        self.elapsed_ms = 0

    def now(self) -> datetime:
        return NOON + timedelta(milliseconds=self.elapsed_ms)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed_ms / 1000

    def advance(self, seconds: float) -> None:
        self.elapsed_ms += max(round(seconds * 1000), 0)
