"""``fleetfront calibrate``: measure the machine at hand and write what the model needs of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from solver.cli.exits import COMPLETE, PARTIAL

if TYPE_CHECKING:
    from rich.console import Console

    from solver.calibration import Calibrated

__all__ = ["calibrate_command"]


def calibrate_command(
    out: Annotated[Path, typer.Option(help="The calibration file to write, TOML.")],
    device: Annotated[
        str | None, typer.Option(help="cuda or cpu; by default the GPU where there is one.")
    ] = None,
    budget: Annotated[
        float, typer.Option(help="Seconds the whole may take; sets the number of shapes.")
    ] = 480.0,
    quick: Annotated[
        bool, typer.Option("--quick", help="About a minute: few shapes, few constants fitted.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the shapes and the rows held out.")] = 0,
    extends: Annotated[
        str | None,
        typer.Option(help="Catalog accelerator that this is; by default found by its name."),
    ] = None,
    collectives: Annotated[
        bool, typer.Option(help="Time all-reduce where there are several devices.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> int:
    """Measure this machine's kernels through PyTorch and fit the performance model to them.

    Writes one file: an accelerator, the constants of its kernels with errors on rows held out, and
    the medians behind them. An instance names it as performance.constants. Exit status: 0 written,
    2 bad input, 4 stopped (nothing is written).

    Example: fleetfront calibrate --out my-gpu.toml
    """
    from datetime import date

    from rich.console import Console

    from solver.calibration import QUICK_BUDGET_S, calibrate
    from solver.calibration.torch_backend import torch_backend
    from solver.cli.progress import patience
    from solver.errors import OutputError
    from solver.result.writing import check_writable, write_whole

    if device not in (None, "cuda", "cpu"):
        raise OutputError.one(f"no device {device!r}", where="--device", mend="Use cuda or cpu")
    check_writable({"--out": out})
    backend = torch_backend(device)
    try:
        # Half a calibration is none: the first Ctrl-C ends it.
        with patience(f"measuring {backend.machine.name}", quiet=as_json, stops=False) as waiting:
            found = calibrate(
                backend,
                budget_s=min(budget, QUICK_BUDGET_S) if quick else budget,
                seed=seed,
                today=date.today(),
                extends=extends,
                collectives=collectives,
                progress=waiting.progress,
            )
    except KeyboardInterrupt:
        print(f"stopped: nothing was written to {out}", file=sys.stderr)
        return PARTIAL
    write_whole({out: found.text.encode()})
    if as_json:
        print(json.dumps(_report(found, out), indent=1))
    else:
        _print(found, out, Console(highlight=False))
    return COMPLETE


def _report(found: Calibrated, out: Path) -> dict[str, Any]:
    return {
        "file": str(out),
        "device": found.machine.name,
        "accelerator": found.entry.accelerator.name,
        "extends": None if found.entry.base is None else found.entry.base.name,
        "peaks": found.entry.peaks,
        "torch": found.machine.library,
        "wall_s": round(found.run.wall_s, 1),
        "copy_bytes_per_s": found.measured.copy_bytes_per_s,
        "launch_s": found.measured.launch_s,
        "operators": [
            {
                "family": family.fit.family,
                "precision": family.fit.precision,
                "rows": family.fit.rows,
                "fitted": len(family.fit.constants) - len(family.held),
                "held": list(family.held),
                "held_at": family.held_at,
                "errors": {
                    split: {"median": e.median, "p95": e.p95, "bias": e.bias, "rows": e.rows}
                    for split, e in family.fit.errors.items()
                },
            }
            for family in found.fits
        ],
        "not_fitted": list(found.refused),
        "left_out": dict(found.measured.left_out),
        "warnings": list(found.entry.warnings),
    }


def _print(found: Calibrated, out: Path, console: Console) -> None:
    from rich.table import Table

    machine, measured = found.machine, found.measured
    base = found.entry.base
    console.print(
        f"{machine.name}, torch {machine.library}, {found.run.wall_s:.0f} s", markup=False
    )
    console.print(
        f"extends {base.name}" if base else "no catalog entry: measured peaks stand in",
        markup=False,
    )
    console.print(
        f"copy {measured.copy_bytes_per_s / 1e9:,.1f} GB/s, "
        f"launch {measured.launch_s * 1e6:.2f} us, {machine.memory_bytes / 1e9:,.1f} GB"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("family", "precision", "rows", "fitted", "random", "shape", "as shipped"):
        left = title in ("family", "precision")
        table.add_column(title, justify="left" if left else "right", no_wrap=True)
    for family in found.fits:
        errors = family.fit.errors
        table.add_row(
            family.fit.family,
            family.fit.precision,
            str(family.fit.rows),
            str(len(family.fit.constants) - len(family.held)),
            *(
                f"{errors[split].median:.1%}" if split in errors else "-"
                for split in ("random", "shape", "system")
            ),
        )
    console.print(table)
    console.print("median errors on rows held out, and of the shipped constants on all rows")
    for line in (*found.refused, *found.entry.warnings):
        console.print(f"warning: {line}", markup=False, soft_wrap=True)
    for reason, count in measured.left_out.items():
        console.print(f"left out {count}: {reason}", markup=False, soft_wrap=True)
    console.print(f"written: {out}", markup=False, soft_wrap=True)
