"""The ``[[accelerators]]`` entry of a measured device.

A device whose name is known extends the catalog's entry and keeps the vendor's peaks. For any other
the best that was measured stands in for a peak, and the entry says so. Names are those that
``torch.cuda.get_device_properties`` reports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from solver.calibration.backend import Machine
from solver.calibration.measure import Measurements, Table
from solver.catalog.domain import Accelerator
from solver.catalog.entries import parse_entries
from solver.catalog.shipped import shipped_catalog
from solver.errors import CatalogError, EngineError
from solver.performance.operators.calibration_file import calibrated_device
from solver.performance.operators.device import OPERAND_BITS, Device, device_of_accelerator

__all__ = ["Entry", "Value", "build_entry", "check_extends", "device_of", "match_accelerator"]

Value = str | int | float | Decimal | Mapping[int, float]

_NAMES: tuple[tuple[str, str], ...] = (
    (r"V100-SXM\d-32GB", "V100-32GB SXM"),
    (r"A100-SXM\d-40GB", "A100-40GB SXM"),
    (r"A100-SXM\d-80GB", "A100-80GB SXM"),
    (r"A800-SXM\d-80GB", "A800-80GB"),
    (r"H100 80GB HBM3", "H100 SXM"),
    (r"H100 PCIe", "H100 PCIe"),
    (r"H800", "H800 SXM"),
    (r"H200 NVL", ""),
    (r"H200", "H200 SXM"),
    (r"H20\b", "H20"),
    (r"GB200", "GB200 NVL72"),
    (r"GB300", "GB300 NVL72"),
    (r"B200", "B200 SXM"),
    (r"B300", "B300 SXM"),
    (r"RTX PRO 6000", "RTX PRO 6000"),
    (r"RTX 4090$", "RTX 4090"),
    (r"RTX 5090$", "RTX 5090"),
    (r"A10G", "A10G"),
    (r"L40S", "L40S"),
    (r"L4$", "L4"),
    (r"MI300X", "MI300X"),
    (r"MI325X", "MI325X"),
    (r"MI355X", "MI355X"),
)
"""Part of a device's name to its catalog entry, the first that fits; empty: known to be another."""

_VENDORS = ("NVIDIA", "AMD", "Intel")

_ABOVE_PEAK = 1.05
"""A measured rate beyond this multiple of the peak means that the entry is another device's."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What will be written, and what it means.

    Parameters
    ----------
    keys
        Of the ``[[accelerators]]`` table, in the units of files.
    accelerator
        The same as the catalog reads it.
    base
        The entry it starts from; None where measured peaks stand in.
    warnings
        What looks wrong.
    """

    keys: Mapping[str, Value]
    accelerator: Accelerator
    base: Accelerator | None
    warnings: tuple[str, ...]

    @property
    def peaks(self) -> Literal["vendor", "measured"]:
        """Whose the peaks are."""
        return "measured" if self.base is None else "vendor"


def match_accelerator(device_name: str) -> str | None:
    """The catalog's name for a device, None where it has none."""
    for part, name in _NAMES:
        if re.search(rf"(?<![A-Za-z0-9]){part}", device_name):
            return name or None
    return None


def check_extends(name: str) -> None:
    """Refuse an entry that the catalog does not have, before anything is measured.

    Raises
    ------
    CatalogError
        Naming the entries there are.
    """
    known = shipped_catalog().accelerators
    if name not in known:
        raise CatalogError.one(
            f"no accelerator {name!r} in the catalog",
            where="--extends",
            mend=f"Name one of {', '.join(known)}",
        )


def build_entry(
    machine: Machine, measured: Measurements, *, extends: str | None, today: date
) -> Entry:
    """The entry of a measured device.

    Parameters
    ----------
    extends
        Catalog entry to start from; by default the one that the device's name fits.
    today
        The date of the measurement.

    Raises
    ------
    CatalogError
        For an unknown entry.
    EngineError
        Where peaks have to be measured and no matrix multiplication was.
    """
    base = extends or match_accelerator(machine.name)
    if base is not None:
        check_extends(base)
    keys: dict[str, Value] = {} if base is None else {"extends": base}
    keys["name"] = f"{machine.name} (measured)"
    keys["hbm_gb"] = Decimal(machine.memory_bytes).scaleb(-9)
    keys["kernel_launch_us"] = _digits(1e6 * measured.launch_s)
    if base is None:
        keys |= _measured_peaks(machine, measured, today)
    keys["source"] = f"measured by fleetfront calibrate, torch {machine.library}, {machine.driver}"
    keys["as_of"] = f"{today:%Y-%m}"
    keys["confidence"] = "high" if base is not None else "low"
    keys["note"] = (
        f"Peaks and links are those of {base}; memory and kernel launch are measured."
        if base is not None
        else "Measured peaks stand in for the vendor's: the fastest matrix multiplication, the "
        "fastest copy, the fastest all-reduce or host copy. Bandwidth between nodes was not "
        "measured: that inside the node stands in."
    )
    catalog, faults = parse_entries(
        {"accelerators": [keys]}, where="fleetfront calibrate", base=shipped_catalog()
    )
    if faults:
        raise CatalogError.all_of(faults)
    accelerator = catalog.accelerators[str(keys["name"])]
    return Entry(
        keys=keys,
        accelerator=accelerator,
        base=None if base is None else shipped_catalog().accelerators[base],
        warnings=tuple(_above_peak(accelerator, measured)) if base is not None else (),
    )


def device_of(machine: Machine, entry: Entry) -> Device:
    """The device that the constants belong to; links are joined as those of the entry it extends.

    Eight bits are floats where they were measured as such, else as the extended entry has them.
    """
    base = None if entry.base is None else device_of_accelerator(entry.base)
    return calibrated_device(
        entry.accelerator,
        multiprocessors=machine.multiprocessors,
        cache_bytes=machine.cache_bytes,
        cache_source=machine.cache_source,
        float8="fp8" in machine.precisions or (base is not None and base.float8),
        mesh=base is not None and base.mesh,
    )


def _digits(value: float) -> float:
    """Five digits: more would be noise."""
    return float(f"{value:.5g}")


def _flop_per_s(table: Table) -> float:
    c = table.columns
    return float((2.0 * c["m"] * c["n"] * c["k"] / table.latency_s).max())


def _best_flop_per_s(measured: Measurements) -> dict[int, float]:
    """Best arithmetic rate by operand width."""
    return {
        OPERAND_BITS[table.precision]: _flop_per_s(table)
        for table in measured.tables
        if table.family == "gemm"
    }


def _link_bytes_per_s(measured: Measurements) -> float:
    """Bytes a device sends in the fastest ring all-reduce, else the host's link, else memory."""
    for table in measured.tables:
        if table.family == "collective":
            world, size = table.columns["num_gpus"], table.columns["bytes"]
            return float((2.0 * (world - 1.0) / world * size / table.latency_s).max())
    return measured.host_bytes_per_s or measured.copy_bytes_per_s


def _measured_peaks(machine: Machine, measured: Measurements, today: date) -> dict[str, Value]:
    link, rates = _link_bytes_per_s(measured), _best_flop_per_s(measured)
    if not rates:
        raise EngineError.one(
            "no matrix multiplication could be timed, so there is no peak",
            where=machine.name,
            mend="Give a larger --budget, or name the device's catalog entry with --extends",
        )
    # A CPU's maker may sell accelerators too, which it is not like.
    vendors = _VENDORS if machine.kind == "cuda" else ()
    return {
        "vendor": next((name for name in vendors if name in machine.name), "unknown"),
        "year": today.year,
        "tflop_per_s": {bits: _digits(rate * 1e-12) for bits, rate in sorted(rates.items())},
        "hbm_gb_per_s": _digits(measured.copy_bytes_per_s * 1e-9),
        "scale_up_gb_per_s": _digits(link * 1e-9),
        "scale_out_gbit_per_s": _digits(8.0 * link * 1e-9),
        "node_devices": machine.devices,
    }


def _above_peak(accelerator: Accelerator, measured: Measurements) -> list[str]:
    """Measured rates that no device of that entry could reach."""
    rates = [
        (f"{bits}-bit arithmetic", rate, accelerator.flop_per_s.get(bits))
        for bits, rate in _best_flop_per_s(measured).items()
    ]
    rates.append(("memory", measured.copy_bytes_per_s, accelerator.hbm_bytes_per_s))
    return [
        f"{what} was measured at {rate / peak:.0%} of the peak of the entry it extends: "
        "is that this device's entry?"
        for what, rate, peak in rates
        if peak is not None and rate > _ABOVE_PEAK * peak
    ]
