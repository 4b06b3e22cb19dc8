"""The greatest token flow of a question: one point, and the bound that it meets or does not.

Shared links are not known to the search: each pair of hosts has its own capacity there. A plan that
overruns one is routed again with them (``flow_routing``); what the bound then leaves is open.
"""

from __future__ import annotations

import time
from fractions import Fraction

from formulations.placement.plan import rate_of
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe import describe_flow
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import MICRO, FlowSpace
from solver.sweep.placement.flow_bounds import INTEGERS, engine_of, told_bound
from solver.sweep.placement.flow_routing import routed_within
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.outcome import Claim, OpenRegion, PlacementAnswer, PlacementPoint
from solver.sweep.placement.solve import solve_placement
from solver.sweep.placement.strips import Strip

__all__ = ["FLOW", "answer_flow", "flow_space_of"]

FLOW = "flow"
_FOREVER_S = 86_400.0 * 365
"""What no time limit means to a search that wants one."""


def flow_space_of(instance: PlacementInstance) -> FlowSpace:
    """The throughput problem of a question; ``ValueError`` where it asks for chains."""
    space = lower_placement(instance)
    if not isinstance(space, FlowSpace):
        raise ValueError(f"{instance.name}: the question is not about a flow")
    return space


def answer_flow(
    instance: PlacementInstance, *, engine: str = "cp-sat", halt: Halt | None = None
) -> PlacementAnswer:
    """The greatest flow through hosts that each hold a range of layers.

    Parameters
    ----------
    engine
        Solves the programs of the search; CP-SAT is exact at any size.
    halt
        When to give up; the answer is partial then.

    Raises
    ------
    FleetError
        If the question cannot be lowered, or an answer fails its check.
    """
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    notes: tuple[str, ...] = ()
    if instance.rounding is not None:
        notes = ("links are counted as they are: rounding is for single pipelines",)
    stop = Halt() if halt is None else halt
    space = flow_space_of(instance)
    points: tuple[PlacementPoint, ...] = ()
    claims: tuple[Claim, ...] = ()
    opened: tuple[OpenRegion, ...] = ()
    engines: tuple[str, ...] = (INTEGERS,)
    solves = 0
    reason = stop.reason()
    found = None
    if reason is None:
        try:
            limit_s = _FOREVER_S if stop.left_s is None else stop.left_s
            found = solve_placement(space.problem, engine=engine, time_limit_s=limit_s)
        except ValueError as error:
            # Too many stage patterns, rates too large: nothing is concluded from it.
            reason = str(error)
        except KeyboardInterrupt:
            reason = "interrupted"
    if found is None:
        opened = (OpenRegion(Strip(None, None, None), reason or "stopped"),)
    else:
        plan, rerouted = routed_within(space, found.plan)
        rate, solves = rate_of(plan), found.solves
        if solves:
            engines = (*engines, engine)
        if rate:
            points = (PlacementPoint((-rate,), describe_flow(space, plan)),)
        facts = told_bound(found.proof)
        strip = Strip(None, None, -rate if rate else None)
        if rate == found.bound:
            claims = (Claim(strip, engine_of(found.proof), "bound", facts),)
        else:
            why = stop.reason() or "plan and bound do not meet"
            if rerouted:
                why = "hosts share links; the flow was routed within them, the bound knows none"
            opened = (OpenRegion(strip, f"{why}: {_gap(rate, found.bound)}", facts),)
    return PlacementAnswer(
        instance=instance,
        points=points,
        claims=claims,
        open_regions=opened,
        formulation=FLOW,
        engines=engines,
        solves=solves,
        wall_s=time.perf_counter() - wall_s,
        cpu_s=time.process_time() - cpu_s,
        notes=(*space.notes, *notes),
        sizes={"hosts": len(space.hosts)},
    )


def _gap(rate: int, bound: int) -> str:
    told = f"nothing above {bound / MICRO:.6g} tok/s is possible"
    return told if not rate else f"{told}, {float(Fraction(bound - rate, rate)):.3%} above the plan"
