r"""Logarithmic columns: a cell is a binary word, its latency and cost bounded from below by rows.

Sets: allowed cells :math:`A`, numbered :math:`0, \dots, n - 1` by latency (ties by cost). Data:
ranks :math:`t_p, c_p`, their lowest values :math:`\underline T, \underline C`, and the word
:math:`g_p \in \{0, 1\}^K`, :math:`K = \lceil \log_2 n \rceil`, of the reflected Gray code, so that
one step in latency turns one bit.

Variables: bits :math:`w_k \in \{0, 1\}`, :math:`k = 0` the lowest; integers
:math:`T \in [\underline T, \overline T]` and :math:`C \in [\underline C, \overline C]`.

.. math::
    \text{latency} = T, \qquad \text{cost} = C

With :math:`h_{pk}(w) = w_k` where :math:`g_{pk} = 0` and :math:`1 - w_k` where :math:`g_{pk} = 1`
(the bits in which :math:`w` differs from :math:`g_p`):

.. math::
    T &\ge t_p - \sum_k \delta_{pk}\, h_{pk}(w) && p : t_p > \underline T \\
    C &\ge c_p - \sum_k \gamma_{pk}\, h_{pk}(w) && p : c_p > \underline C \\
    1 &\le 1 - h_{n-1,k}(w) + \sum_{i > k} h_{n-1,i}(w)
      && k : \text{bit } k \text{ of the number } n - 1 \text{ is } 0

Let :math:`S_{pk}` be the numbers that agree with :math:`p` above bit :math:`k` and differ from it
in bit :math:`k`: an aligned block of :math:`2^k` numbers, in plain binary and in Gray code alike.
Then :math:`\delta_{pk} = \max(0, t_p - \min_{q \in S_{pk}, q < n} t_q)` (0 where the block is
empty). The row is right: a word :math:`g_q \ne g_p` has a highest bit :math:`k` in which it
differs, :math:`q \in S_{pk}`, and so the row asks for no more than
:math:`t_p - \delta_{pk} \le t_q`. At :math:`w = g_p` it asks for :math:`t_p`. :math:`\gamma`
likewise. The rows of the third kind refuse the words from :math:`n` on, a whole block
:math:`S_{n-1,k}` each: its words agree with :math:`g_{n-1}` above :math:`k` and not in :math:`k`.

The logarithmic model of Vielma and Nemhauser (2011, Mathematical Programming 128) keeps a
continuous weight for each cell beside the :math:`K` bits and has the convex hull of the points for
its relaxation. All columns of a program here are integers, and integer weights would leave the bits
nothing to decide: column selection with idle columns. So this is the purely binary variant: nothing
but :math:`K` bits can be branched on, at the price of a weak relaxation.

Size: :math:`K + 2` columns; a row for each cell above :math:`\underline T`, one for each above
:math:`\underline C`, one for each 0 among the :math:`K` bits of :math:`n - 1`. Where nothing is
allowed: two columns and one row that cannot be met.

Strength: never above column selection, whose relaxation is the convex hull of the points (proved:
its integer points are the allowed cells). Comparable neither with big-M, nor with multiple big-M,
nor with the hull (proved by examples, in the tests). On random grids it lay above big-M more often
than below, and mostly below the hull (measured).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from formulations.replica.lifting import lifted_ranks
from formulations.replica.problem import COST, LATENCY, ReplicaProblem
from formulations.replica.program import Cell, ReplicaProgram
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["build_column_log", "size_column_log"]


def size_column_log(problem: ReplicaProblem) -> ProgramSize:
    """Size by the formulas of the module's text; entries depend on which blocks are cheaper."""
    n = problem.n_columns
    if n == 0:
        return ProgramSize(1, 2, 0)
    n_bits = _bits_for(n)
    above = sum(
        int((ranks[problem.allowed] > ranks[problem.allowed].min()).sum())
        for ranks in (problem.latency, problem.cost)
    )
    return ProgramSize(above + n_bits - (n - 1).bit_count(), n_bits + 2)


def _bits_for(n: int) -> int:
    """Length of the words that tell ``n`` > 0 cells apart."""
    return (n - 1).bit_length()


def _number_of(word: IntArray) -> int:
    """The number that a Gray word (lowest bit first) stands for."""
    number = 0
    for bit in word[::-1].tolist():
        number = 2 * number + (bit ^ (number & 1))
    return number


def _drops(levels: IntArray, n_bits: int) -> IntArray:
    """How far the cheapest of each sibling block lies below each level, (n, n_bits) from (n,)."""
    n = len(levels)
    # Numbers without a cell never lower a minimum.
    lowest = np.full(2**n_bits, levels.max(), dtype=np.int64)
    lowest[:n] = levels
    drops = np.zeros((n, n_bits), dtype=np.int64)
    for k in range(n_bits):
        sibling = (np.arange(n) >> k) ^ 1
        drops[:, k] = np.maximum(0, levels - lowest[sibling])
        lowest = lowest.reshape(-1, 2).min(axis=1)
    return drops


def build_column_log(problem: ReplicaProblem) -> ReplicaProgram:
    """One binary word for all cells; the model is in the module docstring.

    Columns, in order: ``w`` (lowest bit first), ``T``, ``C``.
    """
    layout, batch = np.nonzero(problem.allowed)
    latency = problem.latency[layout, batch].astype(np.int64)
    cost = problem.cost[layout, batch].astype(np.int64)
    order = np.lexsort((cost, latency))
    layout, batch, latency, cost = layout[order], batch[order], latency[order], cost[order]
    ranks = lifted_ranks(problem)
    n = len(order)
    n_bits = _bits_for(n) if n else 0
    bits = np.arange(n_bits)
    number = np.arange(n)
    ones: npt.NDArray[np.bool_] = ((number ^ (number >> 1))[:, None] >> bits) & 1 == 1

    rows = SparseRows()
    if n == 0:
        rows.add_block(1, lower=1)
    else:
        for column, levels in ((n_bits, latency), (n_bits + 1, cost)):
            drops = _drops(levels, n_bits)
            kept = np.flatnonzero(levels > levels.min())
            here = np.arange(len(kept))
            below = np.where(ones, drops, 0).sum(axis=1)
            block = rows.add_block(len(kept), lower=(levels - below)[kept])
            rows.put(block, here, column, 1)
            signed = np.where(ones, -drops, drops)
            rows.put(block, here[:, None], bits[None, :], signed[kept])
        for k in np.flatnonzero((n - 1) >> bits & 1 == 0).tolist():
            refused = ones[n - 1].copy()
            refused[k] = not refused[k]
            block = rows.add_block(1, lower=1 - int(refused[k:].sum()))
            rows.put(block, 0, bits[k:], np.where(refused[k:], -1, 1))

    lower = np.zeros(n_bits + 2, dtype=np.int64)
    upper = np.ones(n_bits + 2, dtype=np.int64)
    lower[n_bits:] = ranks.latency_low, ranks.cost_low
    upper[n_bits:] = ranks.latency_high, ranks.cost_high
    unit = np.eye(2, n_bits + 2, n_bits, dtype=np.int64)

    def decode(x: IntArray) -> Cell:
        word = x[:n_bits]
        if ((word < 0) | (word > 1)).any():
            raise ValueError("not a binary word")
        chosen = _number_of(word)
        if chosen >= n:
            raise ValueError(f"word {chosen} stands for none of the {n} cells")
        return int(layout[chosen]), int(batch[chosen])

    return ReplicaProgram(
        formulation="column_log",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/column_log",
            lower=lower,
            upper=upper,
            objectives={LATENCY: unit[0].copy(), COST: unit[1].copy()},
        ),
        decoder=decode,
    )
