r"""Several chains on one cluster, each on hosts of its own: the greatest sum of their rates.

Columns :math:`c` as in ``chain_pool``: hosts :math:`u_{co}` by orbit, time :math:`T_c`, rate
:math:`r_c`, shares :math:`s_{cl}` of links. With :math:`n_c` replicas of each, :math:`C_o` hosts of
an orbit and :math:`S` parts of a link,

.. math::
    \max \sum_c r_c n_c \quad \text{subject to} \quad \sum_c u_{co} n_c \le C_o, \qquad
    \sum_c s_{cl} n_c \le S, \qquad n_c = 0 \text{ where } T_c > \tau, \qquad n_c \in \mathbb{N} .

That is the fleet problem (``formulations.fleet``) without demand: orbits and links are its limits,
the negative rate is its measure ``throughput``, and the rank of :math:`T_c` among all times is its
grade ``speed``, so that a bound on the grade is a bound :math:`\tau`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from formulations.fleet.problem import SPEED, THROUGHPUT, FleetProblem
from formulations.fleet.sparse import SparseInts
from formulations.milp import IntArray
from formulations.placement.pool_column import SHARE_PARTS, ChainPool, PoolColumn

__all__ = ["Packing", "packing_faults", "packing_problem", "rate_of", "time_of", "times_of"]

_REACH = 2**62


@dataclass(frozen=True, slots=True)
class Packing:
    """(index of a column, replicas of it, at least 1), by index; empty for no replica at all."""

    replicas: tuple[tuple[int, int], ...]

    @classmethod
    def of_counts(cls, counts: Sequence[int] | IntArray) -> Packing:
        """From the number of replicas of every column."""
        numbers = [int(count) for count in counts]
        return cls(tuple((c, n) for c, n in enumerate(numbers) if n))


def rate_of(columns: Sequence[PoolColumn], packing: Packing) -> int:
    """Micro-tokens/s of all replicas together."""
    return sum(columns[c].rate * n for c, n in packing.replicas)


def time_of(columns: Sequence[PoolColumn], packing: Packing) -> int:
    """Of the slowest replica, ps.

    Raises
    ------
    ValueError
        If there is none.
    """
    return max(columns[c].time for c, _ in packing.replicas)


def times_of(columns: Sequence[PoolColumn]) -> list[int]:
    """All times there are, from the least; the place of a column's is its grade."""
    return sorted({column.time for column in columns})


def packing_faults(pool: ChainPool, count: IntArray, packing: Packing) -> list[str]:
    """All that a packing breaks, in words; empty for a feasible one.

    Parameters
    ----------
    count : (n_o,) int64
        Hosts of each orbit.
    """
    faults = [
        f"{n} replicas of column {c}, of {len(pool.columns)}"
        for c, n in packing.replicas
        if not 0 <= c < len(pool.columns) or n < 1
    ]
    if faults:
        return faults
    for orbit, have in enumerate(count.tolist()):
        used = sum(pool.columns[c].used[orbit] * n for c, n in packing.replicas)
        if used > have:
            faults.append(f"{used} hosts of orbit {orbit}, which has {have}")
    for place, link in enumerate(pool.links):
        parts = sum(pool.columns[c].shares[place] * n for c, n in packing.replicas)
        if parts > SHARE_PARTS:
            faults.append(f"{parts} of {SHARE_PARTS} parts of link {link}")
    return faults


def packing_problem(name: str, pool: ChainPool, count: IntArray) -> FleetProblem:
    """The fleet problem of the module's text over the columns of the pool, in their order.

    Parameters
    ----------
    count : (n_o,) int64
        Hosts of each orbit.

    Raises
    ------
    ValueError
        If the rates of a packing can add up to 2^62.
    """
    columns = pool.columns
    have = count.tolist()
    upper = [_most(column, have) for column in columns]
    most = sum(have) * max((column.rate for column in columns), default=0)
    if most >= _REACH:
        raise ValueError(f"{name}: rates can add up to {most} micro-tokens/s, 2^62 or more")
    grade = {time: place for place, time in enumerate(times_of(columns))}
    orbits = [[(c, column.used[o]) for c, column in enumerate(columns)] for o in range(len(have))]
    shares = [
        [(c, column.shares[place]) for c, column in enumerate(columns)]
        for place in range(len(pool.links))
    ]
    return FleetProblem(
        name=name,
        upper=np.array(upper, dtype=np.int64),
        measures={THROUGHPUT: np.array([-column.rate for column in columns], dtype=np.int64)},
        grades={SPEED: np.array([grade[column.time] for column in columns], dtype=np.int64)},
        cover=SparseInts.from_rows([], len(columns)),
        demand=np.empty(0, dtype=np.int64),
        use=SparseInts.from_rows([*orbits, *shares], len(columns)),
        limit=np.array([*have, *(SHARE_PARTS for _ in pool.links)], dtype=np.int64),
        column_names=tuple(f"chain {c}" for c in range(len(columns))),
        cell_names=(),
        limit_names=(
            *(f"hosts of orbit {o}" for o in range(len(have))),
            *(f"link {link}" for link in pool.links),
        ),
    )


def _most(column: PoolColumn, have: Sequence[int]) -> int:
    """Replicas of one column that the cluster alone has room for."""
    hosts = min(h // u for h, u in zip(have, column.used, strict=True) if u)
    return min([hosts, *(SHARE_PARTS // share for share in column.shares if share)])
