"""Fit the constants of serving to measured deployments, and report how far they are off.

    python scripts/fit_serving.py serving_points.csv                 fit and report
    python scripts/fit_serving.py serving_points.csv --write FOLDER  also write serving.toml and
                                                                     model_errors.toml there

Rows are split by deployment layout: the constants are fitted on one part and reported on the other;
each system is also predicted by constants fitted without it. A run takes about three minutes.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import fields
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from solver.performance.calibrated.constants import UNITS, ServingConstants, serving_constants
from solver.performance.calibrated.point import ServingPoint
from solver.performance.calibrated.serving import predict
from solver.performance.fitting.error_groups import error_groups_text
from solver.performance.fitting.serving import fit_serving
from solver.performance.fitting.serving_report import errors_by_system, serving_errors
from solver.performance.validation.measured import held_out, read_measured_points
from solver.performance.validation.measured.groups import SPLIT_SEED
from solver.performance.validation.measured.scores import GroupScore


def constants_text(constants: ServingConstants, *, source: str, as_of: str, note: str) -> str:
    """The file of constants."""
    names = [entry.name for entry in fields(ServingConstants)]
    return "\n".join(
        [
            "# What serving adds to kernels, written by scripts/fit_serving.py; the meaning of",
            "# each constant is in solver/performance/calibrated/constants.py.",
            "schema = 1",
            f'source = "{source}"',
            f'as_of = "{as_of}"',
            f'note = "{note}"',
            "",
            "[units]",
            *(f'{name} = "{UNITS[name]}"' for name in names),
            "",
            "[constants]",
            *(f"{name} = {getattr(constants, name)!r}" for name in names),
            "",
        ]
    )


def report(title: str, found: list[GroupScore]) -> Table:
    """A table of errors in per cent."""
    table = Table(title=title, title_justify="left")
    table.add_column("rows of")
    for name in ("rows", "TPOT median %", "mean %", "95th %", "bias %", "rank", "TTFT median %"):
        table.add_column(name, justify="right")
    for entry in found:
        if entry.tpot is None:
            continue
        e, first = entry.tpot, entry.ttft
        table.add_row(
            entry.name,
            f"{e.rows:,}",
            f"{100 * e.median:.1f}",
            f"{100 * e.mean:.1f}",
            f"{100 * e.p95:.0f}",
            f"{100 * e.bias:+.1f}",
            "" if e.spearman is None else f"{e.spearman:.3f}",
            "" if first is None else f"{100 * first.median:.1f}",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("points", type=Path, help="file in the layout of serving_points.csv")
    parser.add_argument("--seed", type=int, default=SPLIT_SEED, help="of the split by layout")
    parser.add_argument("--rounds", type=int, default=3, help="of fitting the step's constants")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write both files there")
    arguments = parser.parse_args()
    console = Console(width=110)

    measured = read_measured_points(arguments.points)
    rows = np.flatnonzero(measured.scored)
    points: list[ServingPoint] = [p for p in (measured.points[row] for row in rows) if p]
    times = (measured.tpot_s[rows], measured.ttft_s[rows])
    outside = held_out(measured, arguments.seed)[rows]
    known = np.array([reason is None for reason in predict(points).refused])
    constants, step, first_token = fit_serving(
        points,
        ttft_s=times[1],
        tpot_s=times[0],
        rows=known & ~outside,
        start=serving_constants(),
        rounds=arguments.rounds,
    )
    found = predict(points, constants)
    predicted = (found.tpot_s, found.ttft_s)
    parts = {"fitted": known & ~outside, "held out": known & outside}
    console.print(
        report(
            f"Constants fitted on {(known & ~outside).sum():,} of {known.sum():,} rows",
            serving_errors(points, predicted=predicted, measured=times, parts=parts),
        )
    )
    console.print(
        report(
            "Each system by constants fitted without it",
            errors_by_system(
                points, step=step, first_token=first_token, measured=times, rows=known
            ),
        )
    )
    for entry in fields(ServingConstants):
        console.print(f"{entry.name:>18} {getattr(constants, entry.name):.4g} {UNITS[entry.name]}")
    if arguments.write is not None:
        arguments.write.mkdir(parents=True, exist_ok=True)
        as_of = datetime.date.today().isoformat()
        source = "public serving sweeps as collected in aiconfigurator-core 0.12.0, Apache-2.0"
        note = (
            f"{(known & ~outside).sum()} rows fitted, {(known & outside).sum()} held out by layout"
        )
        (arguments.write / "serving.toml").write_text(
            constants_text(constants, source=source, as_of=as_of, note=note), encoding="utf-8"
        )
        (arguments.write / "model_errors.toml").write_text(
            error_groups_text(
                points, predicted=predicted, measured=times, source=source, as_of=as_of
            ),
            encoding="utf-8",
        )
        console.print(f"wrote serving.toml and model_errors.toml in {arguments.write}")


if __name__ == "__main__":
    main()
