r"""What single hosts hold up: the pace of a chain as rows of a program, three ways.

Columns as in ``chain_hosts``: :math:`q_{hkn}`, arcs :math:`x_{ab}`, :math:`y_h = \sum_{kn}
q_{hkn}`, :math:`v_{ho} = \sum_{b \in o} x_{hb}` with the exit as one more :math:`o`. :math:`P` is
the least pace of a chain (``chain_program``); all paces below it count as :math:`P`. :math:`W` is
the greatest pace of a stage or an entry, or 0.

*Plain*, one big-M for all:

.. math::
    \text{pace} \ge \sum_{kn} w_{kno} q_{hkn} - (W - P) (1 - v_{ho}), \qquad
    \text{pace} \ge e_{o(h)} x_{0h} - (W - P)(1 - x_{0h}) .

*Tight*, with :math:`u_{kn} = \min_o w_{kno}` and :math:`M_{ho} = \max_{kn} (w_{kno} - u_{kn})`:

.. math::
    \text{pace} \ge P + \sum_{kn} (w_{kno} - P - M_{ho}) q_{hkn} + M_{ho} v_{ho}, \qquad
    \text{pace} \ge P + \sum_h (e_{o(h)} - P) x_{0h} .

Where what a hand-over adds is the same for every choice, :math:`w_{kno} = u_{kn} + a_{ho}`, the
rows of a host become one, :math:`\text{pace} \ge P + \sum_{kn} (u_{kn} - P) q_{hkn} + \sum_o a_{ho}
v_{ho}`, which is their sum's worth: it implies each, as :math:`a_{ho} = M_{ho}` and no term is
negative.

*Implied*: :math:`v_{ho}` is a column, :math:`v_{ho} = 1 \Rightarrow \text{pace} \ge \sum_{kn}
w_{kno} q_{hkn}` and :math:`x_{0h} = 1 \Rightarrow \text{pace} \ge e_{o(h)}`; no row of the linear
relaxation knows of pace.

The tight rows hold: of a host that holds :math:`(k, n)` and hands over elsewhere the right side is
:math:`w_{kno} - M_{ho} \le u_{kn}`, of an idle one :math:`P`. They imply the plain ones, since the
right sides differ by :math:`W (1 - y_h) + (W - P - M_{ho}) (y_h - v_{ho}) \ge 0`.

Size: with :math:`T` pairs of a host and an orbit (or the exit) it may hand over to, and :math:`e`
hosts that the entry leads to: plain :math:`T + e` rows; tight :math:`1 + ` one row for each host
whose hand-overs add the same for all choices (if there are any), and one for each of its pairs for
any other; implied :math:`T` columns, :math:`T` rows, and :math:`T + e` implications.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from formulations.indicator import IndicatorProgram
from formulations.milp import INFINITY, IntArray, Milp
from formulations.placement.chain_hosts import ChainHosts, choices_of, host_orbits
from formulations.placement.chain_program import hop_orbits, least_pace
from formulations.placement.chain_tables import ChainTables

__all__ = [
    "HandOvers",
    "n_entry_hosts",
    "n_targets",
    "n_tight_rows",
    "paces_of",
    "put_plain_paces",
    "put_tight_paces",
    "targets_of",
    "widest_pace",
]


def targets_of(tables: ChainTables, orbit: int) -> list[int]:
    """Orbits that a host of ``orbit`` may hand over to; ``n_orbits`` if it may end the chain."""
    n = tables.n_orbits
    return [*hop_orbits(tables)[orbit], *([n] if tables.linked[orbit, n] else [])]


def paces_of(tables: ChainTables, orbit: int) -> IntArray:
    """Pace by choice and target, P at least; as ``choices_of`` and ``targets_of`` are ordered."""
    choices, targets = choices_of(tables, orbit), targets_of(tables, orbit)
    paces = np.array(
        [[int(tables.pace[k, n, o]) for o in targets] for k, n in choices], dtype=np.int64
    ).reshape(len(choices), len(targets))
    return np.maximum(paces, least_pace(tables))


def widest_pace(tables: ChainTables) -> int:
    """W, the greatest pace of a stage or an entry, or 0."""
    stages = tables.pace[tables.allowed]
    return max(0, int(stages.max(initial=0)), int(tables.entry_pace.max(initial=0)))


def put_plain_paces(hosts: ChainHosts) -> None:
    """Add the plain rows."""
    program = hosts.program
    tables, rows, pace = program.tables, program.rows, program.pace
    big = widest_pace(tables) - program.least
    for h, orbit in enumerate(hosts.orbits):
        paces, onward = paces_of(tables, orbit), hosts.onward(h)
        for place, o in enumerate(targets_of(tables, orbit)):
            row = rows.add_block(1, lower=-big)
            rows.put(row, 0, pace, 1)
            rows.put(row, 0, hosts.columns_of(h), -paces[:, place])
            rows.put(row, 0, onward.get(o, []), -big)
        if (hosts.end, h) in hosts.arcs:
            row = rows.add_block(1, lower=-big)
            rows.put(row, 0, pace, 1)
            rows.put(row, 0, hosts.arcs[hosts.end, h], -int(tables.entry_pace[orbit]) - big)


def _added(paces: IntArray) -> tuple[IntArray, IntArray, bool]:
    """u by choice, M by target, and whether what each target adds is the same for every choice."""
    least = paces.min(axis=1)
    added = paces - least[:, None]
    return least, added.max(axis=0), bool((added == added[0]).all())


def put_tight_paces(hosts: ChainHosts) -> None:
    """Add the tight rows."""
    program = hosts.program
    tables, rows, pace, low = program.tables, program.rows, program.pace, program.least
    for h, orbit in enumerate(hosts.orbits):
        paces, onward = paces_of(tables, orbit), hosts.onward(h)
        if not paces.size:
            continue
        least, added, same = _added(paces)
        mine, targets = hosts.columns_of(h), targets_of(tables, orbit)
        for place in range(1 if same else len(targets)):
            row = rows.add_block(1, lower=low)
            rows.put(row, 0, pace, 1)
            weights = least - low if same else paces[:, place] - low - added[place]
            rows.put(row, 0, mine, -weights)
            for other in range(len(targets)) if same else (place,):
                rows.put(row, 0, onward.get(targets[other], []), -added[other])
    row = rows.add_block(1, lower=low)
    rows.put(row, 0, pace, 1)
    for (a, b), column in hosts.arcs.items():
        if a == hosts.end:
            entry = int(tables.entry_pace[hosts.orbits[b]])
            rows.put(row, 0, column, low - max(entry, low))


class HandOvers:
    """Columns :math:`v_{ho}`, and the paces that they imply."""

    def __init__(self, hosts: ChainHosts) -> None:
        self.hosts = hosts
        program = hosts.program
        self.columns: dict[tuple[int, int], int] = {}
        for h, orbit in enumerate(hosts.orbits):
            onward = hosts.onward(h)
            for o in targets_of(program.tables, orbit):
                v = self.columns[h, o] = program.add()
                row = program.rows.add_block(1, lower=0, upper=0)
                program.rows.put(row, 0, v, -1)
                program.rows.put(row, 0, onward.get(o, []), 1)

    def implied(self, milp: Milp) -> IndicatorProgram:
        """The program with the implications beside its rows."""
        hosts, program = self.hosts, self.hosts.program
        tables, pace = program.tables, program.pace
        binary: list[int] = []
        bound: list[int] = []
        parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        for (h, o), v in self.columns.items():
            orbit = hosts.orbits[h]
            paces = paces_of(tables, orbit)[:, targets_of(tables, orbit).index(o)]
            kept = paces != 0
            binary.append(v)
            bound.append(0)
            parts.append(
                (np.array([pace, *hosts.columns_of(h)[kept]]), np.array([1, *-paces[kept]]))
            )
        for (a, b), column in hosts.arcs.items():
            if a == hosts.end:
                binary.append(column)
                bound.append(int(tables.entry_pace[hosts.orbits[b]]))
                parts.append((np.array([pace]), np.array([1])))
        empty = np.empty(0, dtype=np.int64)
        return IndicatorProgram(
            milp=milp,
            binary=np.array(binary, dtype=np.int64),
            row_start=np.cumsum([0, *(len(columns) for columns, _ in parts)], dtype=np.int64),
            column_index=np.concatenate([empty, *(columns for columns, _ in parts)]),
            value=np.concatenate([empty, *(values for _, values in parts)]),
            row_lower=np.array(bound, dtype=np.int64),
            row_upper=np.full(len(binary), INFINITY, dtype=np.int64),
        )


def n_targets(tables: ChainTables) -> int:
    """T, pairs of a host and an orbit, or the exit, that it may hand over to."""
    return sum(len(targets_of(tables, orbit)) for orbit in host_orbits(tables))


def n_entry_hosts(tables: ChainTables) -> int:
    """e, hosts that the entry leads to."""
    return sum(int(tables.count[o]) for o in hop_orbits(tables)[tables.n_orbits])


def n_tight_rows(tables: ChainTables) -> int:
    """Rows of ``put_tight_paces``."""
    rows = 1
    for orbit, count in enumerate(tables.count.tolist()):
        paces = paces_of(tables, orbit) if count else np.empty((0, 0), dtype=np.int64)
        if paces.size:
            rows += count * (1 if _added(paces)[2] else paces.shape[1])
    return rows
