"""Randomness without any: each pause is as long as it may be, so that a test can say how long."""

from random import Random


class Longest(Random):
    """Draws the largest number, always."""

    def random(self) -> float:
        return 1.0
