"""Share of a device's memory that an engine is told to take, from what the plan fills and reserves.

Two models count HBM differently. The plain one counts weights and caches, and the reserve is for
the engine. The calibrated one counts the engine as well: driver context, graphs, workspaces and
activations (``solver/performance/calibrated/memory.py``); about 0.02 of that is the driver's
context, which lies outside every engine's share. A plan may fill HBM to the brim there and still
start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from solver.deploy.engines.contract import ServerPlan
from solver.deploy.engines.shares import decimal_share
from solver.deploy.launch import ReplicaDesign
from solver.errors import Fault

__all__ = ["MemoryRule", "memory_refusals", "memory_share"]


@dataclass(frozen=True, slots=True)
class MemoryRule:
    """What the flag of an engine means.

    Parameters
    ----------
    default
        What the engine takes where nobody says; what we give where the plan asks for less.
    most
        Above this it has no room left for what its share does not hold, and stops at the start.
    outside
        Of what the calibrated model counts, the share of HBM that the flag does not hold.
    beside
        Of weights and caches alone, what the flag holds beside them.
    """

    default: Fraction
    most: Fraction
    outside: Fraction
    beside: Fraction


def _needed(design: ReplicaDesign, rule: MemoryRule) -> Fraction | None:
    """The share that holds what the plan fills; None where the result is silent."""
    if design.hbm_used_fraction is None:
        return None
    used = Fraction(design.hbm_used_fraction)
    return used - rule.outside if design.counts_engine else used + rule.beside


def memory_share(plan: ServerPlan, rule: MemoryRule) -> tuple[Fraction, str]:
    """The value of an engine's flag, and why.

    What the plan fills is always held; beyond that the engine's usual share, but no more than the
    plan lets it take.
    """
    design = plan.design
    if design.is_measured:
        return rule.default, (
            "A measurement does not state its share of HBM: this is the engine's default"
        )
    allowed, needed = Fraction(design.hbm_fraction), _needed(design, rule)
    if allowed < 1 and not design.counts_engine:
        share = min(allowed, rule.most)
        return share, f"The plan leaves {decimal_share(1 - allowed)} of HBM free for the engine"
    usual = min(rule.default, allowed)
    if needed is None:
        return usual, (
            "The result does not say how much of HBM the plan fills, so this is the engine's "
            "default"
        )
    used = decimal_share(Fraction(design.hbm_used_fraction or 0))
    what = "the engine's own part" if design.counts_engine else "nothing of the engine's own"
    told = f"The plan fills {used} of HBM, {what} included"
    if needed <= usual:
        return usual, f"{told}; this is the engine's default, and holds it"
    return min(needed, rule.most), f"{told}, more than the engine takes by default"


def memory_refusals(plan: ServerPlan, rule: MemoryRule) -> Iterator[Fault]:
    """Weights and caches alone that leave the engine no memory; a counted engine always fits."""
    design = plan.design
    needed = _needed(design, rule)
    if needed is None or design.counts_engine or needed - rule.beside <= rule.most:
        return
    used = decimal_share(needed - rule.beside)
    yield plan.fault(
        f"weights and caches alone fill {used} of HBM, and the engine keeps "
        f"{decimal_share(1 - rule.most)} at least for its context and buffers",
        "Solve again with rules.hbm_reserve_fraction = '1/10', or choose a smaller batch",
    )
