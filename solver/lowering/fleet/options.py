"""Options: one replica of one design, or of one measured operating point, for one workload."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from solver.errors import Fault, InstanceError
from solver.instance.fleet.domain import FleetInstance, MeasuredPoint, Phase, Workload
from solver.lowering.fleet.rows_apart import what_differs
from solver.lowering.fleet.uplink import kv_bytes_per_token, request_bytes

__all__ = ["PS_PER_S", "KvCache", "Option", "measured_options", "option_label"]

PS_PER_S = 10**12

KvCache = tuple[str, int | None]
"""A model and the bits of a value of its KV cache; ``None`` where these are not known."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way for a replica to serve one workload.

    Parameters
    ----------
    workload
        Its number in the instance.
    machine
        Number of the machine in the instance; ``None``: a machine of its own, without stock.
    devices
        Devices of one replica.
    rates
        Requests/s of one replica, if it serves nothing else, for each request size of the workload
        (0: it cannot); one entry where it serves the workload as a whole.
    whole
        It serves the workload as a whole: ``rates`` has one entry, of the mix of all sizes.
    latency_ps
        Between two output tokens of a user; ``None`` where it makes none, or it is not known.
    watts, usd_per_hour
        Of the replica; ``None``: from the machine.
    uplink_bytes_per_s
        What it sends and receives beyond its own devices at full load; ``None``: not known.
    kv_bits
        Width of the values of its KV cache; ``None``: not known.
    apart
        What sets it apart from others of its layout, for names; empty where nothing needs to.
    """

    workload: int
    model: str
    machine: int | None
    layout: str
    phase: Phase
    devices: int
    rates: tuple[Fraction, ...]
    whole: bool
    latency_ps: int | None
    ttft_s: Fraction | None
    quality: Fraction | None = None
    watts: Fraction | None = None
    usd_per_hour: Fraction | None = None
    uplink_bytes_per_s: Fraction | None = None
    where: str = ""
    kv_bits: int | None = None
    apart: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def makes_tokens(self) -> bool:
        """Whether users wait for its output tokens: all but prefill replicas."""
        return self.phase != "prefill"

    @property
    def cache(self) -> KvCache:
        """What must be equal where prompts are read by one replica and decoded by another."""
        return self.model, self.kv_bits


def option_label(instance: FleetInstance, option: Option) -> str:
    """For names of columns: workload, layout, machine, and phase where it is not the whole."""
    machine = "" if option.machine is None else f" on {instance.machines[option.machine].name}"
    phase = "" if option.phase == "aggregated" else f", {option.phase}"
    workload = instance.workloads[option.workload]
    model = f" {option.model}" if len(workload.models) > 1 else ""
    apart = f", {option.apart}" if option.apart else ""
    return f"{workload.name}:{model} {option.layout}{apart}{machine}{phase}"


def measured_options(instance: FleetInstance, number: int) -> list[Option]:
    """Options of the measured points of workload ``number``.

    Points of one replica measured on several request sizes become one option; its latency and time
    to the first token are the slowest among them.

    Raises
    ------
    InstanceError
        With every point that names an unknown machine, model or request size, and where some
        points are of the whole workload and others of one size.
    """
    workload = instance.workloads[number]
    machines = {machine.name: k for k, machine in enumerate(instance.machines)}
    quality = {model.name: model.quality for model in workload.models}
    sizes = {(s.input_tokens, s.output_tokens): k for k, s in enumerate(workload.sizes)}
    faults: list[Fault] = []
    by_replica: dict[tuple[Any, ...], list[MeasuredPoint]] = {}
    for point in workload.points:
        faults.extend(_point_faults(point, workload, machines, quality, sizes))
        key = (
            point.model,
            point.machine,
            point.layout,
            point.phase,
            point.devices,
            point.watts,
            point.usd_per_hour,
            point.where if point.size is None or len(sizes) == 1 else "",
        )
        found = by_replica.setdefault(key, [])
        if any(point.size == other.size for other in found):
            faults.append(
                Fault(
                    point.where,
                    f"a size of replica {point.layout!r} is measured again (first in "
                    f"{found[0].where})",
                    "Give operating points of one replica names of their own in layout",
                )
            )
        found.append(point)
    if len(sizes) > 1 and len({point.size is None for point in workload.points}) > 1:
        faults.append(
            Fault(
                f"{instance.source}: workload {workload.name!r}",
                "some points are of the whole workload and others of one request size",
                "Give a size in every row, or in none",
            )
        )
    if faults:
        raise InstanceError.all_of(faults)
    options = [
        _measured(points, number, workload, machines, quality, sizes)
        for points in by_replica.values()
    ]
    apart = what_differs(
        [option_label(instance, option) for option in options],
        [points[0] for points in by_replica.values()],
    )
    return [
        replace(option, apart=text, facts={**option.facts, "apart": text}) if text else option
        for option, text in zip(options, apart, strict=True)
    ]


def _point_faults(
    point: MeasuredPoint,
    workload: Workload,
    machines: Mapping[str, int],
    models: Mapping[str, Any],
    sizes: Mapping[tuple[int, int], int],
) -> Iterable[Fault]:
    if point.machine and point.machine not in machines:
        yield Fault(
            point.where,
            f"machine {point.machine!r} is not on offer",
            f"Choose from {', '.join(machines) or 'none'}, or add it",
        )
    if point.model and point.model not in models:
        yield Fault(
            point.where,
            f"workload {workload.name!r} does not accept model {point.model!r}",
            f"Choose from {', '.join(models)}, or add it to the workload",
        )
    if point.size is not None and point.size not in sizes:
        yield Fault(
            point.where,
            f"workload {workload.name!r} has no requests of {point.size[0]} input and "
            f"{point.size[1]} output tokens",
            "Give a size of the workload",
        )


def _slowest(values: Iterable[Fraction | None]) -> Fraction | None:
    known = list(values)
    shown = [value for value in known if value is not None]
    return max(shown) if len(shown) == len(known) else None


def _measured(
    points: list[MeasuredPoint],
    number: int,
    workload: Workload,
    machines: Mapping[str, int],
    quality: Mapping[str, Fraction | None],
    sizes: Mapping[tuple[int, int], int],
) -> Option:
    first = points[0]
    whole = first.size is None or len(sizes) == 1
    rates = [Fraction(0)] * (1 if whole else len(sizes))
    serving = []
    for point in points:
        place = 0 if whole or point.size is None else sizes[point.size]
        rates[place] = point.requests_per_s
        if point.requests_per_s > 0:
            serving.append(point)
    tpot_s = _slowest(point.tpot_s for point in serving or points)
    model = first.model or workload.models[0].name
    return Option(
        workload=number,
        model=model,
        machine=machines[first.machine] if first.machine else None,
        layout=first.layout or f"{first.devices} devices",
        phase=first.phase,
        devices=first.devices,
        rates=tuple(rates),
        whole=whole,
        latency_ps=None
        if tpot_s is None or first.phase == "prefill"
        else math.ceil(tpot_s * PS_PER_S),
        ttft_s=None if first.phase == "decode" else _slowest(p.ttft_s for p in serving or points),
        quality=quality[model],
        watts=first.watts,
        usd_per_hour=first.usd_per_hour,
        uplink_bytes_per_s=_uplink(workload, model, first, rates),
        where=first.where,
        facts={"measured": first.where},
    )


def _uplink(
    workload: Workload, model: str, point: MeasuredPoint, rates: list[Fraction]
) -> Fraction | None:
    """Bytes/s at full load, of the size that moves most; one rate is of the mean of all sizes."""
    facts = next(accepted.model for accepted in workload.models if accepted.name == model)
    kv = None if facts is None else kv_bytes_per_token(facts, facts.native_kv_bits)
    moved = [request_bytes(size, point.phase, kv) for size in workload.sizes]
    known = [value for value in moved if value is not None]
    if len(known) < len(moved):
        return None
    if len(rates) == 1:
        shares = (size.share for size in workload.sizes)
        mean = sum((s * m for s, m in zip(shares, known, strict=True)), Fraction(0))
        return mean * rates[0]
    return max(rate * value for rate, value in zip(rates, known, strict=True))
