"""The text of a calibration file, in the layout ``operators.calibration_file`` reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from solver.calibration.backend import Machine
from solver.calibration.entry import Entry, Value
from solver.calibration.fits import FamilyFit
from solver.calibration.measure import Measurements
from solver.performance.operators.device import Device

__all__ = ["Run", "calibration_text"]


@dataclass(frozen=True, slots=True)
class Run:
    """How the measurement was made."""

    today: date
    seed: int
    budget_s: float
    wall_s: float


def calibration_text(
    machine: Machine,
    measured: Measurements,
    entry: Entry,
    device: Device,
    fits: Sequence[FamilyFit],
    run: Run,
) -> str:
    """The TOML text; constants to six digits, errors to four decimals, medians to five digits."""
    lines = [
        f"# {_text(machine.name)}, measured by fleetfront calibrate on {run.today:%Y-%m-%d}.",
        '# An instance reads it with constants = "<this file>" in its [performance] table, and',
        f"# names the accelerator {_text(entry.accelerator.name)}. The catalog has no price of it:",
        "# give usd_per_hour.",
        "schema = 1",
        "",
        "[measured]",
        *_table(
            {
                "device": machine.name,
                "kind": machine.kind,
                "torch": machine.library,
                "driver": machine.driver,
                "as_of": f"{run.today:%Y-%m-%d}",
                "seed": run.seed,
                "budget_s": float(run.budget_s),
                "wall_s": round(run.wall_s, 1),
                "peaks": entry.peaks,
                "multiprocessors": machine.multiprocessors,
                "cache_bytes": float(machine.cache_bytes),
                "cache_source": machine.cache_source,
                "float8": device.float8,
                "mesh": device.mesh,
                "devices": machine.devices,
                "launch_s": _rounded(measured.launch_s, 5),
            }
        ),
        f"copied_bytes = {_numbers(list(measured.copies))}",
        f"copy_bytes_per_s = {_numbers([_rounded(r, 5) for r in measured.copies.values()])}",
    ]
    if measured.host_bytes_per_s is not None:
        lines.append(f"host_copy_bytes_per_s = {_value(_rounded(measured.host_bytes_per_s, 5))}")
    lines += [
        f"warnings = [{', '.join(_text(warning) for warning in entry.warnings)}]",
        "",
        "[measured.left_out]",
        "# Reason to number of shapes.",
        *(f"{_text(reason)} = {count}" for reason, count in measured.left_out.items()),
        "",
        "[[accelerators]]",
        *_table(entry.keys),
    ]
    for found in fits:
        lines += _operators(found, run, str(entry.keys["source"]))
    return "\n".join(lines) + "\n"


def _operators(found: FamilyFit, run: Run, source: str) -> list[str]:
    fit, table = found.fit, found.table
    return [
        "",
        "[[operators]]",
        *_table(
            {
                "family": fit.family,
                "precision": fit.precision,
                "system": fit.system,
                "backend": fit.backend,
                "version": fit.version,
                "source": source,
                "as_of": f"{run.today:%Y-%m-%d}",
                "rows": fit.rows,
                "held_at": found.held_at,
            }
        ),
        f"held = [{', '.join(_text(name) for name in found.held)}]",
        "",
        "[operators.constants]",
        *_table({name: _rounded(value, 6) for name, value in fit.constants.items()}),
        "",
        "[operators.units]",
        *_table(fit.units),
        "",
        "# Relative errors on rows held out (system: of the shipped constants on these rows).",
        "[operators.errors]",
        *(
            f"{split} = {{ median = {e.median:.4f}, p95 = {e.p95:.4f}, bias = {e.bias:.4f}, "
            f"rows = {e.rows} }}"
            for split, e in fit.errors.items()
        ),
        "",
        "[operators.medians]",
        *(
            f"{name} = {_numbers([int(x) for x in column])}"
            for name, column in table.columns.items()
        ),
        f"latency_s = {_numbers([_rounded(float(x), 5) for x in table.latency_s])}",
        f"spread = {_numbers([round(float(x), 4) for x in table.spread])}",
        f"timed_by = [{', '.join(_text(by) for by in table.timed_by)}]",
    ]


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _numbers(values: Sequence[int | float]) -> str:
    return f"[{', '.join(_value(value) for value in values)}]"


def _table(entries: Mapping[str, Value]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in entries.items()]


def _value(value: Value) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if math.isinf(value):
        return "inf"
    text = repr(value)
    # A float must come back as one.
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for the character DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
