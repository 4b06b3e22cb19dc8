"""Chains of a question as images: what a plan at a setting is worth, and the plan of a design."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from formulations.placement.chain_frontier import COST_SCALE
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from formulations.placement.chain_tables import ChainTables
from solver.errors import EngineError
from solver.lowering.placement.space import MICRO, ChainSpace
from solver.sweep.placement.image import COST, Image
from solver.topology.paths import PS_PER_S

__all__ = ["Chains", "time_limit_ps"]


def time_limit_ps(space: ChainSpace) -> int | None:
    """Most picoseconds a token may take by ``min_speed``, rounded down; ``None``: no limit."""
    least = space.instance.limits.min_speed_tok_per_s
    return None if least is None else int(Fraction(PS_PER_S) / least)


class Chains:
    """The tables of a space, each built once, and what follows from them.

    Parameters
    ----------
    space
        Of single chains.
    """

    def __init__(self, space: ChainSpace) -> None:
        self.space = space
        self.trade_off = space.instance.trade_off
        self.n_settings = len(space.settings) if space.problem is not None else 1
        self.tables = lru_cache(maxsize=None)(self._tables)

    def _tables(self, setting: int) -> ChainTables:
        return self.space.tables_of(setting)

    def image(self, setting: int, plan: ChainPlan) -> Image:
        """What a plan is worth, after checking it.

        Raises
        ------
        EngineError
            If the plan breaks a rule of the tables.
        """
        tables = self.tables(setting)
        faults = violations(tables, plan)
        if faults:
            raise EngineError.one(
                f"a chain fails its check: {faults[0]}",
                where=f"placement {tables.name}",
                mend="Report this with the instance",
            )
        value = value_of(tables, plan)
        problem = self.space.problem
        if problem is None:
            return value.latency, value.pace
        batch = problem.settings[setting].batch
        if self.trade_off[-1] == COST:
            return value.time, self.cost_of(setting, value.price, value.time)
        return value.time, -(batch * PS_PER_S * MICRO // value.time)

    def cost_of(self, setting: int, price: int, time_ps: int) -> Fraction:
        """US$ per million tokens of a chain of this price and time."""
        problem = self.space.problem
        if problem is None:
            raise ValueError(f"{self.space.instance.name}: measured chains have no cost")
        return Fraction(
            price * time_ps,
            problem.settings[setting].batch * COST_SCALE * problem.price_per_usd,
        )

    def allows(self, image: Image) -> bool:
        """Whether an image meets the limits on objectives."""
        slowest = time_limit_ps(self.space)
        dearest = self.space.instance.limits.max_cost_usd_per_mtok
        if slowest is not None and image[0] > slowest:
            return False
        return self.trade_off[-1] != COST or dearest is None or image[-1] <= dearest

    def plan_of(self, design: Mapping[str, Any]) -> tuple[int, ChainPlan]:
        """The setting and plan behind a design as a result tells it.

        Raises
        ------
        LookupError, TypeError, ValueError
            If the design names something that the question does not have.
        """
        place = {host: o for o, hosts in enumerate(self.space.orbits) for host in hosts}
        asked = int(design["microbatch"]), int(design["in_flight"])
        settings = [(s.microbatch, s.in_flight) for s in self.space.settings]
        stages = []
        for told in design["stages"]:
            orbit = place[told["host"]]
            options = [
                option
                for option, meaning in enumerate(self.space.meanings)
                if meaning.orbit == orbit and meaning.tensor_parallel == told["tensor_parallel"]
            ]
            if not options:
                raise ValueError(f"{told['host']} does not run at {told['tensor_parallel']!r:.40}")
            stages.append(ChainStage(orbit, options[0], int(told["layers"])))
        return settings.index(asked), ChainPlan(tuple(stages))
