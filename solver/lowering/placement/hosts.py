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

from solver.catalog.domain import Model
from solver.errors import Fault, InstanceError, UnsupportedModelError
from solver.instance.domain import Rules
from solver.instance.placement.domain import PlacementInstance, PlacementMachine
from solver.lowering.layouts import grids
from solver.performance import PERFORMANCE_MODELS
from solver.performance.epoch2025 import StepSetting, count, unsupported_features
from solver.performance.epoch2025.stage import accelerator_in_host, layer_times_ps, stage_bytes
from solver.topology import Host
from solver.topology.paths import PS_PER_S

__all__ = [
    "TOKEN_BYTES",
    "HostOption",
    "check_modelled",
    "degrees_of",
    "hand_over_bytes",
    "host_options",
    "most_measured_layers",
    "step_setting",
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


def check_modelled(instance: PlacementInstance) -> None:
    """Refuse what the performance model does not know.

    Raises
    ------
    UnsupportedModelError
        With every fault: the performance model, a feature of the model, a width without arithmetic.
    """
    if instance.model is None:
        return
    where = instance.source
    faults: list[Fault] = []
    if instance.performance.model not in PERFORMANCE_MODELS:
        faults.append(
            Fault(
                f"{where}: performance.model",
                f"{instance.performance.model!r} is not a performance model",
                f"Choose from {', '.join(PERFORMANCE_MODELS)}",
            )
        )
    faults.extend(
        Fault(f"{where}: workload.model", f"{fault.where}: {fault.what}", fault.mend)
        for fault in unsupported_features(instance.model)
    )
    bits = instance.design.weight_bits
    for machine in instance.machines:
        known = machine.accelerator.flop_per_s if machine.accelerator else {bits: 0.0}
        if bits not in known:
            faults.append(
                Fault(
                    f"{where}: design.weight_bits",
                    f"machine {machine.name!r} has no arithmetic for {bits}-bit weights",
                    f"Choose from {', '.join(map(str, sorted(known)))}, or leave the machine out",
                )
            )
    if faults:
        raise UnsupportedModelError.all_of(faults)


def degrees_of(model: Model, host: Host, degrees: Sequence[int]) -> tuple[int, ...]:
    """The degrees that the model and the devices of the host allow."""
    found, _ = grids(
        model,
        one_d=tuple(degree for degree in degrees if degree <= host.devices),
        two_d=(),
        stages=(1,),
        batches=(1,),
        rules=Rules(),
    )
    return tuple(degree for grid in found for degree in grid.tensor_degrees)


def step_setting(instance: PlacementInstance, machine: PlacementMachine, host: Host) -> StepSetting:
    """What the time of a step on this host depends on.

    Raises
    ------
    ValueError
        If the machine is measured, or the question has no model.
    """
    if instance.model is None or machine.accelerator is None:
        raise ValueError(f"{instance.name}: {machine.name} is measured")
    return StepSetting(
        counts=count(instance.model),
        accelerator=accelerator_in_host(
            machine.accelerator,
            devices=host.devices,
            device_bytes_per_s=host.device_bytes_per_s,
        ),
        weight_bits=instance.design.weight_bits,
        kv_bits=instance.design.kv_bits,
        context_tokens=instance.context_tokens,
        flop_efficiency=float(instance.performance.flop_efficiency),
        hbm_efficiency=float(instance.performance.hbm_efficiency),
    )


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
    return Fraction(instance.model.d_model * instance.design.kv_bits, 8)


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
    setting = step_setting(instance, machine, host)
    microbatches = tuple(dict.fromkeys(m for m, _ in settings))
    options = []
    for degree in degrees_of(instance.model, host, instance.design.tensor_parallel):
        times = layer_times_ps(setting, tensor_parallel=degree, microbatches=microbatches)
        time_ps = dict(zip(microbatches, times, strict=True))
        needs = [
            stage_bytes(setting, tensor_parallel=degree, microbatch=m, in_flight=in_flight)
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
