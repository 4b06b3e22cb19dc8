"""Which options of a host are worth trying: those that no other replaces whatever they hold."""

from __future__ import annotations

import numpy as np

from formulations.placement.chain_tables import ChainTables

__all__ = ["competing_options"]


def competing_options(tables: ChainTables) -> list[int]:
    """Options that no other of their orbit replaces at no loss, whatever it holds.

    It must allow all that the other allows, and be nowhere slower in time or pace, nor dearer; of
    equal ones the first stays.
    """
    return [k for k in range(tables.n_options) if not _is_replaced(tables, k)]


def _is_replaced(tables: ChainTables, k: int) -> bool:
    return any(
        _replaces(tables, i, k) and (i < k or not _replaces(tables, k, i))
        for i in np.flatnonzero(tables.orbit == tables.orbit[k]).tolist()
        if i != k
    )


def _replaces(tables: ChainTables, i: int, k: int) -> bool:
    held = np.flatnonzero(tables.allowed[k])
    return bool(
        tables.allowed[i, held].all()
        and tables.price[i] <= tables.price[k]
        and (tables.stage_time[i, held] <= tables.stage_time[k, held]).all()
        and (tables.pace[i, held] <= tables.pace[k, held]).all()
    )
