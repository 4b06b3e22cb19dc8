"""The greatest token flow of a question: one point, and the bound that it meets or does not.

Bounds and programs of the default road do not know shared links: each pair of hosts has its own
capacity there. A plan that overruns one is routed again with them (``flow_routing``), and where the
question is small ``arc_flow`` is asked for a faster plan, with shared links as rows: what it proves
closes the question. In larger ones what the bound leaves is open.

Flows are whole micro-tokens/s on every edge; "greatest" means the greatest of such flows.
"""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe import describe_flow
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.space import MICRO, FlowSpace
from solver.sweep.placement.flow_bounds import INTEGERS, engine_of, told_bound
from solver.sweep.placement.flow_programs import (
    ARC_FLOW,
    PATTERNS,
    FlowFound,
    by_patterns,
    by_program,
    is_small_enough,
)
from solver.sweep.placement.flow_routing import routed_within
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.outcome import Claim, OpenRegion, PlacementAnswer, PlacementPoint
from solver.sweep.placement.solve import solve_placement
from solver.sweep.placement.strips import Strip

__all__ = ["FLOW", "answer_flow", "flow_space_of"]

FLOW = "flow"
_FOREVER_S = 86_400.0 * 365
"""What no time limit means to a search that wants one."""
_PROGRAM_S = 300.0
"""Without a limit the program that closes shared links is given up after so long."""


def flow_space_of(instance: PlacementInstance) -> FlowSpace:
    """The throughput problem of a question; ``ValueError`` where it asks for chains."""
    space = lower_placement(instance)
    if not isinstance(space, FlowSpace):
        raise ValueError(f"{instance.name}: the question is not about a flow")
    return space


def answer_flow(
    instance: PlacementInstance,
    *,
    formulation: str = FLOW,
    engine: str = "cp-sat",
    halt: Halt | None = None,
) -> PlacementAnswer:
    """The greatest flow through hosts that each hold a range of layers.

    Parameters
    ----------
    formulation
        ``FLOW``: bounds and programs in turn. Or one of ``PROGRAMS`` by itself.
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
    reason = stop.reason()
    found = None
    if reason is None:
        try:
            found = _found(space, formulation, engine, stop)
        except ValueError as error:
            # Too many stage patterns, rates too large: nothing is concluded from it.
            reason = str(error)
        except KeyboardInterrupt:
            reason = "interrupted"
    if found is None:
        opened = (OpenRegion(Strip(None, None, None), reason or "stopped"),)
    else:
        rate, bound = found.rate, found.proof.rate
        if rate:
            points = (PlacementPoint((-rate,), describe_flow(space, found.plan)),)
        facts = told_bound(found.proof)
        strip = Strip(None, None, -rate if rate else None)
        if rate == bound:
            claims = (Claim(strip, engine_of(found.proof), "bound", facts),)
        else:
            why = stop.reason() or found.why
            opened = (OpenRegion(strip, f"{why}: {_gap(rate, bound)}", facts),)
    return PlacementAnswer(
        instance=instance,
        points=points,
        claims=claims,
        open_regions=opened,
        formulation=formulation,
        engines=(INTEGERS,) if found is None else found.engines,
        solves=0 if found is None else found.solves,
        wall_s=time.perf_counter() - wall_s,
        cpu_s=time.process_time() - cpu_s,
        notes=(*space.notes, *notes),
        sizes={"hosts": len(space.hosts)},
    )


def _found(space: FlowSpace, formulation: str, engine: str, stop: Halt) -> FlowFound:
    """Plan and bound by one road."""
    if formulation == FLOW:
        return _by_roads(space, engine, stop)
    if formulation == PATTERNS:
        return by_patterns(space, engine=engine, time_limit_s=stop.left_s)
    return by_program(space, formulation, engine=engine, time_limit_s=stop.left_s)


def _by_roads(space: FlowSpace, engine: str, stop: Halt) -> FlowFound:
    """Bounds and programs in turn; then, where shared links bind, all of it as one program."""
    limit_s = _FOREVER_S if stop.left_s is None else stop.left_s
    told = solve_placement(space.problem, engine=engine, time_limit_s=limit_s)
    plan, rerouted = routed_within(space, told.plan)
    engines = (INTEGERS, engine) if told.solves else (INTEGERS,)
    why = "plan and bound do not meet"
    if rerouted:
        why = "hosts share links; the flow was routed within them, the bound knows none"
    found = FlowFound(plan, told.proof, told.solves, engines, why)
    if not rerouted or found.rate == told.bound or stop.reason() is not None:
        return found
    if not is_small_enough(space, told.bound):
        return found
    limit_s = _PROGRAM_S if stop.left_s is None else stop.left_s
    closed = by_program(space, ARC_FLOW, engine=engine, time_limit_s=limit_s, known=found)
    return replace(closed, solves=closed.solves + told.solves, engines=(INTEGERS, engine))


def _gap(rate: int, bound: int) -> str:
    told = f"nothing above {bound / MICRO:.6g} tok/s is possible"
    return told if not rate else f"{told}, {float(Fraction(bound - rate, rate)):.3%} above the plan"
