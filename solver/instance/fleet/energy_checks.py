"""What energy, clocks and quality penalties of a fleet file need of the rest of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solver.catalog import suggestion
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.energy import EnergyTerms
from solver.instance.fleet.clock_choice import check_design_clocks
from solver.instance.fleet.domain import MachineOffer, Workload
from solver.instance.fleet.records import FleetFile
from solver.instance.lookup import Lookup

__all__ = ["check_energy", "check_penalties", "unmodelled_power"]


def check_energy(record: FleetFile, machines: Sequence[MachineOffer], lookup: Lookup) -> None:
    """Note limits and clocks that say nothing without what they need."""
    limits = record.limits
    if record.energy is None and not lookup.has_fault("energy"):
        clocked = [
            f"machines.{entry.name}.clock_mhz"
            for entry in record.machines
            if entry.clock_mhz is not None
        ]
        if record.design is not None and record.design.clock_mhz is not None:
            clocked.append("design.clock_mhz")
        needing = [
            ("trade_off", "energy" in record.trade_off, "energy is traded off"),
            ("limits.max_j_per_token", limits.max_j_per_token is not None, "energy is limited"),
            (
                "limits.max_kg_co2_per_day",
                limits.max_kg_co2_per_day is not None,
                "carbon is limited",
            ),
            *((key, True, "a lower clock only saves power") for key in clocked),
        ]
        for key, asked, what in needing:
            if asked:
                lookup.fault(
                    key,
                    f"{what}, and [energy] is missing",
                    "Add [energy]: an empty table lets devices draw power by what they do",
                )
        return
    if (
        limits.max_kg_co2_per_day is not None
        and record.energy is not None
        and record.energy.g_co2_per_kwh is None
        and not lookup.has_fault("energy.g_co2_per_kwh")
    ):
        lookup.fault(
            "limits.max_kg_co2_per_day",
            "what a kWh emits is not stated",
            "Give energy.g_co2_per_kwh: one figure, 24 or 168",
        )
    if limits.max_j_per_token is not None and "throughput" in record.trade_off:
        lookup.fault(
            "limits.max_j_per_token",
            "energy per token is divided by the throughput that is traded off",
            "Limit max_kw instead, or trade off something else",
        )
    if record.design is not None and not lookup.has_fault("design.clock_mhz"):
        check_design_clocks(record.design.clock_mhz, machines, lookup)


def check_penalties(record: FleetFile, workloads: Sequence[Workload], lookup: Lookup) -> None:
    """Note penalties that no score can pay."""
    if not record.penalties:
        return
    designed = [workload for workload in workloads if not workload.points]
    names = list(dict.fromkeys(model.name for w in designed for model in w.models))
    scored = any(model.quality is not None for w in designed for model in w.models)
    if not scored:
        lookup.fault(
            "penalties",
            "no model of a design has a score that anything could be taken off",
            "Write models = [{ model = ..., quality = ..., source = ... }]",
        )
    for place, penalty in enumerate(record.penalties):
        if penalty.model is not None and penalty.model not in names:
            lookup.fault(
                f"penalties.{place}.model",
                f"{penalty.model!r} serves no workload by a design",
                suggestion(penalty.model, names, what="models"),
            )
        if penalty.weight_format is not None and record.performance.model != CALIBRATED:
            lookup.fault(
                f"penalties.{place}.weight_format",
                f"{record.performance.model} does not tell formats apart",
                "Write weight_bits",
            )


def unmodelled_power(
    energy: EnergyTerms | None, workloads: Sequence[Workload], machines: Sequence[MachineOffer]
) -> Iterator[str]:
    """Warnings: machines whose designs draw one figure although energy is asked about."""
    if energy is None or all(workload.points for workload in workloads):
        return
    for machine in machines:
        accelerator = machine.accelerator
        if accelerator is not None and accelerator.power is None and machine.watts_per_device:
            yield (
                f"machines.{machine.name}: the catalog knows no power by phase of "
                f"{accelerator.name}, so that a device in use draws "
                f"{float(machine.watts_per_device):g} W whatever it does"
            )
