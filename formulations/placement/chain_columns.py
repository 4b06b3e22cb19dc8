"""Labels of a search over chains, held as columns: one row a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray

__all__ = ["LabelColumns", "joined", "start_label"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumns:
    """Partial chains, as columns of equal length, int64.

    Parameters
    ----------
    done
        Layers of the filled hosts.
    latency, pace, price
        So far.
    state
        Where they end and with which hosts, an index.
    cell, row
        The label extended: its cell (-1 for none) and its row there.
    option, held
        What filled the host of that label.
    loads : (n, t) int64
        So far, of t shared links.
    """

    done: IntArray
    latency: IntArray
    pace: IntArray
    price: IntArray
    state: IntArray
    cell: IntArray
    row: IntArray
    option: IntArray
    held: IntArray
    loads: IntArray

    def __len__(self) -> int:
        return len(self.done)

    def columns(self) -> tuple[IntArray, ...]:
        """All of them, in the order of the fields."""
        return (
            self.done, self.latency, self.pace, self.price, self.state,
            self.cell, self.row, self.option, self.held, self.loads,
        )  # fmt: skip

    def take(self, kept: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> LabelColumns:
        """The labels at these positions, or where this mask holds."""
        return LabelColumns(*(column[kept] for column in self.columns()))


def joined(parts: Sequence[LabelColumns], *, n_loads: int = 0) -> LabelColumns:
    """One table after another; without any, a table without rows."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        empty = [np.empty(0, dtype=np.int64) for _ in range(9)]
        return LabelColumns(*[*empty, np.empty((0, n_loads), dtype=np.int64)])
    columns = zip(*(part.columns() for part in parts), strict=True)
    return LabelColumns(*(np.concatenate(column) for column in columns))


def start_label(*, state: int, latency: int, pace: int, loads: IntArray) -> LabelColumns:
    """The one label that extends none; ``loads`` is of shape (t,)."""
    values = (0, latency, pace, 0, state, -1, -1, -1, -1)
    columns = [np.array([value], dtype=np.int64) for value in values]
    return LabelColumns(*[*columns, loads[None, :]])
