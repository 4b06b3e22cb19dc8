from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.placement.packing import Packing
from solver.sweep.placement.replica_levels import (
    Asked,
    LevelBook,
    OpenLevels,
    Settled,
    settle_levels,
)

_CHECKS = settings(max_examples=120, deadline=None, derandomize=True)
_RATES = st.lists(st.integers(0, 2), max_size=12).map(
    lambda steps: [sum(steps[: n + 1]) for n in range(len(steps))]
)
"""The greatest rate at each level; it never falls."""


def _rises(rates: list[int]) -> list[tuple[int, int]]:
    """(level, rate) of every level with more than the one before."""
    return [(n, rate) for n, rate in enumerate(rates) if rate > (rates[n - 1] if n else 0)]


class _Oracle:
    """Answers from the list; from the ``fails``-th question on it knows nothing.

    A packing stands for its rate, and its slowest replica is at some level where that is reached.
    """

    def __init__(
        self, rates: list[int], *, fails: int = 10**6, late: bool = False, finds: bool = False
    ) -> None:
        self.rates, self.fails, self.late, self.finds = rates, fails, late, finds
        self.asked: list[int] = []

    def __call__(self, rank: int, reached: int, above: int | None) -> Asked:
        assert above is None or above >= self.rates[rank]
        self.asked.append(rank)
        best = self.rates[rank]
        where = rank if self.late else self.rates.index(best)
        packing = Packing(((best, 1),))
        if len(self.asked) > self.fails:
            if self.finds and best > reached:
                return Asked(None, packing, best, where, "time limit", best + 1)
            return Asked(None, None, 0, 0, "time limit")
        if best == reached:
            return Asked(Settled(reached, Packing(()), "e", "infeasible"), None, 0, 0, "")
        return Asked(Settled(best, packing, "e", "bound"), packing, best, where, "")


def _settled(rates: list[int], oracle: Callable[[int, int, int | None], Asked]) -> LevelBook:
    book = LevelBook(len(rates))
    settle_levels(book, oracle)
    return book


@_CHECKS
@given(_RATES, st.booleans())
def test_every_rise_is_found_at_its_own_level(rates: list[int], late: bool) -> None:
    book = _settled(rates, _Oracle(rates, late=late))
    assert [(rank, settled.rate) for rank, settled in book.rises()] == _rises(rates)
    assert book.open == []


@_CHECKS
@given(_RATES)
def test_no_level_is_asked_twice(rates: list[int]) -> None:
    oracle = _Oracle(rates, late=True)
    _settled(rates, oracle)
    assert len(oracle.asked) == len(set(oracle.asked))


@_CHECKS
@given(_RATES, st.integers(0, 8), st.booleans())
def test_whatever_question_fails_a_rise_that_is_not_found_lies_in_an_open_span(
    rates: list[int], fails: int, finds: bool
) -> None:
    book = _settled(rates, _Oracle(rates, fails=fails, late=True, finds=finds))
    proved = {rank: settled.rate for rank, settled in book.settled.items()}
    for rank, rate in _rises(rates):
        before = rank - 1
        known = proved.get(rank) == rate and proved.get(before) == (rates[before] if rank else 0)
        in_span = any(span.first <= rank <= span.last + 1 for span in book.open)
        assert known or in_span


def test_a_span_says_what_is_reached_before_it_and_what_bounds_it() -> None:
    # Asked: the last level; then the middle fails.
    book = _settled([1, 1, 2, 5], _Oracle([1, 1, 2, 5], fails=1, late=True))
    assert book.open == [OpenLevels(0, 2, 0, 5, "time limit")]
    assert [(rank, settled.rate) for rank, settled in book.rises()] == [(3, 5)]


def test_a_packing_without_a_proof_is_kept_apart() -> None:
    book = _settled([4, 7], _Oracle([4, 7], fails=0, late=True, finds=True))
    assert book.found == [(1, 7, Packing(((7, 1),)))]
    assert book.open == [OpenLevels(0, 1, 0, 8, "time limit")]
    assert book.rises() == []


def test_a_packing_settles_the_level_of_its_slowest_replica_too() -> None:
    oracle = _Oracle([0, 3, 3, 3, 3, 3, 3])
    book = _settled(oracle.rates, oracle)
    assert oracle.asked == [6, 0]
    assert [rank for rank, _ in book.rises()] == [1]


def test_levels_that_are_settled_beforehand_are_not_asked() -> None:
    oracle = _Oracle([2, 4, 4], late=True)
    book = LevelBook(3)
    book.settled[0] = Settled(2, Packing(((2, 1),)), "x", "enumeration")
    settle_levels(book, oracle)
    assert 0 not in oracle.asked
    assert [(rank, settled.rate) for rank, settled in book.rises()] == [(0, 2), (1, 4)]


def test_without_levels_there_is_nothing_to_settle() -> None:
    oracle = _Oracle([])
    assert _settled([], oracle).rises() == []
    assert oracle.asked == []


def test_progress_ends_with_all_levels() -> None:
    said: list[tuple[int, int]] = []
    settle_levels(LevelBook(3), _Oracle([1, 2, 3]), on_progress=lambda a, b: said.append((a, b)))
    assert said[-1] == (3, 3)
