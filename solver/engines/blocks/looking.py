"""What long steps tell as they go: so many rows or pairs looked at.

Counted, not timed: the same question comes to the same count on every machine, so what hangs on it
(when to look for a good fleet) does too.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Look", "unwatched"]

Look = Callable[[int], None]
"""Told how many rows or pairs were looked at since it was told last; may raise to stop."""


def unwatched(_looked_at: int) -> None:
    """Nobody counts, nobody stops."""
