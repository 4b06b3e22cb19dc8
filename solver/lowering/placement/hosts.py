"""What one host can do: its tensor-parallel degrees with the time and the memory of a layer.

Degrees are those of the question that divide heads and widths, as the replica's rule has it, and do
not exceed the host's devices. A measured machine runs as it was measured: one option, whose memory
is what its table says it can hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.errors import InstanceError
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.lowering.placement.stages import degrees_of, stages_on
from solver.topology import Host
from solver.topology.paths import PS_PER_S

__all__ = [
    "TOKEN_BYTES",
    "HostOption",
    "hand_over_bytes",
    "host_options",
    "most_measured_layers",
    "usable_hbm_bytes",
]

TOKEN_BYTES = 4
"""A token id, as it comes in and goes out, where the model is ours."""

Pair = tuple[int, int]
"""Sequences in a microbatch, microbatches in flight."""


@dataclass(frozen=True, slots=True)
class HostOption:
    """A host at one tensor-parallel degree (``None``: as measured), one number a setting.

    Times in ps, memory in bytes on the fullest device; see ``stage.py``.
    """

    tensor_parallel: int | None
    layer_time_ps: tuple[int, ...]
    layer_bytes: tuple[int, ...]
    fixed_bytes: tuple[int, ...]
    alone_bytes: tuple[int, ...]


def usable_hbm_bytes(instance: PlacementInstance, host: Host) -> int:
    """HBM of one device less its reserve, whole bytes."""
    return int(host.hbm_bytes * (1 - instance.rules.hbm_reserve_fraction))


def hand_over_bytes(instance: PlacementInstance, *, outside: bool) -> Fraction:
    """Bytes of one token between two stages, or (``outside``) from the entry and to the exit."""
    if instance.shape is not None:
        return Fraction(instance.shape.token_bytes if outside else instance.shape.activation_bytes)
    if instance.model is None:
        raise ValueError(f"{instance.name}: neither a model nor a shape")
    if outside:
        return Fraction(TOKEN_BYTES)
    bits = instance.design.kv_bits
    if instance.performance.model != "epoch2025":
        # Activations stay in 16 bits, whatever the cache: the kernels were measured so.
        bits = max(bits, 16)
    return Fraction(instance.model.d_model * bits, 8)


def most_measured_layers(instance: PlacementInstance, machine: PlacementMachine) -> int:
    """Most layers of a measured machine: as its table of rates, if it has one, and its limit say.

    Raises
    ------
    InstanceError
        If neither says so.
    """
    rates = machine.measured.tok_per_s if machine.measured else ()
    stated = [most for most in (machine.max_layers, len(rates) or None) if most is not None]
    if not stated:
        raise InstanceError.one(
            f"nothing says how many layers machine {machine.name!r} can hold",
            where=f"{instance.source}: machines",
            mend="Give its max_layers, or its rates by layers held",
        )
    return min(*stated, instance.layers)


def _measured_option(
    instance: PlacementInstance, machine: PlacementMachine, settings: Sequence[Pair]
) -> HostOption:
    times = dict(machine.measured.layer_time_s) if machine.measured else {}
    missing = sorted({m for m, _ in settings} - set(times))
    if missing:
        raise InstanceError.one(
            f"machine {machine.name!r} has no time a layer at microbatch {missing[0]}",
            where=f"{instance.source}: design.microbatch",
            mend=f"Choose from {', '.join(map(str, sorted(times))) or 'none'}, or measure it",
        )
    if any(times[m] <= 0 for m, _ in settings):
        raise InstanceError.one(
            f"machine {machine.name!r} takes no time for a layer",
            where=f"{instance.source}: measured.layer_times",
            mend="Give a positive time at every microbatch that is used",
        )
    none = (0,) * len(settings)
    times_ps = tuple(math.ceil(times[m] * PS_PER_S) for m, _ in settings)
    return HostOption(None, times_ps, none, none, none)


def host_options(
    instance: PlacementInstance, host: Host, settings: Sequence[Pair]
) -> tuple[HostOption, ...]:
    """All options of a host at these settings, by degree; none where no degree is possible.

    Raises
    ------
    InstanceError
        If a measured machine has no positive time at a microbatch.
    """
    machine = instance.machine(host.accelerator)
    if instance.is_measured:
        return (_measured_option(instance, machine, settings),)
    if instance.model is None:
        raise ValueError(f"{instance.name}: neither a model nor a shape")
    stages = stages_on(instance, machine, host)
    microbatches = tuple(dict.fromkeys(m for m, _ in settings))
    options = []
    for degree in degrees_of(instance, instance.model, host):
        times = stages.layer_times_ps(tensor_parallel=degree, microbatches=microbatches)
        time_ps = dict(zip(microbatches, times, strict=True))
        needs = [
            stages.memory(tensor_parallel=degree, microbatch=m, in_flight=in_flight)
            for m, in_flight in settings
        ]
        options.append(
            HostOption(
                degree,
                tuple(time_ps[m] for m, _ in settings),
                tuple(need.layer for need in needs),
                tuple(need.fixed for need in needs),
                tuple(need.alone for need in needs),
            )
        )
    return tuple(options)
