"""Several replicas as an answer: points with a design for each replica, claims by span of time.

The sweep of replicas says for every time which rate is reached and who proved that there is no
more. A strip between two points is open where any of its times is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from formulations.placement.chain_plan import ChainPlan
from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.space import MICRO, ChainSpace
from solver.sweep.placement.chains import LABELS, Progress
from solver.sweep.placement.frontier import chain_space_of, sizes_of
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.outcome import Claim, OpenRegion, PlacementAnswer, PlacementPoint
from solver.sweep.placement.replicas import OpenSpan, ReplicaPoint, sweep_replicas
from solver.sweep.placement.strips import Strip, strips_between

__all__ = ["PACKING", "answer_packed", "describe_replicas"]

PACKING = "packing"


def answer_packed(
    instance: PlacementInstance,
    *,
    engine: str | None = None,
    halt: Halt | None = None,
    on_progress: Progress | None = None,
) -> PlacementAnswer:
    """Speed of the slowest replica against the throughput of all, each on hosts of its own.

    Parameters
    ----------
    engine
        Settles every level by a program; ``None``: dynamic programs, and an engine for the rest.
    halt
        When to give up; the answer is partial then.
    on_progress
        Called with (done, to do).

    Raises
    ------
    FleetError
        If the question cannot be lowered, or a packing fails its check.
    """
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    space = chain_space_of(instance)
    found = sweep_replicas(space, engine=engine, halt=halt, on_progress=on_progress)
    points = [
        PlacementPoint(
            (point.time, -point.rate),
            describe_replicas(space, [(one.setting, one.plan) for one in point.replicas]),
        )
        for point in found.points
    ]
    claims, opened = [], []
    strips = strips_between([point.image for point in points], width=2)
    for place, strip in enumerate(strips):
        spans = [span for span in found.open_spans if _meets(span, strip)]
        if spans:
            bounds = [span.bound for span in spans]
            facts = {}
            if all(bound is not None for bound in bounds):
                most = max(bound for bound in bounds if bound is not None)
                facts = {"bound": str(Fraction(most, MICRO))}
            opened.append(OpenRegion(strip, spans[0].reason, facts))
        else:
            claims.append(_claim(strip, found.points[place - 1] if place else None))
    return PlacementAnswer(
        instance=instance,
        points=tuple(points),
        claims=tuple(claims),
        open_regions=tuple(opened),
        formulation=PACKING,
        engines=tuple(found.engines),
        solves=found.solves,
        wall_s=time.perf_counter() - wall_s,
        cpu_s=time.process_time() - cpu_s,
        notes=(*space.notes, *_unrounded(instance)),
        sizes={**sizes_of(space), "candidates": found.columns},
    )


def _unrounded(instance: PlacementInstance) -> tuple[str, ...]:
    if instance.rounding is None:
        return ()
    return ("links are counted as they are: rounding is for single pipelines",)


def _meets(span: OpenSpan, strip: Strip) -> bool:
    """Whether some time lies in both."""
    low = max(span.above_ps + 1, strip.time_min or 0)
    ends = [end for end in (span.to_ps, strip.time_below and strip.time_below - 1) if end]
    return not ends or low <= min(ends)


def _claim(strip: Strip, point: ReplicaPoint | None) -> Claim:
    """What closes a strip: before the first point there is no chain, later the levels say so."""
    if point is None or not point.engine:
        return Claim(strip, LABELS, "enumeration")
    closed_by = point.closed_by
    if closed_by == "infeasible":
        return Claim(strip, point.engine, "infeasible")
    return Claim(strip, point.engine, "bound" if closed_by == "bound" else "enumeration")


def describe_replicas(
    space: ChainSpace, replicas: Sequence[tuple[int, ChainPlan]]
) -> dict[str, Any]:
    """The design of several replicas, hosts of each orbit taken in the order of the replicas."""
    used = [0] * len(space.orbits)
    designs: list[Mapping[str, Any]] = []
    for setting, plan in replicas:
        designs.append(describe_chain(_from_hosts(space, used), setting, plan))
        used = [a + b for a, b in zip(used, plan.hosts_used(len(used)), strict=True)]
    prices = [design["usd_per_hour"] for design in designs]
    return {
        "replicas": designs,
        "tok_per_s": sum(design["tok_per_s"] for design in designs),
        "usd_per_hour": None if None in prices else sum(prices),
        "hosts": sum(design["hosts"] for design in designs),
    }


def _from_hosts(space: ChainSpace, used: Sequence[int]) -> ChainSpace:
    """The space with the first hosts of each orbit moved behind the others; same paths."""
    orbits = tuple(hosts[n:] + hosts[:n] for hosts, n in zip(space.orbits, used, strict=True))
    moved = replace(space, orbits=orbits)
    # Paths are those that the whole space speaks of, whoever comes first now.
    object.__setattr__(moved, "routes", space.routes)
    return moved
