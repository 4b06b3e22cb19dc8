"""A comparison on the terminal: measurements, one row a reference file, then what was left out."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from solver.performance.validation import FileComparison, Measurements, ValidationReport
from solver.performance.validation.measured import MeasuredReport
from solver.performance.validation.measured.kernels import KernelReport
from solver.performance.validation.throughput.report import ThroughputReport
from solver.report.numbers import clean
from solver.report.table import fitted_table
from solver.report.validation_measured import kernel_parts, measured_parts
from solver.report.validation_throughput import throughput_parts

__all__ = ["print_validation"]

_HEADERS = ("file", "what it is", "rows", "columns", "worst\nrelative error", "")
_NUMERIC = (False, False, True, True, True, False)
_GIVE_UP = (0, 0, 0, 1, 0, 0)


def _error(value: float) -> str:
    return "0" if value == 0 else f"{value:.1e}"


def _value(value: float | str) -> str:
    # All 17 digits: two values that differ must look different.
    return repr(value) if isinstance(value, float) else clean(value)


def _verdict(comparison: FileComparison) -> str:
    return "ok" if comparison.passed else "FAILED"


def _files(report: ValidationReport, width: int, *, ascii_only: bool) -> RenderableType:
    rows = [
        [
            clean(comparison.file),
            clean(comparison.kind),
            f"{comparison.rows:,}",
            str(len(comparison.columns)),
            _error(comparison.worst_relative_error),
            _verdict(comparison),
        ]
        for comparison in report.files
    ]
    return fitted_table(
        _HEADERS,
        rows,
        width=width,
        give_up=_GIVE_UP,
        numeric=_NUMERIC,
        bold=frozenset(
            number for number, comparison in enumerate(report.files) if not comparison.passed
        ),
        folds=frozenset({0, 1}),
        ascii_only=ascii_only,
    )


def _worst(comparison: FileComparison) -> list[RenderableType]:
    """Where the worst row of a file is, and both its values."""
    worst = comparison.worst
    keys = ", ".join(f"{clean(name)} {clean(value)}" for name, value in worst.keys.items())
    style = "" if comparison.passed else "red"
    return [
        Text(f"{clean(comparison.file)}, {worst.place}: {keys}", style=style),
        Padding(
            Text(
                f"{worst.column}: stated {_value(worst.stated)}, computed {_value(worst.computed)}",
                style=style,
            ),
            (0, 0, 0, 2),
            expand=False,
        ),
    ]


def _verdict_line(report: ValidationReport) -> Text:
    files = len(report.files)
    compared = f"{report.rows:,} rows of {files} {'file' if files == 1 else 'files'} compared"
    if report.passed:
        return Text(
            f"passed: {compared}, worst relative error {_error(report.worst_relative_error)}, "
            f"at most {report.tolerance:.0e} allowed",
            style="green",
        )
    failed = sum(not comparison.passed for comparison in report.files)
    return Text(
        f"failed: {failed} of {files} {'file' if files == 1 else 'files'} beyond "
        f"{report.tolerance:.0e} relative error; {compared}, "
        f"worst {_error(report.worst_relative_error)}",
        style="bold red",
    )


def _measurements(measured: Measurements, width: int, *, ascii_only: bool) -> list[RenderableType]:
    if isinstance(measured, MeasuredReport):
        return measured_parts(measured, width=width, ascii_only=ascii_only)
    if isinstance(measured, KernelReport):
        return kernel_parts(measured, width=width, ascii_only=ascii_only)
    if isinstance(measured, ThroughputReport):
        return throughput_parts(measured, width=width, ascii_only=ascii_only)
    raise TypeError(f"{type(measured).__name__} has no view")


def print_validation(report: ValidationReport, console: Console) -> None:
    """Print ``report`` for people.

    Measurements first, serving points before all. Then a row for each reference file, the worst row
    of each, the files left out with the reason, and in the last line whether the reference files
    passed.
    """
    ascii_only = console.options.ascii_only
    parts: list[RenderableType] = []
    # Regret is the figure a buyer cares about: files that have one come first.
    for measured in sorted(report.measured, key=lambda m: not isinstance(m, MeasuredReport)):
        parts += [*_measurements(measured, console.width, ascii_only=ascii_only), Text("")]
    if report.files:
        parts += [
            Text(
                f"Performance model {report.performance_model} against "
                f"{clean(report.path, limit=500)}",
                style="bold",
            ),
            Text(""),
            _files(report, console.width, ascii_only=ascii_only),
            Text(""),
            Text("Worst row of each file:"),
        ]
        for comparison in report.files:
            parts += [Padding(line, (0, 0, 0, 2), expand=False) for line in _worst(comparison)]
    if report.ignored:
        parts += [Text(""), Text("Not compared:")]
        parts += [
            Padding(Text(f"{clean(entry.file)}: {clean(entry.reason, limit=1000)}"), (0, 0, 0, 2))
            for entry in report.ignored
        ]
    if report.files:
        parts += [Text(""), _verdict_line(report)]
    console.print(Group(*parts), highlight=False)
