"""The way past Redis to all who keep answers: a number in the database that they share.

Nobody gives an answer without having looked at it within LOOK_SECONDS. So whoever raises it, and
then waits for longer than that, knows that everybody has seen it or will before the next answer.
"""

from typing import Protocol

LOOK_SECONDS = 0.25
# Leaves room for clocks that do not run alike.
WAIT_SECONDS = 0.3


class Fence(Protocol):
    async def position(self) -> int | None:
        """Where it is at some moment after the call; None while nobody can tell."""

    async def raise_(self) -> bool:
        """Whether all who look from now on find it higher than it was before the call."""
