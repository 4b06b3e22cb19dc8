"""Placement instances, single pipelines: the lowest price under a limit on the time of a token."""

from __future__ import annotations

from pathlib import Path

from formulations.milp import IntArray
from formulations.placement.chain_labels import LabelLimitError, nondominated_chains
from formulations.placement.chain_plan import value_of, violations
from formulations.placement.chain_registry import CHAIN_FORMULATIONS, get_chain_formulation
from formulations.placement.chain_tables import ChainTables
from formulations.placement.circuit import PRICE, TIME
from solver.bench.kinds.clock import Clock
from solver.bench.kinds.coarse import LARGEST, coarse_tables
from solver.bench.kinds.kind import OWN, Built, Entry, entries_of, wrong_kind
from solver.bench.kinds.level import Level, spread
from solver.bench.kinds.outcome import Outcome
from solver.engines.contract import Engine
from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance
from solver.instance.reading import read_any_instance
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import FlowSpace
from solver.sweep.placement.halt import Halt

__all__ = ["LABELS", "PlacementKind"]

LABELS = "labels"


class PlacementKind:
    """One setting; levels are limits on the time, the reference comes from labels."""

    group = "placement"

    def entries(self) -> tuple[Entry, ...]:
        """The programs, and labels."""
        labels = Entry(
            self.group, LABELS, "algorithm",
            "label setting over layers done and hosts used", "formulations.placement.chain_labels",
            strength="no relaxation: dominance between partial chains", engines=(OWN,),
        )  # fmt: skip
        return (*entries_of(self.group, CHAIN_FORMULATIONS), labels)

    def problem(self, path: Path) -> ChainTables:
        """The tables of the first setting, in coarse units.

        Raises
        ------
        InstanceError
            If it is no question about single pipelines in time and cost.
        """
        instance = read_any_instance(path)
        if not isinstance(instance, PlacementInstance):
            raise wrong_kind(path, self.group)
        space = lower_placement(instance)
        if isinstance(space, FlowSpace):
            raise wrong_kind(path, self.group)
        try:
            return coarse_tables(space.tables_of(0), in_flight=space.settings[0].in_flight)
        except ValueError as error:
            raise InstanceError.one(
                str(error), where=str(path), mend="Ask for speed against cost of one pipeline"
            ) from error

    def levels(
        self, problem: ChainTables, count: int | None, *, time_limit_s: float
    ) -> list[Level]:
        """Points of the frontier from the cheapest to the fastest, then below the fastest."""
        try:
            plans = nondominated_chains(
                problem, joint=True, priced=True, should_stop=Halt.after(time_limit_s, None)
            )
        except LabelLimitError as stopped:
            # No reference; the fastest chain seen so far makes a level that can be met.
            known = [value_of(problem, plan).time for plan in stopped.plans]
            return [Level(0, PRICE, {TIME: min(known, default=LARGEST)})]
        values = sorted((value_of(problem, plan) for plan in plans), key=lambda v: -v.time)
        levels = [
            Level(index, PRICE, {TIME: value.time}, best=value.price, best_by=LABELS)
            for index, value in enumerate(spread(values, count))
        ]
        if count is None or not values:
            # Nothing is faster than the fastest; where there is nothing at all, any limit will do.
            below = {TIME: values[-1].time - 1 if values else LARGEST}
            levels.append(Level(len(levels), PRICE, below, best_by=LABELS))
        return levels

    def applies(self, problem: ChainTables, formulation: str) -> str | None:
        """Why a formulation cannot state the problem, or ``None``."""
        if formulation == LABELS:
            return None
        return get_chain_formulation(formulation).applies(problem)

    def build(self, problem: ChainTables, formulation: str, level: Level) -> Built:
        """State the tables; the level does not enter the statement."""
        del level
        stated = get_chain_formulation(formulation).build(problem)

        def attained(x: IntArray) -> dict[str, int]:
            plan = stated.decode(x)
            broken = violations(problem, plan)
            if broken:
                raise ValueError(broken[0])
            value = value_of(problem, plan)
            return {TIME: value.time, PRICE: value.price}

        return Built(stated.statement, attained)

    def run_algorithm(
        self,
        problem: ChainTables,
        formulation: str,
        engine: Engine | None,
        level: Level,
        *,
        time_limit_s: float,
    ) -> Outcome:
        """Labels for all chains; the level is read off their frontier."""
        del formulation, engine
        clock = Clock()
        try:
            plans = nondominated_chains(
                problem, joint=True, priced=True, should_stop=Halt.after(time_limit_s, None)
            )
        except LabelLimitError as error:
            return Outcome(
                status="time_limit", message=str(error), cpu_s=clock.cpu_s, wall_s=clock.wall_s
            )
        values = [value_of(problem, plan) for plan in plans]
        prices = [value.price for value in values if value.time <= level.upper[TIME]]
        return Outcome(
            status="optimal" if prices else "infeasible",
            incumbent=min(prices, default=None),
            bound=min(prices, default=None),
            cpu_s=clock.cpu_s,
            wall_s=clock.wall_s,
            build_s=0.0,
            rounds=1,
            message=f"{len(values)} nondominated chains",
        )
