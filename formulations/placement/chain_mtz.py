r"""One pipeline by arcs between single hosts, subtours kept out by order variables.

Sets, choices :math:`q_{hkn}`, arcs :math:`x_{ab}` and their rows as in ``chain_hosts``; the
criteria as in ``chain_rows``; pace by the *plain* rows of ``chain_pace``. Beside them
:math:`u_h \in \{1, \dots, S\}`, the place of a host in the chain; :math:`S`, its most stages, is
the least of :math:`L`, the number of hosts, and the limit of hosts:

.. math::
    u_b \ge u_a + 1 - S (1 - x_{ab}) \quad \forall\, a, b \ne 0, \qquad
    \sum_{hkn} n\, q_{hkn} = L .

The order rows are those of Miller, Tucker and Zemlin ("Integer programming formulation of traveling
salesman problems", Journal of the ACM 7, 1960): the places of a closed tour would rise without end.

Size: :math:`H` columns, one row for each arc between hosts, and 1.

Strength: around a closed tour of :math:`m` arcs the order rows add up to :math:`x(C) \le m (1 -
1/S)`, and that is all they say of it (Padberg and Sung, "An analytical comparison of different
formulations of the travelling salesman problem", Mathematical Programming 52, 1991): a fractional
tour that meets no layer of the chain may carry hosts and save their hops. Pace is weak: with
:math:`v_{ho} \le 1/2` a plain row says nothing.
"""

from __future__ import annotations

from formulations.placement.chain_hosts import ChainHosts, hosts_size, n_arcs
from formulations.placement.chain_pace import n_entry_hosts, n_targets, put_plain_paces
from formulations.placement.chain_program import ChainProgram
from formulations.placement.chain_rows import ChainRows, measure_size
from formulations.placement.chain_tables import ChainTables
from formulations.size import ProgramSize

__all__ = ["build_chain_mtz", "size_chain_mtz"]


def build_chain_mtz(tables: ChainTables, *, ordered: bool = True) -> ChainProgram:
    """State the chains with order variables; the model is in the module's text.

    Parameters
    ----------
    ordered
        Whether equal hosts are used in their order.

    Raises
    ------
    ValueError
        If a trunk has a capacity, or criteria could reach 2^60.
    """
    program = ChainRows(tables, "chain_mtz")
    hosts = ChainHosts(program, ordered=ordered)
    rows, most = program.rows, max(program.stages, 1)
    places = [program.add(most, lower=1) for _ in hosts.orbits]
    for (a, b), arc in hosts.arcs.items():
        if hosts.end not in (a, b):
            row = rows.add_block(1, upper=most - 1)
            rows.put(row, 0, [places[a], places[b], arc], [1, -1, most])
    held = rows.add_block(1, lower=tables.layers, upper=tables.layers)
    for choices in hosts.choices:
        for (_, n), column in choices.items():
            rows.put(held, 0, column, n)
    put_plain_paces(hosts)
    return program.stated(program.to_milp(), hosts.decode)


def size_chain_mtz(tables: ChainTables) -> ProgramSize:
    """Rows and columns by the formulas of the module's text.

    Raises
    ------
    ValueError
        If a trunk has a capacity.
    """
    hosts, measured = hosts_size(tables, ordered=True), measure_size(tables)
    paces = n_targets(tables) + n_entry_hosts(tables)
    return ProgramSize(
        hosts.rows + measured.rows + n_arcs(tables, inner=True) + 1 + paces,
        hosts.columns + measured.columns + int(tables.count.sum()),
    )
