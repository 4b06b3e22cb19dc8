"""Proving a placement result again by a road that had no part in it.

What labels enumerated is asked of the circuit in CP-SAT. At each setting it gives the least time
:math:`t` of any chain whose price is at most :math:`p`, from :math:`p` unlimited down. The chain
found must be dominated by a point. Any other chain within :math:`p` has a time of :math:`t` or
more, so it can only beat the points if its cost is below that of the last point up to :math:`t`:
its price is then at most :math:`\\lceil c\\,B / t \\rceil - 1`, which is below that of the chain
found, and this is the next :math:`p`. When no chain is left every strip is empty. Where rates are
measured the pace takes the place of the price, and the next limit is below that of the point;
where throughput is B / T the least time of a setting says it all.

What the circuit found is enumerated by labels. Replicas are packed by a program where dynamic
programs packed them, and the other way round. A bound on a flow that rests on an engine is asked
again. With rounded links it is the bracket that is proved, on the generous network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from formulations.placement.chain_frontier import COST_SCALE
from formulations.placement.chain_plan import ChainValue, value_of
from formulations.placement.circuit import build_circuit
from solver.engines import ENGINE_NAMES, get_engine
from solver.engines.contract import Termination
from solver.sweep.certificate import Check
from solver.sweep.checking import differences, first_faults
from solver.sweep.placement.bracket import outer_space
from solver.sweep.placement.chain_space import Chains, time_limit_ps
from solver.sweep.placement.chains import find_chains
from solver.sweep.placement.conflict import explain_infeasible
from solver.sweep.placement.flow_bounds import ARGUMENTS, refuted_again
from solver.sweep.placement.flow_programs import shared_rows
from solver.sweep.placement.flows import flow_space_of
from solver.sweep.placement.frontier import chain_space_of, chain_space_rounded
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.image import COST, Image, is_within, values_of
from solver.sweep.placement.outcome import PlacementAnswer
from solver.sweep.placement.replicas import sweep_replicas
from solver.sweep.placement.strips import Strip, strips_between

__all__ = ["reprove_placement"]

ENGINE = "cp-sat"
QUESTION_LIMIT_S = 300.0
NAME = "closed again by another road"


def reprove_placement(
    answer: PlacementAnswer,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    limit_s: float = QUESTION_LIMIT_S,
) -> tuple[Check, ...]:
    """Prove claims, bracket and conflict again; what stays open is a fault.

    Parameters
    ----------
    on_progress
        Called with (done, to do) settings.
    limit_s
        Wall-clock seconds for every question to an engine.

    Returns
    -------
    tuple of Check
        Of the claims or the bracket; of the conflict where the result is infeasible.
    """
    if answer.instance.trade_off == ("throughput",):
        checks = [_reprove_flow(answer, limit_s)]
    elif answer.instance.design.replicas == "several":
        checks = [_reprove_packing(answer, on_progress, limit_s)]
    else:
        checks = [_reprove_chains(answer, on_progress, limit_s)]
    if answer.status == "infeasible":
        checks.append(_reprove_conflict(answer, limit_s))
    return tuple(checks)


def _reprove_flow(answer: PlacementAnswer, limit_s: float) -> Check:
    space = flow_space_of(answer.instance)
    shared = shared_rows(space)
    facts = [claim.facts for claim in answer.claims]
    facts += [region.facts for region in answer.open_regions if region.facts]
    asked = [one for one in facts if one.get("argument") not in ARGUMENTS]
    faults = []
    for one in asked:
        try:
            fault = refuted_again(space.problem, one, time_limit_s=limit_s, shared=shared)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            fault = f"a bound cannot be read ({error!r:.160})"
        faults += [] if fault is None else [fault]
    return Check(NAME, first_faults(faults), f"{len(asked)} bounds that rest on an engine")


def _reprove_chains(
    answer: PlacementAnswer, on_progress: Callable[[int, int], None] | None, limit_s: float
) -> Check:
    chains = Chains(chain_space_of(answer.instance))
    images: Sequence[Image] = [point.image for point in answer.points]
    closed = [claim.strip for claim in answer.claims]
    if answer.instance.rounding is not None:
        if answer.bracket is None:
            return Check(NAME, (), "nothing is claimed")
        generous = chain_space_rounded(answer.instance, generous=True)
        outer = outer_space(chains.space, generous)
        if outer is None:
            return Check(NAME, ("the rounded network does not bound the true one",))
        chains, images = Chains(outer), answer.bracket
        closed = strips_between(images, width=2)
    if not closed:
        return Check(NAME, (), "nothing is claimed")
    if any(claim.engine in ENGINE_NAMES for claim in answer.claims):
        return _by_labels(chains, images, closed, limit_s)
    walk = _Staircase(chains, images, closed, limit_s)
    faults: list[str] = []
    for setting in range(chains.n_settings):
        fault = walk.fault_of(setting)
        if on_progress is not None:
            on_progress(setting + 1, chains.n_settings)
        if fault is not None:
            # One open setting leaves all strips open; the others would only take as long.
            faults.append(fault)
            break
    told = f"{len(closed)} strips at {chains.n_settings} settings, {walk.solves} solves by {ENGINE}"
    return Check(NAME, first_faults(faults), told)


def _reprove_packing(
    answer: PlacementAnswer, on_progress: Callable[[int, int], None] | None, limit_s: float
) -> Check:
    """Pack again by the other road; the chains that are packed come from labels once more."""
    closed = [claim.strip for claim in answer.claims]
    if not closed:
        return Check(NAME, (), "nothing is claimed")
    by_program = any(claim.engine in ENGINE_NAMES for claim in answer.claims)
    engine = None if by_program else ENGINE
    found = sweep_replicas(
        chain_space_of(answer.instance),
        engine=engine,
        halt=Halt.after(limit_s, None),
        on_progress=on_progress,
    )
    images = [point.image for point in answer.points]
    faults = [f"stopped: {found.open_spans[0].reason}"] if found.open_spans else []
    for point in found.points:
        image: Image = (point.time, -point.rate)
        missing = not any(is_within(one, image) for one in images)
        if missing and any(strip.holds(image) for strip in closed):
            shown = values_of(answer.instance.trade_off, image)["objectives"]
            faults.append(f"{point.engine or ENGINE} finds {shown}")
    told = f"{len(closed)} strips packed by {', '.join(found.engines)}; pipelines from labels again"
    return Check(NAME, first_faults(faults), told)


def _by_labels(
    chains: Chains, images: Sequence[Image], closed: Sequence[Strip], limit_s: float
) -> Check:
    found = find_chains(chains, halt=Halt.after(limit_s, None))
    faults = [f"labels stopped: {found.stopped}"] if found.stopped else []
    for setting, plan in found.chains:
        image = chains.image(setting, plan)
        if not chains.allows(image) or any(is_within(point, image) for point in images):
            continue
        if any(strip.holds(image) for strip in closed):
            faults.append(f"labels find {values_of(chains.trade_off, image)['objectives']}")
    return Check(NAME, first_faults(faults), f"{len(closed)} strips by labels")


@dataclass(slots=True)
class _Staircase:
    """Chains of one setting after the other, from the fastest down; see the module's text."""

    chains: Chains
    images: Sequence[Image]
    closed: Sequence[Strip]
    limit_s: float
    solves: int = 0

    def fault_of(self, setting: int) -> str | None:
        """Why the strips are not proved empty at one setting; ``None`` where they are."""
        tables = self.chains.tables(setting)
        measured = self.chains.space.problem is None
        first, second = ("latency", "pace") if measured else ("time", "price")
        program = build_circuit(tables)
        engine = get_engine(ENGINE)
        engine.load(program.statement)
        slowest = time_limit_ps(self.chains.space)
        upper = {} if slowest is None else {first: slowest}
        while True:
            self.solves += 1
            result = engine.minimise(first, upper=upper, time_limit_s=self.limit_s)
            if result.termination is Termination.INFEASIBLE:
                return None
            if result.termination is not Termination.OPTIMAL or result.x is None:
                return f"{tables.name}: {ENGINE} stopped with {result.termination.value}"
            plan = program.decode(result.x)
            image, value = self.chains.image(setting, plan), value_of(tables, plan)
            if self._is_missing(image):
                shown = values_of(self.chains.trade_off, image)["objectives"]
                return f"{tables.name}: {ENGINE} finds {shown}"
            if not measured and self.chains.trade_off[-1] != COST:
                return None
            found = value.pace if measured else value.price
            upper = {**upper, second: min(found - 1, self._most(setting, image, value))}

    def _is_missing(self, image: Image) -> bool:
        if not self.chains.allows(image) or any(is_within(one, image) for one in self.images):
            return False
        return any(strip.holds(image) for strip in self.closed)

    def _most(self, setting: int, image: Image, value: ChainValue) -> int:
        """Greatest price (or pace) at which a chain as slow as this one, or slower, could beat
        the points and keep the limits."""
        reached = [one[1] for one in self.images if one[0] <= image[0]]
        if self.chains.space.problem is None:
            return min((int(pace) for pace in reached), default=value.pace) - 1
        problem = self.chains.space.problem
        # Price x time in the problem's units, for one US$ per million tokens.
        scale = problem.settings[setting].batch * COST_SCALE * problem.price_per_usd
        most = value.price - 1
        if reached:
            most = min(most, math.ceil(min(reached) * scale / value.time) - 1)
        dearest = self.chains.space.instance.limits.max_cost_usd_per_mtok
        if dearest is not None:
            most = min(most, math.floor(dearest * scale / value.time))
        return most


def _reprove_conflict(answer: PlacementAnswer, limit_s: float) -> Check:
    ours = explain_infeasible(answer.instance, halt=Halt.after(limit_s, None))
    told = {str(entry.get("limit")): entry for entry in answer.conflict}
    faults = []
    whole = all(entry.get("set") == "minimum" for entry in answer.conflict)
    if whole and any(entry["set"] != "minimum" for entry in ours):
        faults.append("whether these limits conflict was not worked out again in time")
    elif not set(told).issuperset(entry["limit"] for entry in ours) or (
        whole and len(told) > len(ours)
    ):
        faults.append(f"other limits conflict: {', '.join(entry['limit'] for entry in ours)}")
    for entry in ours:
        own = told.get(entry["limit"])
        # What was left unanswered, or not reduced, claims nothing that could be wrong.
        if own is not None and whole and "unanswered" not in own:
            faults += differences(dict(own), entry, f"conflict.{entry['limit']}")
    return Check("conflict worked out again", first_faults(faults), f"{len(ours)} limits")
