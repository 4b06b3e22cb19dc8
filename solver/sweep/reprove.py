"""Closing every box once more, with another engine than the one that closed it.

The engine is asked, strip by strip, for the cheapest design in reach of the strip's slow end; it
must prove that there is none below the strip's cost bound. A space of millions of candidates is not
written down as a program: the engine gets the candidates nearest to the frontier, and the others
are passed over because they are costlier than the stated frontier by a margin that is reported.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from formulations.replica.registry import get_formulation
from solver.engines import get_engine
from solver.engines.contract import Termination
from solver.lowering.families import CandidateFamily
from solver.lowering.program import number_replica
from solver.lowering.space import ReplicaSpace
from solver.sweep.certificate import Check
from solver.sweep.strips import Strip

__all__ = ["engines_of", "reprove_strips"]

ORDER = ("cp-sat", "highs", "scip")
SPARE = 500
"""Candidates given to the engine beyond one for each point."""
MAX_DETAILS = 5


def _nearest(
    space: ReplicaSpace, all_strips: Sequence[Strip], closed: Collection[int]
) -> tuple[list[tuple[CandidateFamily, int, int]], float]:
    """Candidates of closed strips nearest to the frontier in cost, and the margin of the others."""
    size = len(all_strips) + SPARE
    starts = np.array([strip.latency_ps_min for strip in all_strips], dtype=np.int64)
    caps = np.array(
        [np.inf if strip.cost_below is None else float(strip.cost_below) for strip in all_strips]
    )
    limit = space.instance.limits.max_cost_usd_per_mtok
    most = np.inf if limit is None else float(limit) * (1 + 1e-9)
    is_closed = np.array([index in closed for index in range(len(all_strips))])
    ratios, places = [], []
    for index, family in enumerate(space.families):
        rows = np.arange(family.shape[0], dtype=np.intp)[:, None]
        columns = np.arange(family.shape[1], dtype=np.intp)[None, :]
        latency = np.broadcast_to(family.latency_ps(rows, columns), family.shape)
        strip = np.searchsorted(starts, latency, side="right") - 1
        allowed = family.allowed(rows, columns, latency) & is_closed[strip]
        if family.limits.max_latency_ps is not None:
            allowed &= latency <= family.limits.max_latency_ps
        cost = family.cost_estimate(rows, columns, latency) / space.cost_scale
        # Within the cost limit up to rounding; the numeric problem applies it exactly.
        allowed &= cost <= most
        ratio = np.where(allowed, cost / caps[strip], np.inf).ravel()
        kept = np.flatnonzero(np.isfinite(ratio))
        if len(kept) > size:
            kept = kept[np.argpartition(ratio[kept], size)[: size + 1]]
        ratios.append(ratio[kept])
        places.append(np.stack([np.full(len(kept), index), *np.unravel_index(kept, family.shape)]))
    all_ratios, all_places = np.concatenate(ratios), np.concatenate(places, axis=1)
    order = np.argsort(all_ratios, kind="stable")
    margin = float(all_ratios[order[size]]) - 1 if len(order) > size else float("inf")
    chosen = all_places[:, order[:size]].T.tolist()
    return [(space.families[index], row, column) for index, row, column in chosen], margin


def engines_of(document: Mapping[str, Any]) -> set[str]:
    """Every engine that a result document names, in its proofs or its provenance."""
    used = {str(name) for name in document["provenance"].get("engines") or ()}
    for point in document["points"]:
        proof = point["proof"]
        for part in (proof, proof.get("faster")):
            if isinstance(part, Mapping):
                used.add(str(part.get("engine")))
    return used


def reprove_strips(
    space: ReplicaSpace,
    all_strips: Sequence[Strip],
    closed: Collection[int],
    *,
    used: Collection[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> Check:
    """Close the ``closed`` strips again with an engine that is not in ``used``.

    Returns
    -------
    Check
        Faults name strips that the engine found not empty, or could not close.
    """
    name = "boxes closed again"
    nearest, margin = _nearest(space, all_strips, closed)
    if not nearest:
        return Check(name, (), "no candidate meets the limits: nothing to close")
    unused = [choice for choice in ORDER if choice not in used]
    if not unused:
        return Check(name, ("every engine has closed a box of this result already",))
    engine = get_engine(unused[0])
    numbers = number_replica(space, only=nearest)
    faults: list[str] = []
    if margin < 0:
        faults.append("a candidate that is cheaper than the frontier was left out")
    if not numbers.problem.n_columns and len(all_strips) > 1:
        faults.append("no candidate is left although there are points")
    if numbers.problem.n_columns:
        engine.load(get_formulation("column_selection").build(numbers.problem).statement)
        for done, index in enumerate(sorted(closed)):
            strip = all_strips[index]
            upper = {}
            if strip.latency_ps_max is not None:
                rank = bisect.bisect_right(numbers.latency_values, strip.latency_ps_max) - 1
                if rank < 0:
                    continue
                upper["latency"] = rank
            answer = engine.minimise("cost", upper=upper)
            least = len(numbers.cost_values)
            if strip.cost_below is not None:
                least = bisect.bisect_left(numbers.cost_values, strip.cost_below)
            proved = answer.termination is Termination.INFEASIBLE or (
                answer.dual_bound is not None and answer.dual_bound >= least
            )
            if not proved:
                faults.append(f"strip {index}: {answer.termination.value} ({answer.message})")
            if on_progress is not None:
                on_progress(done + 1, len(closed))
            if len(faults) == MAX_DETAILS:
                break
    columns = numbers.problem.n_columns
    detail = f"{len(closed)} boxes by {engine.name} over {columns} candidates"
    if margin != float("inf"):
        detail += f"; the others cost at least {100 * margin:.3g} % more than the frontier"
    return Check(name, tuple(faults), detail)
