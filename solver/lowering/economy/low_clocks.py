"""Where the calibrated model is known to be off: clocks below half of the highest.

Its constants were measured at the clock a machine sets itself, and all arithmetic follows the
clock. On an RTX PRO 6000 latency was measured to rise by 1 to 6 % from 2842 down to 180 MHz (arXiv
2501.08219, abstract); the model says more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from solver.instance.calibration_keys import CALIBRATED
from solver.instance.domain import ReplicaInstance

__all__ = ["LOW_SHARE", "low_clock_notes", "low_clocks_on_offer"]

LOW_SHARE = Fraction(1, 2)
"""Of the highest clock. Below about this the model lets small batches slow down with the clock."""


def _low(instance: ReplicaInstance) -> dict[tuple[str, int], str]:
    """Machines at a low clock, by accelerator and clock, as people read them."""
    if instance.performance.model != CALIBRATED:
        return {}
    found = {}
    for machine in instance.machines:
        power, clock = machine.accelerator.power, machine.clock_mhz
        if clock is None or power is None or power.clocks is None:
            continue
        name, highest = machine.accelerator.name, power.clocks.highest_mhz
        if clock < LOW_SHARE * highest:
            found[name, clock] = f"{name} at {clock:,} of {highest:,} MHz"
    return found


def low_clock_notes(
    instance: ReplicaInstance, designs: Iterable[Mapping[str, Any]]
) -> tuple[str, ...]:
    """What to say of points whose clock is low; empty where none is."""
    low = _low(instance)
    told = [low.get((d.get("accelerator", ""), d.get("clock_mhz") or 0)) for d in designs]
    below = sum(text is not None for text in told)
    if not below:
        return ()
    machines = sorted({text for text in told if text is not None})
    shown = ", ".join(machines[:3]) + (f" and {len(machines) - 3} more" if machines[3:] else "")
    has = "has" if below == 1 else "have"
    return (
        f"{below} of {len(told)} points {has} a clock below half of the highest ({shown}): the "
        "times of small batches are overstated there (measured: latency rises by 1 to 6 % down to "
        "180 MHz, arXiv 2501.08219)",
    )


def low_clocks_on_offer(instance: ReplicaInstance) -> tuple[str, ...]:
    """What to say of a question that offers low clocks."""
    low = _low(instance)
    if not low:
        return ()
    lowest = min(low, key=lambda entry: entry[1])
    return (
        f"clocks below half of the highest are on offer (down to {low[lowest]}): the times of "
        "small batches are overstated there (measured: latency rises by 1 to 6 % down to 180 MHz, "
        "arXiv 2501.08219)",
    )
