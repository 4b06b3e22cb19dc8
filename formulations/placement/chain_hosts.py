r"""Hosts written out one by one: what every statement of one pipeline over single hosts shares.

Sets: hosts :math:`h = 1, \dots, H`, the :math:`c_o` of every orbit :math:`o` in a row; the way in
and out is a node :math:`0`. Options :math:`k` and layers :math:`n` of host :math:`h` are those
allowed to its orbit with :math:`n \le L`.

Columns: :math:`q_{hkn} \in \{0, 1\}`, host :math:`h` runs as option :math:`k` with :math:`n`
layers; :math:`x_{ab} \in \{0, 1\}` for linked nodes, :math:`a` hands over to :math:`b`. With
:math:`y_h = \sum_{kn} q_{hkn}`, whether a host is used,

.. math::
    \sum_b x_{0b} = \sum_a x_{a0} = 1, \qquad \sum_b x_{hb} = \sum_a x_{ah} = y_h \le 1 .

Equal hosts are used in their order, :math:`y_h \ge y_{h+1}` within an orbit: of all chains that
differ only in which of them stand where, those with a host skipped go.

``chain_pace`` says what holds up the pace. Hosts of an orbit with no option, or that nothing leads
to or from, stay in the statement; their columns are 0.

Size: with :math:`K_h` choices of host :math:`h`, :math:`A` arcs and :math:`E` pairs of equal hosts
in a row, :math:`\sum_h K_h + A` columns; :math:`3 H + 2` rows, and :math:`E` where hosts are
ordered.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_plan import ChainPlan, ChainStage
from formulations.placement.chain_program import hop_orbits
from formulations.placement.chain_rows import ChainRows
from formulations.placement.chain_tables import ChainTables
from formulations.size import ProgramSize

__all__ = [
    "ChainHosts",
    "choices_of",
    "follow",
    "host_orbits",
    "hosts_size",
    "n_arcs",
    "n_choices",
    "n_equal_pairs",
]


def host_orbits(tables: ChainTables) -> list[int]:
    """The orbit of every host, orbit by orbit; (H,)."""
    orbits: list[int] = np.repeat(np.arange(tables.n_orbits), tables.count).tolist()
    return orbits


def choices_of(tables: ChainTables, orbit: int) -> list[tuple[int, int]]:
    """(option, layers) that a host of this orbit may take, L layers at most."""
    option, layers = np.nonzero(
        (tables.allowed & (tables.orbit == orbit)[:, None])[:, : tables.layers + 1]
    )
    return list(zip(option.tolist(), layers.tolist(), strict=True))


def follow(
    onward: dict[int, int], held: dict[int, ChainStage], *, first: int, end: int
) -> ChainPlan:
    """The chain from ``first`` to ``end`` by single hosts; ``ValueError`` where there is none."""
    stages: list[ChainStage] = []
    node = first
    while node != end:
        if node not in held or node not in onward or len(stages) == len(held):
            raise ValueError("the columns are no chain")
        stages.append(held[node])
        node = onward[node]
    if len(stages) != len(held):
        raise ValueError("a host off the chain holds layers")
    return ChainPlan(tuple(stages))


class ChainHosts:
    """Choices and arcs of single hosts in a program; see the module's text.

    Parameters
    ----------
    program
        Columns and rows are added to it.
    ordered
        Whether equal hosts are used in their order.

    Attributes
    ----------
    choices : list, (H,)
        Of each host (option, layers) -> column.
    arcs
        (from, to) -> column; ``end`` stands for the way in or out.
    """

    def __init__(self, program: ChainRows, *, ordered: bool) -> None:
        self.program = program
        self.orbits = host_orbits(program.tables)
        self.end = len(self.orbits)
        self.choices = [
            {
                choice: program.add(choice=choice)
                for choice in choices_of(program.tables, orbit)
            }
            for orbit in self.orbits
        ]  # fmt: skip
        self.arcs: dict[tuple[int, int], int] = {}
        self._add_arcs()
        self._degrees()
        if ordered:
            self._order()

    def orbit_of(self, node: int) -> int:
        """Orbit of a host; ``n_orbits`` for the way in or out."""
        return self.program.tables.n_orbits if node == self.end else self.orbits[node]

    def columns_of(self, host: int) -> IntArray:
        """Columns of the choices of a host."""
        return np.array(list(self.choices[host].values()), dtype=np.int64)

    def onward(self, host: int) -> dict[int, list[int]]:
        """Orbit, or ``n_orbits`` for the exit, -> arcs of a host that lead there."""
        found: dict[int, list[int]] = {}
        for b in range(self.end + 1):
            if (host, b) in self.arcs:
                found.setdefault(self.orbit_of(b), []).append(self.arcs[host, b])
        return found

    def _add_arcs(self) -> None:
        tables, hops = self.program.tables, hop_orbits(self.program.tables)
        for a in range(self.end + 1):
            before = self.orbit_of(a)
            for b in range(self.end + 1):
                after = self.orbit_of(b)
                way_out = b == self.end != a and tables.linked[before, after]
                if way_out or (a != b and after in hops[before]):
                    self.arcs[a, b] = self.program.add(hop=(before, after))

    def _degrees(self) -> None:
        rows, end = self.program.rows, self.end
        once = rows.add_block(2, lower=1, upper=1)
        into = rows.add_block(end, lower=0, upper=0)
        out = rows.add_block(end, lower=0, upper=0)
        used = rows.add_block(end, upper=1)
        for (a, b), column in self.arcs.items():
            rows.put(*((once, 0) if a == end else (out, a)), column, 1)
            rows.put(*((once, 1) if b == end else (into, b)), column, 1)
        for host in range(end):
            for block, sign in ((into, -1), (out, -1), (used, 1)):
                rows.put(block, host, self.columns_of(host), sign)

    def _order(self) -> None:
        rows = self.program.rows
        for host, (orbit, following) in enumerate(pairwise(self.orbits)):
            if orbit == following:
                row = rows.add_block(1, lower=0)
                rows.put(row, 0, self.columns_of(host), 1)
                rows.put(row, 0, self.columns_of(host + 1), -1)

    def decode(self, x: IntArray) -> ChainPlan:
        """The chain that arcs and choices stand for; ``ValueError`` where they stand for none."""
        onward = {a: b for (a, b), column in self.arcs.items() if x[column]}
        held = {
            host: ChainStage(self.orbits[host], *choice)
            for host, choices in enumerate(self.choices)
            for choice, column in choices.items()
            if x[column]
        }
        return follow(onward, held, first=onward.get(self.end, self.end), end=self.end)


def n_choices(tables: ChainTables) -> int:
    """Choices of all hosts."""
    return sum(len(choices_of(tables, orbit)) for orbit in host_orbits(tables))


def n_arcs(tables: ChainTables, *, inner: bool = False) -> int:
    """Arcs of single hosts; with ``inner`` only those between two hosts."""
    hops, count = hop_orbits(tables), tables.count.tolist()
    n = tables.n_orbits
    between: int = sum(
        count[a] * (count[b] - (a == b)) for a in hops if a != n for b in hops[a]
    )  # fmt: skip
    if inner:
        return between
    exits: int = sum(count[a] for a in hops if a != n and tables.linked[a, n])
    entries: int = sum(count[b] for b in hops[n])
    return between + entries + exits


def n_equal_pairs(tables: ChainTables) -> int:
    """E, pairs of equal hosts in a row."""
    return sum(max(0, count - 1) for count in tables.count.tolist())


def hosts_size(tables: ChainTables, *, ordered: bool) -> ProgramSize:
    """Rows and columns of ``ChainHosts`` alone, what ``measure_size`` counts left out."""
    hosts = int(tables.count.sum())
    pairs = n_equal_pairs(tables) if ordered else 0
    return ProgramSize(3 * hosts + 2 + pairs, n_choices(tables) + n_arcs(tables))
