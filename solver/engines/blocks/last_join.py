"""The end of a narrowing: the cheapest fleet of a row of each table that is left.

The only block left need not be listed: its two halves join like tables, with its demand as one
limit more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from formulations.milp import IntArray
from solver.engines.blocks.joining import best_choice
from solver.engines.blocks.listed import halves_of_the_last
from solver.engines.blocks.narrowed import Narrowed, Target
from solver.engines.blocks.plans import Merged, Plans
from solver.engines.blocks.pricing import fair_price, prices_of

__all__ = ["join_halves", "join_tables"]

_LARGEST_PRICE = 2**56


def join_tables(narrowed: Narrowed) -> Plans | None:
    """The cheapest fleet of a row of each of up to three tables; none if none is within limits.

    Raises
    ------
    TooManyPlansError
        If there are too many pairs to look at.
    """
    target = narrowed.target
    if len(narrowed.tables) == 1:
        return _cheapest_row(narrowed.tables[0], target)
    tables = sorted(narrowed.tables, key=len)
    positions = target.active
    return _best(
        tables,
        [table.vector[:, positions] for table in tables],
        narrowed.bound.weights[positions],
        target.limit[positions[1:] - 1],
        target.priced,
        target,
    )


def join_halves(narrowed: Narrowed) -> Plans | None:
    """The same with a block that is not listed: cover counts as a limit that must be met."""
    target, weights = narrowed.target, narrowed.bound.weights
    (block,) = narrowed.blocks
    one, other, *covers = halves_of_the_last(narrowed)
    halves = sorted(zip((one, other), covers, strict=True), key=lambda half: len(half[0]))
    rho, _ = fair_price(block, prices_of(block, weights))
    positions = target.active
    limit = target.limit[positions[1:] - 1]
    size = sum(w * b for w, b in zip(weights[positions[1:]].tolist(), limit.tolist(), strict=True))
    size += target.priced + int(rho * block.demand)
    # A finer grid, so that the price of cover need not be rounded by much.
    finer = max(_LARGEST_PRICE // max(size, 1), 1)
    covering = [
        *((table, np.zeros(len(table), dtype=np.int64)) for table in narrowed.tables),
        *halves,
    ]
    return _best(
        [table for table, _ in covering],
        [np.column_stack([table.vector[:, positions], -cover]) for table, cover in covering],
        np.concatenate([weights[positions] * finer, [int(rho * finer)]]).astype(np.int64),
        np.concatenate([limit, [-block.demand]]).astype(np.int64),
        target.priced * finer,
        target,
    )


def _best(
    parts: Sequence[Plans],
    tables: Sequence[IntArray],
    weights: IntArray,
    limit: IntArray,
    most: int,
    target: Target,
) -> Plans | None:
    """``best_choice`` among ``tables``, the numbers of ``parts``, as one row."""
    found = best_choice(
        tables,
        weights,
        limit,
        most,
        pairs=target.joined,
        look=target.look,
        on_found=lambda rows: target.on_found(_chosen(parts, rows)),
    )
    return None if found is None else _chosen(parts, found[1])


def _cheapest_row(table: Plans, target: Target) -> Plans | None:
    tied = target.active[target.active > 0]
    within = np.flatnonzero((table.vector[:, tied] <= target.limit[tied - 1]).all(axis=1))
    if not len(within):
        return None
    return table.only(within[[int(table.vector[within, 0].argmin())]])


def _chosen(parts: Sequence[Plans], rows: tuple[int, ...]) -> Plans:
    """One row put together of a row of each part."""
    whole = parts[0].only(np.array([rows[0]]))
    for part, row in zip(parts[1:], rows[1:], strict=True):
        piece, zero = part.only(np.array([row])), np.zeros(1, dtype=np.int64)
        whole = Plans(whole.vector + piece.vector, Merged(whole, piece, zero, zero))
    return whole
