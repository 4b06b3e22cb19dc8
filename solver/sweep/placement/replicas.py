"""Several pipelines on one cluster, each on hosts of its own: speed against throughput, complete.

All replicas are at least as fast as the speed of a point, and the sum of their rates is its
throughput. First the pool of chains worth having is found by label setting (``chain_pool``), then
they are packed (``packing``) for every limit on time, which moves by rank in the list of the times
of all columns. Two roads close the levels:

- without an engine named, one dynamic program over budgets of hosts gives the optimum of every
  level (``packing_lattice``), in integers; where links are shared it is an upper bound, proved to
  be met where its packing keeps within the links, and the other road settles the rest;
- the fleet program (``formulations.fleet``) with an engine, level by level.

``packing_search`` holds both, and checks every packing anew.

Chains are found as if links were not shared among replicas. If packings of them that keep within
the links reach at every level what is possible without links, they are the answer. Otherwise the
chains that could change an open level are found too, and all are packed once more.

Limits on price and hosts hold for each replica, as they do for one pipeline; links are shared by
all (see ``chain_pool`` for how they are counted).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from formulations.placement.chain_frontier import COST_SCALE
from formulations.placement.chain_pool import MOST_POOL_LABELS, chain_pool, joined_pools
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_tables import ChainTables
from formulations.placement.pool_column import ChainPool, PoolColumn
from formulations.placement.pool_gate import RateGate
from solver.errors import InstanceError
from solver.lowering.placement.space import ChainSpace
from solver.sweep.placement.chain_space import time_limit_ps
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.packing_search import PackingSearch
from solver.sweep.placement.replica_answer import (
    LABELS,
    LATTICE,
    OpenSpan,
    PackedReplica,
    ReplicaAnswer,
    ReplicaPoint,
)
from solver.sweep.placement.replica_links import with_links_of_all

__all__ = [
    "LABELS",
    "LATTICE",
    "OpenSpan",
    "PackedReplica",
    "ReplicaAnswer",
    "ReplicaPoint",
    "sweep_packings",
    "sweep_replicas",
]

Progress = Callable[[int, int], None]


def sweep_replicas(
    space: ChainSpace,
    *,
    engine: str | None = None,
    halt: Halt | None = None,
    on_progress: Progress | None = None,
    most_labels: int = MOST_POOL_LABELS,
) -> ReplicaAnswer:
    """The frontier of the time of the slowest replica against the sum of rates.

    No packing fills a link of the network beyond its whole: see ``replica_links``. Parameters and
    errors are those of ``sweep_packings``.
    """
    counted, links = with_links_of_all(space)
    return sweep_packings(
        counted,
        links=links,
        engine=engine,
        halt=halt,
        on_progress=on_progress,
        most_labels=most_labels,
    )


def sweep_packings(
    space: ChainSpace,
    *,
    links: Sequence[str] | None = None,
    engine: str | None = None,
    halt: Halt | None = None,
    on_progress: Progress | None = None,
    most_labels: int = MOST_POOL_LABELS,
) -> ReplicaAnswer:
    """The same, where links of the space are shared by replicas and no others.

    Parameters
    ----------
    links
        Names of the links of the space that replicas share; ``None``: all of them.
    engine
        ``highs``, ``cp-sat`` or ``scip``: the fleet program settles every level. ``None``: the
        dynamic program, and CP-SAT or HiGHS for what it leaves.
    halt
        When to give up; what is found by then is handed out, and the rest is open.
    on_progress
        Called with (done, to do): first over hosts, then over levels.
    most_labels
        Labels of chains held at once, at most.

    Raises
    ------
    InstanceError
        If a limit on the cost per token is set where rates are measured.
    EngineError
        If a packing fails its check.
    """
    stop = Halt() if halt is None else halt
    question, keep = _question(space), _limits(space)
    searches: list[PackingSearch] = []

    def pack(pool: ChainPool, *, solves: int = 0) -> None:
        searches.append(PackingSearch(question, pool, engine, stop, solves=solves))

    def find(*, apart: bool, gate: RateGate | None = None) -> ChainPool:
        return chain_pool(
            question,
            links=links,
            apart=apart,
            gate=gate,
            keep=keep,
            most_labels=most_labels,
            should_stop=stop,
            on_progress=on_progress,
        )

    def find_more() -> None:
        """Chains that open levels lack, where there are any."""
        gate = searches[0].gate()
        if gate is None:
            return
        found = find(apart=False, gate=gate)
        pool = joined_pools(searches[0].pool, found)
        if found.unsearched:
            searches[0].give_up(stop.reason() or found.reason)
        elif pool.columns != searches[0].pool.columns:
            pack(pool, solves=searches[0].solves)

    stop.run(lambda: pack(find(apart=True)))
    first = searches[0]
    first.settle(on_progress)
    if first.pool.unsearched or first.keeps_within_links:
        return first.answer()
    if first.book.open:
        first.give_up(first.book.open[0].reason)
        return first.answer()
    stop.run(find_more)
    if searches[-1] is not first:
        searches[-1].settle(on_progress)
    return searches[-1].answer()


def _question(space: ChainSpace) -> ChainProblem | ChainTables:
    if space.problem is not None:
        return space.problem
    if space.tables is None:
        raise ValueError(f"{space.instance.name}: neither a problem nor tables")
    return space.tables


def _limits(space: ChainSpace) -> Callable[[PoolColumn], bool]:
    """Whether a column keeps the limits on speed and on cost per token.

    They may be asked of the columns that label setting leaves: on the same hosts or fewer, of one
    price each, a chain that is no slower at the same setting is no dearer per token.
    """
    slowest = time_limit_ps(space)
    most = space.instance.limits.max_cost_usd_per_mtok
    problem = space.problem
    if most is None:
        return lambda column: slowest is None or column.time <= slowest
    if problem is None:
        raise InstanceError.one(
            "a limit on the cost per token, where rates are measured and nothing is priced",
            where=f"{space.instance.name}: limits",
            mend="Leave the limit out, or limit the price an hour",
        )
    prices: dict[int, set[int]] = {}
    for option in problem.options:
        prices.setdefault(option.orbit, set()).add(option.price)
    if any(len(several) > 1 for several in prices.values()):
        raise ValueError(f"{problem.name}: hosts of one orbit differ in price")
    scale = COST_SCALE * problem.price_per_usd

    def keep(column: PoolColumn) -> bool:
        price = sum(problem.options[stage.option].price for stage in column.plan.stages)
        batch = problem.settings[column.setting].batch
        within = slowest is None or column.time <= slowest
        return within and Fraction(price * column.time, batch * scale) <= most

    return keep
