r"""One pipeline by arcs between single hosts, with the layers still to be held as a commodity.

Sets, choices :math:`q_{hkn}`, arcs :math:`x_{ab}` and their rows as in ``chain_hosts``; the
criteria as in ``chain_rows``; pace by the *tight* rows of ``chain_pace``. Beside them, for arcs
between hosts, :math:`f_{ab} \in \mathbb{Z}`, layers that are still to be held when :math:`a` hands
over to :math:`b`; from the entry there are :math:`L`, at the exit none:

.. math::
    x_{ab} \le f_{ab} \le (L - 1)\, x_{ab}, \qquad
    L\, x_{0h} + \sum_a f_{ah} - \sum_b f_{hb} = \sum_{kn} n\, q_{hkn} .

Every host used takes at least one layer out of the flow, so no tour closes without the entry; the
rows of all hosts add up to :math:`\sum_{hkn} n\, q_{hkn} = L`. A single commodity of as much as a
tour serves is from Gavish and Graves ("The travelling salesman problem and related problems", MIT
Operations Research Center, 1978); here it is what the hosts are for.

Size: a column and two rows for each arc between hosts; a row for each host.

Strength: summed over a set :math:`U` of hosts, the flow rows give :math:`L\, x(\delta^-(U)) \ge
\sum_{h \in U} \sum_{kn} n\, q_{hkn} \ge y(U)`, hence :math:`x(A(U)) \le y(U) (1 - 1/L)`. At least
as strong as ``chain_mtz`` where there are no more layers than stages may be (:math:`S = L`): its
order rows can be met for given :math:`x` if and only if no closed tour of differences is negative,
those through the bounds of :math:`u` included, that is

.. math::
    x(C) \le m \Bigl(1 - \frac1S\Bigr) \;\text{for closed tours of } m \text{ arcs}, \qquad
    x(Q) \le (m + 1) \Bigl(1 - \frac1S\Bigr) \;\text{for paths of } m \text{ arcs},

and both follow with :math:`U` the hosts passed, as :math:`y(U) \le |U|`; the tight rows imply the
plain ones. With :math:`S < L` the tours of ``chain_mtz`` are held tighter and neither is contained
in the other by this argument.
"""

from __future__ import annotations

from formulations.placement.chain_hosts import ChainHosts, hosts_size, n_arcs
from formulations.placement.chain_pace import n_tight_rows, put_tight_paces
from formulations.placement.chain_program import ChainProgram
from formulations.placement.chain_rows import ChainRows, measure_size
from formulations.placement.chain_tables import ChainTables
from formulations.size import ProgramSize

__all__ = ["build_chain_layer_flow", "layer_flow_size", "put_layer_flow", "size_chain_layer_flow"]


def put_layer_flow(hosts: ChainHosts) -> None:
    """Add the commodity of layers: its columns, bounds by arcs, and balance at hosts."""
    program = hosts.program
    rows, layers, end = program.rows, program.tables.layers, hosts.end
    balance = rows.add_block(end, lower=0, upper=0)
    for (a, b), arc in hosts.arcs.items():
        if a == end:
            rows.put(balance, b, arc, layers)
        elif b != end:
            flow = program.add(layers - 1)
            rows.put(balance, [a, b], flow, [-1, 1])
            bounds = rows.add_block(2, upper=0)
            rows.put(bounds, [0, 1], flow, [-1, 1])
            rows.put(bounds, [0, 1], arc, [1, 1 - layers])
    for host, choices in enumerate(hosts.choices):
        for (_, n), column in choices.items():
            rows.put(balance, host, column, -n)


def build_chain_layer_flow(tables: ChainTables, *, ordered: bool = True) -> ChainProgram:
    """State the chains with a flow of layers; the model is in the module's text.

    Parameters
    ----------
    ordered
        Whether equal hosts are used in their order.

    Raises
    ------
    ValueError
        If a trunk has a capacity, or criteria could reach 2^60.
    """
    program = ChainRows(tables, "chain_layer_flow")
    hosts = ChainHosts(program, ordered=ordered)
    put_layer_flow(hosts)
    put_tight_paces(hosts)
    return program.stated(program.to_milp(), hosts.decode)


def layer_flow_size(tables: ChainTables) -> ProgramSize:
    """Rows and columns of hosts, flow and criteria, pace left out.

    Raises
    ------
    ValueError
        If a trunk has a capacity.
    """
    hosts, measured = hosts_size(tables, ordered=True), measure_size(tables)
    arcs = n_arcs(tables, inner=True)
    return ProgramSize(
        hosts.rows + measured.rows + int(tables.count.sum()) + 2 * arcs,
        hosts.columns + measured.columns + arcs,
    )


def size_chain_layer_flow(tables: ChainTables) -> ProgramSize:
    """Rows and columns by the formulas of the module's text.

    Raises
    ------
    ValueError
        If a trunk has a capacity.
    """
    size = layer_flow_size(tables)
    return ProgramSize(size.rows + n_tight_rows(tables), size.columns)
