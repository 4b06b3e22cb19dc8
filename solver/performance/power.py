r"""Power of a device by phase and by clock.

A step of T seconds is bound by arithmetic for a seconds and by HBM for h seconds; the rest is
launches and links. At the highest clock a board then takes

.. math:: E = P_{idle} T + (P_{prefill} - P_{idle})\, a + (P_{decode} - P_{idle})\, h

joules: what it draws by phase is measured (``solver.catalog.power``), how long each phase lasts is
the performance model's. Where arithmetic and HBM overlap both draw at once, and no more than the
board's most.

Dynamic power is :math:`C V^2 f` (Weste and Harris 2011, *CMOS VLSI Design*, chapter 5). The voltage
falls in proportion to the clock down to a floor and stays there (Guerreiro, Ilic, Roma and Tomas,
HPCA 2018, measured on GPUs), so at a share s of the highest clock the cores draw

.. math:: g(s) = s\, \max(s, v)^2

of their dynamic power. The memory keeps its own: it has a clock of its own. Idle power is taken not
to change.
"""

from __future__ import annotations

import numpy as np

from solver.catalog.domain import Accelerator
from solver.catalog.power import ClockRange, PowerProfile
from solver.instance.energy import EnergyTerms
from solver.performance.step_table import FloatArray

__all__ = ["board_watts", "core_factor", "host_watts", "most_watts"]


def core_factor(clocks: ClockRange | None, share: float) -> float:
    """Dynamic power of the cores as a share of that at the highest clock."""
    if clocks is None:
        return 1.0
    return share * max(share, clocks.voltage_floor) ** 2


def most_watts(profile: PowerProfile, share: float) -> float:
    """The most a board draws at a clock: bound by arithmetic, or by HBM, whichever is more."""
    factor = core_factor(profile.clocks, share)
    arithmetic = profile.idle_w + (profile.prefill_w - profile.idle_w) * factor
    return max(arithmetic, profile.idle_w + _reading_w(profile, factor))


def _reading_w(profile: PowerProfile, factor: float) -> float:
    """Power over idle while HBM is read: cores, which follow the clock, and memory."""
    return (profile.decode_w - profile.idle_w - profile.hbm_w) * factor + profile.hbm_w


def board_watts(
    profile: PowerProfile,
    *,
    clock_share: float,
    arithmetic_share: FloatArray,
    hbm_share: FloatArray,
) -> FloatArray:
    """Mean power of one board, watts.

    Parameters
    ----------
    arithmetic_share, hbm_share
        Shares of the time that are bound by each, from 0 to 1; together above 1 where they overlap.
    """
    factor = core_factor(profile.clocks, clock_share)
    drawn = (
        profile.idle_w
        + (profile.prefill_w - profile.idle_w) * factor * arithmetic_share
        + _reading_w(profile, factor) * hbm_share
    )
    return np.minimum(drawn, most_watts(profile, clock_share))


def host_watts(accelerator: Accelerator, terms: EnergyTerms | None) -> float:
    """Power of the host, network and fans behind one device, always drawn."""
    if terms is not None and terms.host_w_per_device is not None:
        return float(terms.host_w_per_device)
    if accelerator.all_in_w is None or accelerator.tdp_w is None:
        return 0.0
    return max(accelerator.all_in_w - accelerator.tdp_w, 0.0)
