r"""One pipeline by the position of every host: products linearised, one big-M. The textbook one.

Sets: hosts :math:`h = 1, \dots, H`, all told apart; positions :math:`s = 1, \dots, S`, no more than
layers, hosts, and hosts allowed; options and layers as in ``chain_hosts``.

Columns: :math:`q_{hkn} \in \{0, 1\}`; :math:`y_{hs} \in \{0, 1\}`, host :math:`h` stands in
position :math:`s`; :math:`x_{ab} \in \{0, 1\}`, at least 1 where :math:`b` follows :math:`a`, or
(:math:`b = 0`) where :math:`a` is the last.

.. math::
    \sum_s y_{hs} = \sum_{kn} q_{hkn} \le 1, \qquad \sum_h y_{h1} = 1, \qquad
    \sum_h y_{h,s+1} \le \sum_h y_{hs}, \qquad \sum_{hkn} n\, q_{hkn} = L

.. math::
    y_{as} + y_{b,s+1} - 1 \le x_{ab} \quad \forall\, a \ne b,\, s < S, \qquad
    y_{as} - \sum_b y_{b,s+1} \le x_{a0} \quad \forall\, a, s

with 0 in place of :math:`x` where there is no link (McCormick's lower envelope of the product
:math:`y_{as} y_{b,s+1}`, "Computability of global solutions to factorable nonconvex programs",
Mathematical Programming 10, 1976). The entry leads to :math:`y_{h1}`. Criteria as in
``chain_rows``, pace by rows as the *plain* ones of ``chain_pace``. As arcs are bounded from below
alone, latency may lie above that of the chain.

Size: :math:`\sum_h K_h + H S + A'` columns with :math:`A'` arcs, those from the entry not counted;
:math:`2 H + S + 1 + H (H - 1)(S - 1) + H S` rows and those of pace.

Strength: weak. A product of two halves costs nothing: with every :math:`y_{hs} \le 1/2` the arcs
between hosts vanish, and so do their hops in latency and, with :math:`v_{ho} = 0`, all paces.
Hosts that are equal are copies, :math:`\prod_o c_o!` of each chain at most; no order among them is
said, as it is the one to measure others against.
"""

from __future__ import annotations

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_hosts import choices_of, follow, host_orbits, n_arcs, n_choices
from formulations.placement.chain_pace import (
    n_entry_hosts,
    n_targets,
    paces_of,
    targets_of,
    widest_pace,
)
from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_program import ChainProgram, hop_orbits, most_stages
from formulations.placement.chain_rows import ChainRows, measure_size
from formulations.placement.chain_tables import ChainTables
from formulations.size import ProgramSize

__all__ = ["build_chain_positions", "size_chain_positions"]


class _Positions:
    """Choices, positions and arcs, and the rows between them."""

    def __init__(self, program: ChainRows) -> None:
        self.program = program
        tables = program.tables
        self.orbits = host_orbits(tables)
        self.end, ends = len(self.orbits), tables.n_orbits
        self.hops = hop_orbits(tables)
        self.choices = [
            {choice: program.add(choice=choice) for choice in choices_of(tables, orbit)}
            for orbit in self.orbits
        ]
        self.y = np.zeros((self.end, program.stages), dtype=np.int64)
        for h, orbit in enumerate(self.orbits):
            for s in range(program.stages):
                # The entry leads to the first position, and costs nothing where it must not.
                entered = s == 0 and orbit in self.hops[ends]
                shut = s == 0 and not entered
                self.y[h, s] = program.add(0 if shut else 1, hop=(ends, orbit) if entered else None)
        self.arcs: dict[tuple[int, int], int] = {}
        for a, before in enumerate(self.orbits):
            for b, after in enumerate(self.orbits):
                if a != b and after in self.hops[before]:
                    self.arcs[a, b] = program.add(hop=(before, after))
            if tables.linked[before, ends]:
                self.arcs[a, self.end] = program.add(hop=(before, ends))

    def columns_of(self, host: int) -> IntArray:
        return np.array(list(self.choices[host].values()), dtype=np.int64)

    def stand(self) -> None:
        """One host in a position, no position skipped, all layers held."""
        rows, y = self.program.rows, self.y
        layers = self.program.tables.layers
        held = rows.add_block(1, lower=layers, upper=layers)
        for h in range(self.end):
            row = rows.add_block(1, lower=0, upper=0)
            rows.put(row, 0, y[h], 1)
            rows.put(row, 0, self.columns_of(h), -1)
            rows.put(rows.add_block(1, upper=1), 0, self.columns_of(h), 1)
            for (_, n), column in self.choices[h].items():
                rows.put(held, 0, column, n)
        first = rows.add_block(1, lower=1, upper=1)
        if not self.program.stages:
            return
        rows.put(first, 0, y[:, 0], 1)
        for s in range(1, self.program.stages):
            row = rows.add_block(1, lower=0)
            rows.put(row, 0, y[:, s - 1], 1)
            rows.put(row, 0, y[:, s], -1)

    def follow_each_other(self) -> None:
        """Arcs are at least the products of neighbouring positions."""
        rows, y, stages = self.program.rows, self.y, self.program.stages
        for a in range(self.end):
            for s in range(stages):
                row = rows.add_block(1, upper=0)
                rows.put(row, 0, y[a, s], 1)
                if s + 1 < stages:
                    rows.put(row, 0, y[:, s + 1], -1)
                if (a, self.end) in self.arcs:
                    rows.put(row, 0, self.arcs[a, self.end], -1)
            for b in range(self.end):
                if a == b or not stages:
                    continue
                row = rows.add_block(stages - 1, upper=1)
                rows.put(row, np.arange(stages - 1), y[a, :-1], 1)
                rows.put(row, np.arange(stages - 1), y[b, 1:], 1)
                if (a, b) in self.arcs:
                    rows.put(row, np.arange(stages - 1), self.arcs[a, b], -1)

    def keep_pace(self) -> None:
        """The plain rows, with positions and arcs in the place of arcs."""
        program, tables = self.program, self.program.tables
        rows, ends = program.rows, tables.n_orbits
        big = widest_pace(tables) - program.least
        for h, orbit in enumerate(self.orbits):
            paces = paces_of(tables, orbit)
            for place, o in enumerate(targets_of(tables, orbit)):
                row = rows.add_block(1, lower=-big)
                rows.put(row, 0, program.pace, 1)
                rows.put(row, 0, self.columns_of(h), -paces[:, place])
                to = [
                    column for (a, b), column in self.arcs.items()
                    if a == h and o == (ends if b == self.end else self.orbits[b])
                ]  # fmt: skip
                rows.put(row, 0, to, -big)
            if orbit in self.hops[ends]:
                row = rows.add_block(1, lower=-big)
                rows.put(row, 0, program.pace, 1)
                if program.stages:
                    rows.put(row, 0, self.y[h, 0], -int(tables.entry_pace[orbit]) - big)

    def decode(self, x: IntArray) -> ChainPlan:
        """The hosts by position; ``ValueError`` where they are no chain."""
        held = {
            h: ChainStage(self.orbits[h], *choice)
            for h, choices in enumerate(self.choices)
            for choice, column in choices.items()
            if x[column]
        }
        host, position = np.nonzero(x[self.y])
        order = [int(h) for _, h in sorted(zip(position, host, strict=True))]
        onward = dict(zip([self.end, *order], [*order, self.end], strict=True))
        return follow(onward, held, first=onward[self.end], end=self.end)


def build_chain_positions(tables: ChainTables) -> ChainProgram:
    """State the chains by positions; the model is in the module's text.

    Raises
    ------
    ValueError
        If a trunk has a capacity, or criteria could reach 2^60.
    """
    program = ChainRows(tables, "chain_positions")
    positions = _Positions(program)
    positions.stand()
    positions.follow_each_other()
    positions.keep_pace()
    return program.stated(program.to_milp(), positions.decode)


def size_chain_positions(tables: ChainTables) -> ProgramSize:
    """Rows and columns by the formulas of the module's text.

    Raises
    ------
    ValueError
        If a trunk has a capacity.
    """
    measured = measure_size(tables)
    hosts, stages = int(tables.count.sum()), most_stages(tables)
    entered = n_entry_hosts(tables)
    pairs = hosts * (hosts - 1) * max(stages - 1, 0)
    return ProgramSize(
        measured.rows + 2 * hosts + max(stages, 1) + 1 + pairs + hosts * stages
        + n_targets(tables) + entered,
        measured.columns + n_choices(tables) + hosts * stages + n_arcs(tables) - entered,
    )  # fmt: skip
