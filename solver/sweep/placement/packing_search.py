"""One pool of chains packed level by level: the roads that settle how much flows at which speed.

Every packing is checked anew in integers, replica by replica, whoever brought it.

A pool of chains that were found *apart* (``chain_pool``) bounds every level by what its best
packing carries, links not counted. A level is open where no packing of the pool that keeps within
the links reaches that; ``gate`` says which further chains could change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formulations.fleet.problem import SPEED, THROUGHPUT
from formulations.placement.chain_plan import violations
from formulations.placement.chain_problem import ChainProblem
from formulations.placement.chain_stop import LabelStop
from formulations.placement.chain_tables import ChainTables
from formulations.placement.packing import (
    Packing,
    packing_faults,
    packing_problem,
    rate_of,
    time_of,
    times_of,
)
from formulations.placement.packing_lattice import (
    MOST_LATTICE_CELLS,
    lattice_cells,
    lattice_levels,
)
from formulations.placement.pool_column import ChainPool
from formulations.placement.pool_gate import RateGate, gate_of_levels
from solver.engines.contract import Termination
from solver.errors import EngineError
from solver.sweep.fleet.boxes import Box, Stop
from solver.sweep.fleet.roads import Road
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.replica_answer import (
    LABELS,
    LATTICE,
    OpenSpan,
    PackedReplica,
    ReplicaAnswer,
    ReplicaPoint,
)
from solver.sweep.placement.replica_levels import Asked, LevelBook, Settled, settle_levels

__all__ = ["PackingSearch"]


class PackingSearch:
    """One pool, its levels, and the roads that settle them.

    Parameters
    ----------
    engine
        Name of an engine that settles every level; ``None``: the lattice, and what it leaves by
        CP-SAT or HiGHS.
    solves
        Programs solved before, for the same question.

    Attributes
    ----------
    book
        What is known of each level.
    ceilings
        Of each level, from the fastest, what no packing exceeds, links not counted; those that
        time was left for.
    """

    def __init__(
        self,
        question: ChainProblem | ChainTables,
        pool: ChainPool,
        engine: str | None,
        halt: Halt,
        *,
        solves: int = 0,
    ) -> None:
        self.question, self.pool, self.halt = question, pool, halt
        self.times = times_of(pool.columns)
        self.rank = {time: rank for rank, time in enumerate(self.times)}
        self.book = LevelBook(len(self.times))
        self.engine, self.road = engine, None if engine is None else self._program_road(engine)
        self.engines: set[str] = {LABELS}
        self.solves = solves
        self.ceilings: list[int] = []
        self._met: dict[int, Settled] = {}
        if lattice_cells(question.count) <= MOST_LATTICE_CELLS:
            self._by_lattice()
        if engine is None:
            self.book.settled.update(self._met)

    @property
    def keeps_within_links(self) -> bool:
        """Whether at every level a packing that is best without regard to links fits into them."""
        return len(self._met) == len(self.times)

    def settle(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Settle all levels, or list those that stay open."""
        settle_levels(self.book, self.ask, on_progress=on_progress)

    def gate(self) -> RateGate | None:
        """Which further chains could make a packing better; ``None`` where none can.

        To be asked when all levels are settled within the pool.
        """
        reached, rate = {}, 0
        for rank, time in enumerate(self.times):
            settled = self.book.settled.get(rank)
            rate = rate if settled is None else max(rate, settled.rate)
            reached[time] = rate
        return gate_of_levels(self.pool.columns, self.question.count, reached)

    def give_up(self, reason: str) -> None:
        """Keep only what holds for chains outside the pool too: levels that meet their ceiling."""
        known = [settled for _, settled in self.book.rises()]
        packings = [settled.packing for settled in known]
        packings += [packing for _, _, packing in self.book.found]
        self.book = LevelBook(len(self.times))
        self.book.settled.update(self._met)
        self.book.found = [
            (self.rank[time_of(self.pool.columns, one)], rate_of(self.pool.columns, one), one)
            for one in packings
        ]

        def refuse(rank: int, reached: int, above: int | None) -> Asked:
            bound = self._bound(rank, above)
            if bound is not None and bound <= reached:
                return Asked(Settled(reached, Packing(()), LATTICE, "bound"), None, 0, 0, "")
            return Asked(None, None, 0, 0, reason, bound)

        settle_levels(self.book, refuse)

    def _bound(self, rank: int, above: int | None) -> int | None:
        """A rate that no packing of this level exceeds."""
        ceiling = self.ceilings[rank] if rank < len(self.ceilings) else None
        return min((b for b in (above, ceiling) if b is not None), default=None)

    def _program_road(self, engine: str | None) -> Road:
        problem = packing_problem(self.question.name, self.pool, self.question.count)
        return Road(problem, formulation="counts", engine=engine)

    def _by_lattice(self) -> None:
        """Bound all levels, and note those whose best packing keeps within the links."""
        columns, count = self.pool.columns, self.question.count
        fits: dict[Packing, bool] = {}
        try:
            for level in lattice_levels(columns, count, should_stop=self.halt):
                rank = len(self.ceilings)
                self.ceilings.append(level.rate)
                if level.packing not in fits:
                    fits[level.packing] = not packing_faults(self.pool, count, level.packing)
                if fits[level.packing]:
                    self._met[rank] = Settled(level.rate, level.packing, LATTICE, "enumeration")
        except LabelStop:
            # The levels so far are settled; the others are asked, and told that time is up.
            return

    def ask(self, rank: int, reached: int, above: int | None) -> Asked:
        """The greatest rate at a level, where it is more than is reached already."""
        # An engine that was named is to settle levels by itself.
        bound = self._bound(rank, above) if self.engine is None else above
        nothing = Packing(())
        if bound is not None and bound <= reached:
            return Asked(Settled(reached, nothing, LATTICE, "bound"), None, 0, 0, "")
        reason = self.halt.reason()
        if reason is not None:
            return Asked(None, None, 0, 0, reason, bound)
        if self.road is None:
            self.road = self._program_road(self.engine)
        answer = self.road.least(
            THROUGHPUT,
            Box({SPEED: rank}, {}),
            stop=Stop(self.halt.deadline, self.halt),
            below=-reached,
            at_least=None if bound is None else -bound,
        )
        self.solves += answer.solves
        self.engines.add(answer.engine)
        if answer.stopped == Termination.INTERRUPTED.value:
            self.halt.interrupted = True
        if answer.empty:
            return Asked(Settled(reached, nothing, answer.engine, answer.closed_by), None, 0, 0, "")
        proved = [b for b in (bound, None if answer.bound is None else -answer.bound) if b]
        bound = min(proved, default=None)
        if answer.plan is None:
            return Asked(None, None, 0, 0, self.halt.reason() or answer.stopped, bound)
        packing = Packing.of_counts(answer.plan.counts)
        rate = self._checked(packing)
        where = self.rank[time_of(self.pool.columns, packing)]
        if answer.stopped and rate != bound:
            stopped = self.halt.reason() or answer.stopped
            return Asked(None, packing, rate, where, stopped, bound)
        settled = Settled(rate, packing, answer.engine, answer.closed_by)
        return Asked(settled, packing, rate, where, "")

    def _checked(self, packing: Packing) -> int:
        """The rate of a packing, once it is seen to hold.

        Raises
        ------
        EngineError
            If it breaks a limit, or a replica a rule of its tables.
        """
        faults = packing_faults(self.pool, self.question.count, packing)
        for index, _ in packing.replicas:
            column = self.pool.columns[index]
            faults += violations(self._tables(column.setting), column.plan)
        if faults:
            raise EngineError.one(
                f"a packing fails its check: {faults[0]}",
                where=f"placement {self.question.name}",
                mend="Report this with the instance",
            )
        return rate_of(self.pool.columns, packing)

    def _tables(self, setting: int) -> ChainTables:
        if isinstance(self.question, ChainTables):
            return self.question
        return self.question.tables(setting)

    def answer(self) -> ReplicaAnswer:
        """What is known, in points and open spans."""
        known = [
            self._point(settled.packing, settled.engine, settled.closed_by)
            for _, settled in self.book.rises()
        ]
        known += [self._point(packing, "", "") for _, _, packing in self.book.found]
        known.sort(key=lambda point: (point.time, -point.rate, not point.engine))
        points: list[ReplicaPoint] = []
        for point in known:
            if not points or point.rate > points[-1].rate:
                points.append(point)
        spans = [
            OpenSpan(
                self.times[one.first - 1] if one.first else 0,
                self.times[one.last],
                one.rate,
                one.bound,
                one.reason,
            )
            for one in sorted(self.book.open, key=lambda one: one.first)
        ]
        if self.pool.unsearched:
            # Chains that were not found could make every level better.
            points = [replace(point, engine="", closed_by="") for point in points]
            spans = [OpenSpan(0, None, 0, None, self.halt.reason() or self.pool.reason)]
        self.engines |= {point.engine for point in points if point.engine}
        return ReplicaAnswer(
            tuple(points),
            tuple(spans),
            len(self.pool.columns),
            self.solves,
            tuple(sorted(self.engines)),
        )

    def _point(self, packing: Packing, engine: str, closed_by: str) -> ReplicaPoint:
        rate = self._checked(packing)
        replicas = [
            PackedReplica(column.setting, column.plan, column.time, column.rate)
            for index, times in packing.replicas
            for column in [self.pool.columns[index]] * times
        ]
        replicas.sort(key=lambda one: (one.time, one.setting, one.plan.stages))
        return ReplicaPoint(replicas[-1].time, rate, tuple(replicas), engine, closed_by)
