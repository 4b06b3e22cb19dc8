r"""Rates that a chain must exceed to be worth having, by its time and by the hosts that it uses.

With :math:`f_\tau(b)` the greatest rate of a packing on hosts :math:`b` of chains no slower than
:math:`\tau`, shared links not counted (``packing_lattice``), a chain of rate :math:`r` and time
:math:`T` on hosts :math:`u` is of no use

* where links are not counted, if :math:`f_T(u) \ge r`: copies of known chains on the same hosts
  are together no slower and carry no less (``gate_of_copies``);
* where they are, if :math:`r + f_\tau(C - u) \le R_\tau` at every level :math:`\tau \ge T` that is
  still open, with :math:`C` all hosts and :math:`R_\tau` a rate that is reached already
  (``gate_of_levels``).

Both rules hold for every chain that is slower or uses more hosts if they hold for one, so they may
be asked of a partial chain with its least possible time and its greatest possible rate, and what a
chain that is dropped would have ruled out need not be looked for either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.placement.packing_lattice import lattice_cells, lattice_tables

if TYPE_CHECKING:
    from formulations.placement.pool_column import PoolColumn

__all__ = [
    "MOST_GATE_NUMBERS",
    "RateGate",
    "gate_of_copies",
    "gate_of_levels",
    "rate_of_times",
]

MOST_GATE_NUMBERS = 10_000_000
"""Numbers that a gate holds, at most; with more levels only every so many of them are kept."""

_FAR = 2**62
_MARGIN = 1 + 1e-9
"""Rates of a problem are float64, each right to 1e-15: beyond this factor one is surely more."""
_MICRO_PS = 1e18


@dataclass(frozen=True, slots=True, eq=False)
class RateGate:
    """What a chain must exceed.

    Parameters
    ----------
    times : (K,) int64
        Levels of time in ps, rising.
    rates : (K + 1, c_1 + 1, ...) int64
        Micro-tokens/s by hosts used: row k + 1 for times from level k on, up to the next level; row
        0 for those below the first.
    """

    times: IntArray
    rates: IntArray

    def refuses(
        self, used: tuple[int, ...], time: IntArray, rate: IntArray | npt.NDArray[np.float64]
    ) -> npt.NDArray[np.bool_]:
        """(n,) bool: which chains are of no use.

        Parameters
        ----------
        used
            Hosts of each orbit, that all of them use at least.
        time, rate : (n,)
            The least time in ps and the greatest rate that each may have. Rates in float64 are
            taken to be right to 1e-9 only.
        """
        least = self.rates[(np.searchsorted(self.times, time, side="right"), *used)]
        if rate.dtype == np.float64:
            return np.asarray(rate * _MARGIN <= least, dtype=np.bool_)
        return np.asarray(rate <= least, dtype=np.bool_)


def rate_of_times(batch: int, time: IntArray) -> npt.NDArray[np.float64]:
    """Micro-tokens/s of ``batch`` sequences every ``time`` ps, right to 1e-15; no time counts 1."""
    return batch * _MICRO_PS / np.maximum(time, 1)


def gate_of_copies(columns: Sequence[PoolColumn], count: IntArray) -> RateGate:
    """Refuses chains that copies of these columns replace, links not counted.

    Parameters
    ----------
    columns
        By rising time.
    count : (n_o,) int64
        Hosts of each orbit.
    """
    step = _step(columns, count)
    shape = tuple(have + 1 for have in count.tolist())
    times, rows = [], [np.full(shape, -1, dtype=np.int64)]
    for place, (time, best) in enumerate(lattice_tables(columns, count)):
        # Between levels that are kept the lower one is counted on: that refuses less.
        if place % step == 0:
            times.append(time)
            rows.append(best.copy())
    return RateGate(np.array(times, dtype=np.int64), np.stack(rows))


def gate_of_levels(
    columns: Sequence[PoolColumn], count: IntArray, reached: Mapping[int, int]
) -> RateGate | None:
    """Refuses chains that make no packing better than what is reached at any open level.

    Parameters
    ----------
    columns
        By rising time; with links not counted no packing of other chains beats theirs.
    count : (n_o,) int64
        Hosts of each orbit.
    reached
        Micro-tokens/s at the time of every level of the columns.

    Returns
    -------
    RateGate or None
        ``None`` where no level is open: all of them reach what is possible without links.
    """
    step = _step(columns, count)
    shape = tuple(have + 1 for have in count.tolist())
    times: list[int] = []
    rows: list[IntArray] = []
    is_open = False
    for place, (time, best) in enumerate(lattice_tables(columns, count)):
        if place % step == 0:
            times.append(time)
            rows.append(np.full(shape, _FAR, dtype=np.int64))
        if int(best.flat[-1]) > reached[time]:
            is_open = True
            # What the other hosts carry at most: the table read from its end.
            np.minimum(rows[-1], reached[time] - np.flip(best), out=rows[-1])
    if not is_open:
        return None
    # A chain may serve every level from its own time on.
    least = np.minimum.accumulate(np.stack(rows)[::-1])[::-1]
    return RateGate(np.array(times, dtype=np.int64), np.concatenate([least[:1], least]))


def _step(columns: Sequence[PoolColumn], count: IntArray) -> int:
    """Every how manieth level is kept."""
    levels = len({column.time for column in columns})
    return max(1, -(-levels * lattice_cells(count) // MOST_GATE_NUMBERS))
