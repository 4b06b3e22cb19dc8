r"""Columns of one pipeline as they are asked for, and the rows that measure a chain.

Every linear formulation of one pipeline tells of each column what it adds to latency, price, stages
and loads of trunks. What they share is then said once, for all columns :math:`x_j`:

.. math::
    \text{time} \ge \sum_j t_j x_j, \qquad \text{time} \ge \text{pace}, \qquad
    \sum_j p_j x_j \le \text{most price}, \qquad \sum_j s_j x_j \le \text{most hosts}

with the last two only where there is such a limit. A trunk of factor :math:`f` with loads
:math:`q_j` is one row where no pace is negative,

.. math::
    \text{pace} \ge f \sum_j q_j x_j .

Else it may bind only where it is used, by a binary :math:`z`, with :math:`P < 0` the least pace and
:math:`S` the most stages:

.. math::
    \sum_j q_j x_j \le (S + 1) \max_j q_j\, z, \qquad
    \text{pace} \ge f \sum_j q_j x_j + P (1 - z) .

Size: 2 columns and 2 rows, one row for each limit and trunk; one row and column more a trunk where
:math:`P < 0`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from formulations.indicator import IndicatorProgram
from formulations.milp import IntArray, Milp
from formulations.placement.chain_plan import ChainPlan, violations
from formulations.placement.chain_program import (
    LATENCY,
    PACE,
    PRICE,
    TIME,
    ChainProgram,
    least_pace,
    most_latency,
    most_pace,
    most_stages,
    not_linear,
)
from formulations.placement.chain_tables import ChainTables
from formulations.rows import SparseRows
from formulations.size import ProgramSize

__all__ = ["ChainRows", "measure_size"]

_REACH = 2**60


class ChainRows:
    """Collects the program of one pipeline; columns ``pace`` and ``time`` come first.

    Parameters
    ----------
    formulation
        Its name, for messages.
    time_most
        An upper bound of the column ``time``; ``None`` is that of all chains.

    Raises
    ------
    ValueError
        If the tables have a trunk with a capacity.
    """

    def __init__(
        self, tables: ChainTables, formulation: str, *, time_most: int | None = None
    ) -> None:
        self.tables = tables
        self.formulation = formulation
        fault = not_linear(tables)
        if fault is not None:
            raise ValueError(f"{self.name}: {fault}")
        self.rows = SparseRows()
        self.stages = most_stages(tables)
        self.least, self.most = least_pace(tables), most_pace(tables)
        self._lower: list[int] = []
        self._upper: list[int] = []
        self._latency: list[int] = []
        self._price: list[int] = []
        self._stage: list[int] = []
        self._loads: list[list[int]] = [[] for _ in tables.trunks]
        self.pace = self.add(self.most, lower=self.least)
        longest = max(0, self.most, most_latency(tables))
        if time_most is not None:
            longest = min(longest, time_most)
        self.time = self.add(longest, lower=min(longest, max(0, self.least)))

    @property
    def name(self) -> str:
        """Tables and formulation, for messages."""
        return f"{self.tables.name}/{self.formulation}"

    @property
    def n_columns(self) -> int:
        """Columns so far."""
        return len(self._upper)

    def add(
        self,
        upper: int = 1,
        *,
        lower: int = 0,
        choice: tuple[int, int] | None = None,
        hop: tuple[int, int] | None = None,
    ) -> int:
        """Add a column; returns its index.

        Parameters
        ----------
        choice
            (option, layers) of the stage that it stands for.
        hop
            (from, to) of the hand-over that it stands for, as orbits; ``n_orbits`` is the way in
            or out.
        """
        tables = self.tables
        self._lower.append(lower)
        self._upper.append(upper)
        latency = 0 if choice is None else int(tables.stage_time[choice])
        self._latency.append(latency + (0 if hop is None else int(tables.hop_time[hop])))
        self._price.append(0 if choice is None else int(tables.price[choice[0]]))
        self._stage.append(0 if choice is None else 1)
        for loads, trunk in zip(self._loads, tables.trunks, strict=True):
            loads.append(0 if hop is None else int(trunk.load[hop]))
        return self.n_columns - 1

    def to_milp(self) -> Milp:
        """The program with the rows that measure a chain.

        Raises
        ------
        ValueError
            If latency, price or a load of all columns together could reach 2^60.
        """
        tables, rows = self.tables, self.rows
        for row, trunk in enumerate(tables.trunks):
            loads = self._row(self._loads[row], trunk.name)
            top = (self.stages + 1) * int(trunk.load.max())
            pace = rows.add_block(1, lower=min(self.least, 0))
            rows.put(pace, 0, self.pace, 1)
            rows.put(pace, 0, np.arange(len(loads)), -trunk.factor * loads)
            if self.least < 0:
                used = self.add()
                rows.put(pace, 0, used, self.least)
                busy = rows.add_block(1, upper=0)
                rows.put(busy, 0, np.arange(len(loads)), loads)
                rows.put(busy, 0, used, -top)
        latency = self._row(self._latency, LATENCY)
        price = self._row(self._price, PRICE)
        columns = np.arange(self.n_columns)
        stages = self._row(self._stage, "stages")
        for weights, most in ((price, tables.max_price), (stages, tables.max_hosts)):
            if most is not None:
                rows.put(rows.add_block(1, upper=most), 0, columns, weights)
        slower = rows.add_block(2, lower=0)
        rows.put(slower, [0, 1], self.time, 1)
        rows.put(slower, 0, columns, -latency)
        rows.put(slower, 1, self.pace, -1)
        unit = np.eye(2, self.n_columns, dtype=np.int64)
        return rows.to_milp(
            self.name,
            lower=np.array(self._lower, dtype=np.int64),
            upper=np.array(self._upper, dtype=np.int64),
            objectives={
                LATENCY: latency,
                PACE: unit[self.pace].copy(),
                PRICE: price,
                TIME: unit[self.time].copy(),
            },
        )

    def _row(self, weights: list[int], what: str) -> IntArray:
        if sum(weights) >= _REACH:
            raise ValueError(f"{self.name}: {what} terms add up to {sum(weights)}, 2^60 or more")
        return np.array(weights, dtype=np.int64)

    def stated(
        self, statement: Milp | IndicatorProgram, decoder: Callable[[IntArray], ChainPlan]
    ) -> ChainProgram:
        """The statement with its way back, which raises where a rule of the tables is broken."""

        def decode(x: IntArray) -> ChainPlan:
            plan = decoder(x)
            faults = violations(self.tables, plan)
            if faults:
                raise ValueError(f"{self.name}: {faults[0]}")
            return plan

        return ChainProgram(self.formulation, self.tables, statement, decode)


def measure_size(tables: ChainTables) -> ProgramSize:
    """Rows and columns that all programs of one pipeline have, whatever else they state.

    Raises
    ------
    ValueError
        If no linear program can state the tables.
    """
    fault = not_linear(tables)
    if fault is not None:
        raise ValueError(f"{tables.name}: {fault}")
    trunks = len(tables.trunks)
    used = trunks if least_pace(tables) < 0 else 0
    limits = (tables.max_price is not None) + (tables.max_hosts is not None)
    return ProgramSize(2 + trunks + used + limits, 2 + used)
