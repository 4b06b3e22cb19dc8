r"""One pipeline by arcs and a flow of layers, with the pace as rows that hold where they must.

Hosts, arcs and their rows as in ``chain_hosts``, subtours kept out by the flow of
``chain_layer_flow``, criteria as in ``chain_rows``. Pace by the *implied* rows of ``chain_pace``:
:math:`v_{ho} = \sum_{b \in o} x_{hb}` are columns, and

.. math::
    v_{ho} = 1 \;\Rightarrow\; \text{pace} \ge \sum_{kn} w_{kno} q_{hkn}, \qquad
    x_{0h} = 1 \;\Rightarrow\; \text{pace} \ge e_{o(h)} .

Size: ``chain_layer_flow`` without its pace rows, and for :math:`T` pairs of a host and a target and
:math:`e` hosts that the entry leads to, :math:`T` columns, :math:`T` rows, :math:`T + e`
implications.

Strength: the linear relaxation, implications left out, knows the least pace alone, so it is no
stronger than ``chain_layer_flow``; what an engine adds to it is its own.
"""

from __future__ import annotations

from formulations.placement.chain_hosts import ChainHosts
from formulations.placement.chain_layer_flow import layer_flow_size, put_layer_flow
from formulations.placement.chain_pace import HandOvers, n_entry_hosts, n_targets
from formulations.placement.chain_program import ChainProgram
from formulations.placement.chain_rows import ChainRows
from formulations.placement.chain_tables import ChainTables
from formulations.size import ProgramSize

__all__ = ["build_chain_indicator", "size_chain_indicator"]


def build_chain_indicator(tables: ChainTables, *, ordered: bool = True) -> ChainProgram:
    """State the chains with implied rows; the model is in the module's text.

    Parameters
    ----------
    ordered
        Whether equal hosts are used in their order.

    Raises
    ------
    ValueError
        If a trunk has a capacity, or criteria could reach 2^60.
    """
    program = ChainRows(tables, "chain_indicator")
    hosts = ChainHosts(program, ordered=ordered)
    put_layer_flow(hosts)
    paces = HandOvers(hosts)
    return program.stated(paces.implied(program.to_milp()), hosts.decode)


def size_chain_indicator(tables: ChainTables) -> ProgramSize:
    """Rows and columns by the formulas of the module's text.

    Raises
    ------
    ValueError
        If a trunk has a capacity.
    """
    size, pairs = layer_flow_size(tables), n_targets(tables)
    return ProgramSize(size.rows + 2 * pairs + n_entry_hosts(tables), size.columns + pairs)
