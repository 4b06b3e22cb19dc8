"""Rates in whole micro-tokens/s, rounded down: of measured machines, of our model, of links."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.lowering.placement.hosts import host_options, usable_hbm_bytes
from solver.lowering.placement.space import MICRO
from solver.topology import Host
from solver.topology.paths import PS_PER_S

__all__ = ["MOST_RATE", "link_rate", "measured_rates", "modelled_rates"]

MOST_RATE = 2**50
"""Micro-tokens/s (1e9 tok/s) above which a rate is no limit; sums of such rates fit 64 bits."""


def link_rate(bytes_per_s: int, bytes_per_token: Fraction | int) -> int:
    """Tokens that a link carries; at most ``MOST_RATE``, which stands for no limit."""
    return min(int(bytes_per_s * MICRO / Fraction(bytes_per_token)), MOST_RATE)


def measured_rates(instance: PlacementInstance, machine: PlacementMachine) -> tuple[int, ...]:
    """Rate of a measured machine that holds 1, 2, ... layers.

    Raises
    ------
    InstanceError
        If it has none, or one is below a micro-token/s or above 1e9 tok/s.
    """
    found = machine.measured.tok_per_s if machine.measured else ()
    rates = tuple(int(rate * MICRO) for rate in found)
    wrong = [k for k, rate in enumerate(rates, start=1) if not 0 < rate <= MOST_RATE]
    if wrong or not rates:
        what = f"a rate out of range at {wrong[0]} layers" if wrong else "no rate"
        raise InstanceError.one(
            f"machine {machine.name!r} has {what}",
            where=f"{instance.source}: measured.rates",
            mend="Give tok_per_s from 0.000001 to 1e9 for 1, 2, ... layers held",
        )
    return rates


def modelled_rates(
    instance: PlacementInstance, host: Host, pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """Best rate of a host that holds 1, 2, ... layers, with its degree and microbatch.

    A microbatch of m sequences leaves every k tau seconds: m / (k tau). Of equal rates the least
    degree, then the smallest microbatch is taken. Ends where nothing more fits.

    Parameters
    ----------
    pairs
        Microbatch, in flight.
    """
    machine = instance.machine(host.accelerator)
    spare = usable_hbm_bytes(instance, host)
    options = host_options(instance, host, pairs)
    most = instance.layers if machine.max_layers is None else machine.max_layers
    found: list[tuple[int, int, int]] = []
    for held in range(1, min(most, instance.layers) + 1):
        best: tuple[int, int, int] | None = None
        for option in options:
            for place, (microbatch, _) in enumerate(pairs):
                needed = held * option.layer_bytes[place] + option.fixed_bytes[place]
                if held == instance.layers:
                    needed += option.alone_bytes[place]
                if needed > spare:
                    continue
                time_ps = held * option.layer_time_ps[place]
                rate = min(microbatch * PS_PER_S * MICRO // time_ps, MOST_RATE)
                if best is None or rate > best[0]:
                    best = (rate, option.tensor_parallel or 1, microbatch)
        if best is None or best[0] == 0:
            break
        found.append(best)
    return found
