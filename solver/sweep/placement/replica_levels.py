"""At which levels of time the greatest rate rises, with as few questions as needed.

Levels are ranks in the sorted list of times, so the list is finite and no step can jump over a
point. The greatest rate never falls with the level. Where it is equal at two levels it is equal at
all between; where it differs, the level in the middle is asked. A packing found at one level is an
answer for the level of its own slowest replica too, if that is lower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from formulations.placement.packing import Packing

__all__ = ["NOTHING", "Asked", "LevelBook", "OpenLevels", "Settled", "settle_levels"]


@dataclass(frozen=True, slots=True)
class Settled:
    """The greatest rate at a level, proved.

    Parameters
    ----------
    packing
        One that has it.
    engine, closed_by
        Who proved that there is nothing better, and how.
    """

    rate: int
    packing: Packing
    engine: str
    closed_by: str


NOTHING = Settled(0, Packing(()), "", "enumeration")
"""Below the first level there is no chain, and nothing flows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question about one level brought.

    Parameters
    ----------
    settled
        ``None`` where nothing is proved; ``stopped`` says why.
    packing, rate, rank
        The best packing found, whether proved or not, its rate, and the rank of its slowest
        replica; ``None`` where none was found that is better than what was known.
    bound
        A proven upper bound on the rate, ``None`` where there is none.
    """

    settled: Settled | None
    packing: Packing | None
    rate: int
    rank: int
    stopped: str
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class OpenLevels:
    """Between two levels the rate may rise to ``bound`` (if proved) in a way that is not known.

    Parameters
    ----------
    first, last
        Ranks, inclusive.
    rate
        What is reached below the first.
    """

    first: int
    last: int
    rate: int
    bound: int | None
    reason: str


class LevelBook:
    """What is known of each level.

    Attributes
    ----------
    settled
        Rank -> proved optimum; rank -1 stands for no time at all.
    found
        (rank of its slowest replica, rate, packing) of packings that are not proved optimal.
    open
        What stayed open, from the fastest level.
    """

    def __init__(self, n_levels: int) -> None:
        self.n_levels = n_levels
        self.settled: dict[int, Settled] = {-1: NOTHING}
        self.found: list[tuple[int, int, Packing]] = []
        self.open: list[OpenLevels] = []

    def rises(self) -> list[tuple[int, Settled]]:
        """Settled levels at which more is possible than at the settled one before."""
        rises = []
        reached = 0
        for rank in sorted(self.settled):
            if self.settled[rank].rate > reached:
                reached = self.settled[rank].rate
                rises.append((rank, self.settled[rank]))
        return rises


def settle_levels(
    book: LevelBook,
    ask: Callable[[int, int, int | None], Asked],
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Settle all levels of the book, or list those that stay open.

    Parameters
    ----------
    ask
        (rank, rate that is reached already, upper bound on the rate or ``None``) -> what is
        possible at this rank. Settled with the rate reached where nothing better is.
    """
    last = book.n_levels - 1
    if last < 0:
        return
    known = sorted(book.settled)
    spans = list(pairwise(known))
    if known[-1] < last:
        spans.append((known[-1], last))
    # The span nearest to the fastest level is on top.
    todo = spans[::-1]
    while todo:
        low, high = todo.pop()
        if on_progress is not None:
            on_progress(low + 1, book.n_levels)
        below = book.settled[low]
        above = book.settled.get(high)
        if above is not None and (above.rate == below.rate or high == low + 1):
            continue
        rank = high if above is None else (low + high) // 2
        asked = ask(rank, below.rate, None if above is None else above.rate)
        if asked.settled is None:
            if asked.packing is not None:
                book.found.append((asked.rank, asked.rate, asked.packing))
            _leave_open(book, low, high, asked)
            continue
        answer = below if asked.settled.rate == below.rate else asked.settled
        book.settled[rank] = answer
        if answer is not below:
            # It is as good at every level from its own slowest replica on.
            book.settled.setdefault(asked.rank, answer)
        if rank < high:
            todo.append((rank, high))
        # From the level of its slowest replica to this one nothing rises.
        todo.append((low, rank if answer is below else asked.rank))
    if on_progress is not None:
        on_progress(book.n_levels, book.n_levels)


def _leave_open(book: LevelBook, low: int, high: int, asked: Asked) -> None:
    """All levels between two settled ones are open: each may be where the rate rises."""
    last = high - 1 if high in book.settled else high
    bound = book.settled[high].rate if high in book.settled else asked.bound
    book.open.append(OpenLevels(low + 1, last, book.settled[low].rate, bound, asked.stopped))
