r"""Watts of one replica at full load, by what it does.

* *decode*, and *aggregated* under the calibrated model, whose steps carry the prompts: the step
  (``CandidateFamily.power_mw``).
* *prefill*: a prompt's pass from end to end, all lanes at work.
* *aggregated* under ``epoch2025``, where prompts and steps take turns: both by their time.

A replica that waits for its links part of the time is idle then, weights loaded. Hosts are always
drawn. What the power model gives is rounded up to whole watts: no figure of a catalog is finer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.catalog.power import PowerProfile
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.families import CandidateFamily
from solver.performance.power import board_watts, host_watts, most_watts
from solver.performance.step_table import FloatArray

__all__ = ["DrawnPower", "drawn_power"]

_Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class DrawnPower:
    """Power of the replicas on one machine; arrays are (layouts, batches) or broadcast to it."""

    profile: PowerProfile
    host_w: float

    @property
    def most_w(self) -> float:
        """The most that a device and its share of the host draw, at the highest clock."""
        return most_watts(self.profile, 1.0) + self.host_w

    def of_steps(self, family: CandidateFamily, rows: _Index, columns: _Index) -> FloatArray:
        """While it makes steps one after another."""
        power_mw = family.power_mw(rows, columns, host_w=self.host_w)
        if power_mw is None:
            raise ValueError("this family's accelerator has no power profile")
        return np.asarray(power_mw / 1000.0)

    def of_passes(
        self,
        family: CandidateFamily,
        *,
        seconds: FloatArray,
        arithmetic_s: FloatArray,
        hbm_s: FloatArray,
    ) -> FloatArray:
        """While every device works on passes of so long, (layouts, 1)."""
        busy = np.where(seconds > 0, seconds, 1.0)
        board = board_watts(
            self.profile,
            clock_share=family.machine.clock_share,
            arithmetic_share=np.asarray(arithmetic_s / busy),
            hbm_share=np.asarray(hbm_s / busy),
        )
        return np.asarray((family.devices * (board + self.host_w))[:, None])

    def partly(self, family: CandidateFamily, busy: FloatArray, share: FloatArray) -> FloatArray:
        """``busy`` watts for a ``share`` of the time, idle for the rest."""
        idle = (family.devices * (self.profile.idle_w + self.host_w))[:, None]
        return np.asarray(idle + (busy - idle) * np.clip(share, 0.0, 1.0))


def drawn_power(instance: FleetInstance, machine: int) -> DrawnPower | None:
    """The power of designs on machine number ``machine``; ``None`` where it is as stated."""
    offer = instance.machines[machine]
    if instance.energy is None or not offer.modelled_watts or offer.accelerator is None:
        return None
    if offer.accelerator.power is None:
        return None
    return DrawnPower(offer.accelerator.power, host_watts(offer.accelerator, instance.energy))
