"""``fleetfront validate``: the performance models against published outputs and measurements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli.exits import COMPLETE, FAILED
from solver.cli.outputs import PLOT_FORMATS
from solver.errors import FleetError, OutputError

if TYPE_CHECKING:
    from solver.performance.validation import ValidationReport
    from solver.performance.validation.measured import MeasuredReport
    from solver.performance.validation.measured.scores import GroupScore

__all__ = ["validate_command"]


def validate_command(
    path: Annotated[
        Path, typer.Argument(help="A folder or a file of reference outputs or of measurements.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    per_row: Annotated[
        Path | None,
        typer.Option(
            "--per-row",
            metavar="F.csv",
            help="Write the prediction of every measured serving point, or why there is none.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="F.png|svg|pdf",
            help="Draw predicted against measured times of the serving points.",
        ),
    ] = None,
    leave_one_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-out",
            help="Also predict each system by constants refitted without it (about a minute).",
        ),
    ] = False,
) -> int:
    """Compare the performance models with reference outputs and with measurements.

    Reference outputs are those of the model epoch2025 and must be equal. Measured serving points
    are compared with the model calibrated: its errors are reported, not judged. What a file is is
    told by its name and columns; others are listed as ignored. Exit status: 0 all reference rows
    agree to 1e-9, 1 some do not, 2 bad input.

    Example: fleetfront validate serving_points.csv --per-row predicted.csv --plot scatter.png
    """
    from rich.console import Console

    from solver.performance.validation import validate_path
    from solver.report import print_validation
    from solver.result.writing import check_writable, write_whole

    _check_names(path, per_row=per_row, plot=plot)
    check_writable({"--per-row": per_row, "--plot": plot})
    report = validate_path(path)
    contents: dict[Path, bytes] = {}
    if per_row is not None:
        from solver.performance.validation.measured import per_row_text

        contents[per_row] = per_row_text(_serving_points(report, "--per-row")).encode()
    if plot is not None:
        from solver.report.validation_plot import render_scatter

        measured = _serving_points(report, "--plot")
        contents[plot] = render_scatter(measured, PLOT_FORMATS[plot.suffix.lower()])
    if contents:
        write_whole(contents)
    without: list[GroupScore] = []
    if leave_one_out:
        from solver.performance.fitting.serving_report import leave_one_system_out

        without = leave_one_system_out(_serving_points(report, "--leave-one-out").points)
    if as_json:
        document = report.as_dict()
        if leave_one_out:
            document["leave one system out"] = [entry.as_dict() for entry in without]
        print(json.dumps(document, indent=1))
    else:
        console = Console(highlight=False)
        print_validation(report, console)
        if leave_one_out:
            from solver.report.validation_measured import errors_table

            heading = "constants refitted"
            ascii_only = console.options.ascii_only
            console.print(
                errors_table(heading, tuple(without), width=console.width, ascii_only=ascii_only)
            )
    return COMPLETE if report.passed else FAILED


def _check_names(path: Path, *, per_row: Path | None, plot: Path | None) -> None:
    """Refuse outputs that would replace what is read, and pictures of an unknown kind."""
    for option, output in (("--per-row", per_row), ("--plot", plot)):
        if output is not None and output.resolve() == path.resolve():
            raise OutputError.one(
                "is also the file that is read, which would be lost",
                where=f"{option} {output}",
                mend="Name another file",
            )
    if plot is not None and plot.suffix.lower() not in PLOT_FORMATS:
        raise OutputError.one(
            f"cannot draw a {plot.suffix or 'file without a suffix'}",
            where=f"--plot {plot}",
            mend=f"End the name with one of {', '.join(PLOT_FORMATS)}",
        )


def _serving_points(report: ValidationReport, option: str) -> MeasuredReport:
    """The one file of measured serving points that an option is about."""
    from solver.performance.validation.measured import MeasuredReport

    found = [entry for entry in report.measured if isinstance(entry, MeasuredReport)]
    if len(found) != 1:
        names = ", ".join(entry.file for entry in found) or "none"
        raise FleetError.one(
            f"{option} needs one file of measured serving points, and there is {names}",
            where=report.path,
            mend="Give the path of one such file",
        )
    return found[0]
