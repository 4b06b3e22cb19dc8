"""One pool of chains packed level by level: the roads that settle how much flows at which speed.

Every packing is checked anew in integers, replica by replica, whoever brought it.
"""

from __future__ import annotations

from dataclasses import replace

from formulations.fleet.problem import SPEED, THROUGHPUT
from formulations.placement.chain_plan import violations
from formulations.placement.chain_pool import ChainPool
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
from solver.sweep.placement.replica_levels import Asked, LevelBook, Settled

__all__ = ["PackingSearch"]


class PackingSearch:
    """One pool, its levels, and the roads that settle them.

    Parameters
    ----------
    engine
        Name of an engine that settles every level; ``None``: the lattice, and what it leaves by
        CP-SAT or HiGHS.

    Attributes
    ----------
    book
        What is known of each level.
    """

    def __init__(
        self,
        question: ChainProblem | ChainTables,
        pool: ChainPool,
        engine: str | None,
        halt: Halt,
    ) -> None:
        self.question, self.pool, self.halt = question, pool, halt
        self.times = times_of(pool.columns)
        self.rank = {time: rank for rank, time in enumerate(self.times)}
        self.book = LevelBook(len(self.times))
        self.engine, self.road = engine, None if engine is None else self._program_road(engine)
        self.engines: set[str] = {LABELS}
        self.solves = 0
        self.ceilings: list[int] = []
        if engine is None and lattice_cells(question.count) <= MOST_LATTICE_CELLS:
            self._by_lattice()

    def _program_road(self, engine: str | None) -> Road:
        problem = packing_problem(self.question.name, self.pool, self.question.count)
        return Road(problem, formulation="counts", engine=engine)

    def _by_lattice(self) -> None:
        """Settle all levels whose best packing keeps within the links; bound the others."""
        columns, count = self.pool.columns, self.question.count
        fits: dict[Packing, bool] = {}
        try:
            for level in lattice_levels(columns, count, should_stop=self.halt):
                rank = len(self.ceilings)
                self.ceilings.append(level.rate)
                if level.packing not in fits:
                    fits[level.packing] = not packing_faults(self.pool, count, level.packing)
                if fits[level.packing]:
                    self.book.settled[rank] = Settled(
                        level.rate, level.packing, LATTICE, "enumeration"
                    )
        except LabelStop:
            # The levels so far are settled; the others are asked, and told that time is up.
            return

    def ask(self, rank: int, reached: int, above: int | None) -> Asked:
        """The greatest rate at a level, where it is more than is reached already."""
        ceiling = self.ceilings[rank] if rank < len(self.ceilings) else None
        bound = min((b for b in (above, ceiling) if b is not None), default=None)
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
