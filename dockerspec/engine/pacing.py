"""How long to pause before a call is made again: longer each time, and never the same for two callers.

Callers: caller, runtime.retry. Clock and randomness come in from outside, so that tests neither wait nor guess.
"""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST_PAUSE = 0.25
"""Seconds before the second try, at most."""
LONGEST_PAUSE = 4.0


def backoff(done: int, random: Callable[[], float], *, first: float = FIRST_PAUSE) -> float:
    """Seconds to pause: double after each try, up to a bound, and between half and all of that at random.

    Callers that failed together would come back together, and fail together again, if all paused alike.

    Args:
        done: how many tries were made before the last one, from 0.
        random: gives a number from 0 up to 1.
        first: seconds after the first try, at most.
    """
    return float(min(first * 2**done, LONGEST_PAUSE) * (0.5 + random() / 2))


class Pacing:
    """Sleep and chance, as the machine gives them."""

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        # Loaded only where something has failed: most runs never need it.
        import random

        return random.random()  # noqa: S311  # spreads calls out, and keeps no secret


SYSTEM_PACING = Pacing()
"""The pacing of every real run."""
