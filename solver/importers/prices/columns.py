"""The header of a price list: which column is what, by the names that people give to columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from solver.errors import Fault, InstanceError
from solver.importers.visible import visible

__all__ = ["EXAMPLE_HEADER", "columns_of", "rows_of"]

MAX_ROWS = 10_000
EXAMPLE_HEADER = "accelerator,contract,usd_per_device_hour,as_of,source"

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "machine": ("pool", "node_pool", "nodepool"),
    "accelerator": ("gpu", "gpu_type", "gpu_model", "gpu_name", "device", "product", "sku"),
    "instance": ("instance_type", "machine_type", "vm", "vm_size", "flavor"),
    "devices": (
        "gpus",
        "gpu_count",
        "gpus_per_instance",
        "devices_per_instance",
        "gpus_per_node",
        "node_devices",
        "accelerator_count",
    ),
    "memory_gb": ("gpu_memory_gb", "vram_gb", "hbm_gb"),
    "contract": ("term", "kind", "pricing_model", "pricing", "plan", "commitment", "offer"),
    "usd_per_device_hour": (
        "usd_per_gpu_hour",
        "usd_per_gpu_per_hour",
        "usd_per_hour_per_gpu",
        "usd_per_hour_per_device",
        "usd_per_accelerator_hour",
        "usd_gpu_hour",
    ),
    "usd_per_instance_hour": (
        "usd_per_instance_per_hour",
        "usd_per_hour_per_instance",
        "usd_per_node_hour",
        "usd_per_vm_hour",
        "instance_usd_per_hour",
    ),
    "price_per_device_hour": ("price_per_gpu_hour", "price_per_gpu_per_hour", "price_per_gpu"),
    "price_per_instance_hour": ("price_per_node_hour", "price_per_instance", "price_per_vm_hour"),
    "usd_per_hour": ("hourly_usd", "price_usd_per_hour", "price_usd", "usd_hour", "usd_h"),
    "price_per_hour": ("price", "hourly_price", "rate", "hourly_rate", "price_hour"),
    "per": ("unit", "price_unit"),
    "currency": ("ccy",),
    "purchase_usd": ("purchase_price_usd", "capex_usd", "usd_per_device"),
    "depreciation_years": ("years", "lifetime_years"),
    "pue": (),
    "usd_per_kwh": ("electricity_usd_per_kwh",),
    "utilisation": ("utilization",),
    "maintenance_per_year": (),
    "stock_devices": ("stock", "available_devices", "max_devices", "available_gpus"),
    "provider": ("vendor", "cloud", "supplier"),
    "as_of": ("date", "seen_on", "quoted_on", "valid_from"),
    "source": ("url", "reference", "quote"),
}
"""What the reader calls a column -> other names that it may have, in any case and spacing."""

_NAMES = {name: column for column, others in _COLUMNS.items() for name in (column, *others)}
_PRICED = {
    "usd_per_device_hour",
    "usd_per_instance_hour",
    "price_per_device_hour",
    "price_per_instance_hour",
    "usd_per_hour",
    "price_per_hour",
    "purchase_usd",
}


def rows_of(text: str, where: str, file: str) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Header and rows with their place; empty lines and remarks after ``#`` are passed over.

    Raises
    ------
    csv.Error
        If a quoted cell is not closed.
    InstanceError
        If there are more than ``MAX_ROWS`` rows.
    """
    lines = io.StringIO(text, newline="")
    first = next((line for line in text.splitlines() if line.strip() and line[0] != "#"), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[tuple[str, list[str]]] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            continue
        if len(rows) == MAX_ROWS:
            raise InstanceError.one(
                f"holds more than {MAX_ROWS} rows", where=where, mend="Keep the rows that matter"
            )
        rows.append((f"{file}:{reader.line_num}", cells))
    return header, rows


def columns_of(header: list[str], where: str) -> dict[int, str]:
    """Which of our columns stands at which position.

    Raises
    ------
    InstanceError
        If two columns say the same, or none says which device, or what it costs.
    """
    found: dict[int, str] = {}
    faults = []
    for position, name in enumerate(header):
        key = re.sub(r"[\W_]+", "_", name.casefold().replace("us$", "usd").replace("$", "usd"))
        column = _NAMES.get(key.strip("_"))
        if column is None:
            continue
        if column in found.values():
            faults.append(
                Fault(
                    f"{where}: header",
                    f"two columns are {column} ('{visible(name)}' is the second)",
                    "Keep one of them",
                )
            )
        found[position] = column
    columns = set(found.values())
    if not columns & {"accelerator", "instance", "machine"}:
        faults.append(
            Fault(
                f"{where}: header",
                "no column says which device a price is of",
                f"Name one accelerator, instance or machine, as in {EXAMPLE_HEADER}",
            )
        )
    if not columns & _PRICED:
        faults.append(
            Fault(
                f"{where}: header",
                "no column holds a price in US$ per hour",
                "Name one usd_per_device_hour, usd_per_instance_hour or purchase_usd, in US$",
            )
        )
    if faults:
        raise InstanceError.all_of(faults)
    return found
