r"""Every chain that several replicas on one cluster may be made of: the columns of a packing.

A column :math:`c` uses :math:`u_{co}` hosts of orbit :math:`o`, makes a token every :math:`T_c`
(or has this latency), lets :math:`r_c` micro-tokens/s through and takes a share :math:`s_{cl}` of
every link :math:`l` that hand-overs of several replicas may cross.

What a column may be: of all chains of one setting, those that no other beats in hosts by orbit, in
time (or latency and rate) and in what each hand-over puts on each shared link. Without shared links
that loses nothing, for at one setting the rate falls as the time rises. With them it says what is
no design: a replica that runs slower than another on the same hosts or fewer, at the same setting,
and crosses no shared link less. It would take a smaller share of the links by its slowness alone.

A replica of :math:`M` microbatches in flight keeps a link busy for :math:`M b` of every
:math:`T_c`, :math:`b` the time of all its hand-overs of one microbatch over it; one measured at
rate :math:`r_c` carries :math:`q r_c` bytes of a capacity of :math:`Q`. Shares are counted in
``SHARE_PARTS`` of the link, rounded up, so that no link is ever filled beyond its whole; no replica
alone has more than all of it. The replicas run at the speed that each has alone.

Loads that count make many chains worth having that differ little. So chains are first sought
*apart*, as if every replica had links of its own: those are few, and copies of those known rule out
more (``pool_gate``). Only where their best packings overfill a link the others are sought, and of
these only such as can make a packing better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_stop import LabelLimitError, Progress, Watch
from formulations.placement.chain_tables import ChainTables
from formulations.placement.packing_lattice import MOST_LATTICE_CELLS, lattice_cells
from formulations.placement.pool_column import ChainPool, PoolColumn, column_of, names_of_links
from formulations.placement.pool_filter import smallest_vectors
from formulations.placement.pool_gate import RateGate, gate_of_copies
from formulations.placement.pool_labels import chains_by_hosts

__all__ = ["MOST_POOL_LABELS", "chain_pool", "joined_pools"]

MOST_POOL_LABELS = 20_000_000
"""Labels held at once, at most, for one setting."""


def chain_pool(
    question: ChainProblem | ChainTables,
    *,
    links: Sequence[str] | None = None,
    apart: bool = False,
    gate: RateGate | None = None,
    keep: Callable[[PoolColumn], bool] | None = None,
    most_labels: int = MOST_POOL_LABELS,
    should_stop: Callable[[], bool] | None = None,
    on_progress: Progress | None = None,
) -> ChainPool:
    """The columns of the module's text, less those that another column replaces at no loss.

    A column replaces another if it uses no more hosts of any orbit and no more of any link, and is
    no slower and no less in rate: every packing with the other becomes one with it.

    Parameters
    ----------
    question
        A problem over settings, or tables whose paces are negative rates in micro-tokens/s and
        whose latencies are ps.
    links
        Names of its shared links that are shared among replicas too; ``None``: all of them.
    apart
        Whether chains are compared as if no link were shared among replicas, and also with copies
        of those found before: then no packing of any chains has a greater rate within a time and
        on given hosts than some packing of these, links not regarded. Shares are told all the same.
    gate
        Chains that it refuses need not be found.
    keep
        Whether a column is within limits that the tables do not know; asked before any column
        replaces another. What it refuses it must refuse in every column that is slower or has more
        hosts at the same setting too.

    Returns
    -------
    ChainPool
        Incomplete, and saying so, where labels do not fit or the search was told to stop.

    Raises
    ------
    ValueError
        If a chain takes no time at all, or a rate does not fit into 60 bits.
    """
    problem = question if isinstance(question, ChainProblem) else None
    order = [0] if problem is None else list(range(len(problem.settings)))
    if problem is not None and apart:
        # Large batches carry most, so they rule out most of what smaller ones could do.
        order.sort(key=lambda index: (-problem.settings[index].batch, index))
    watch = Watch(should_stop, on_progress)
    names = names_of_links(question) if links is None else tuple(links)
    columns: tuple[PoolColumn, ...] = ()
    unsearched: list[int] = []
    reason = ""
    for place, setting in enumerate(order):
        tables = question.tables(setting) if isinstance(question, ChainProblem) else question
        try:
            found = chains_by_hosts(
                tables,
                joint=problem is not None,
                loads=() if apart else names,
                batch=None if problem is None else problem.settings[setting].batch,
                gate=_copies(columns, question, gate) if apart else gate,
                most_labels=most_labels,
                watch=watch.part(place, len(order)),
            )
            plans = [plan for _, plan in found]
        except LabelLimitError as error:
            plans, reason = error.plans, reason or str(error)
            unsearched.append(setting)
        made = (column_of(question, setting, plan, tables=tables, links=names) for plan in plans)
        columns = _irreplaceable(
            [
                *columns,
                *(column for column in made if column.rate > 0 and (keep is None or keep(column))),
            ]
        )
    return ChainPool(columns, names, tuple(sorted(unsearched)), reason)


def joined_pools(first: ChainPool, second: ChainPool) -> ChainPool:
    """The columns of both, less those that others replace; incomplete where the second is.

    Raises
    ------
    ValueError
        If their shares are not of the same links.
    """
    if first.links != second.links:
        raise ValueError("shares are of other links")
    columns = _irreplaceable([*first.columns, *second.columns])
    return ChainPool(columns, first.links, second.unsearched, second.reason)


def _copies(
    columns: Sequence[PoolColumn], question: ChainProblem | ChainTables, gate: RateGate | None
) -> RateGate | None:
    """The gate of what is known, where there is something and room for its table."""
    if not columns or lattice_cells(question.count) > MOST_LATTICE_CELLS:
        return gate
    return gate_of_copies(columns, question.count)


def _irreplaceable(columns: Sequence[PoolColumn]) -> tuple[PoolColumn, ...]:
    """Columns that no other replaces, by time, rate and setting."""
    if not columns:
        return ()
    ordered = sorted(columns, key=lambda c: (c.time, -c.rate, sum(c.used), c.setting))
    rows = np.array(
        [(c.time, -c.rate, *c.used, *c.shares) for c in ordered],
        dtype=np.int64,
    )
    return tuple(ordered[position] for position in smallest_vectors(rows).tolist())
