"""Which kinds of measurements there are, and how a file tells that it is one.

Each kind says of a file: it is one, it nearly is one (and what is missing), or it is not. A new
kind is one more entry of ``MEASURED_KINDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from solver.errors import FleetError
from solver.performance.validation.measured.kernels import KERNEL_TABLES, kernel_columns
from solver.performance.validation.measured.rows import REQUIRED_COLUMNS
from solver.performance.validation.report import Measurements
from solver.performance.validation.rows import read_header
from solver.performance.validation.throughput.rows import missing_columns

__all__ = ["MEASURED_KINDS", "MeasuredKind", "measured_kind_of"]


@dataclass(frozen=True, slots=True)
class MeasuredKind:
    """One kind of measurements.

    Parameters
    ----------
    example
        The name of a file of this kind, for messages.
    missing
        What keeps a file from being of this kind: empty where it is one; ``None`` where it is so
        far off that there is nothing to tell.
    compare
        Compares the file at a path with the model; the second argument names it in the report.
    """

    example: str
    missing: Callable[[Path], str | None]
    compare: Callable[[Path, str], Measurements]


def _header(path: Path) -> tuple[str, ...]:
    """The header of a comma-separated file; empty where there is none to be read."""
    if path.suffix != ".csv":
        return ()
    try:
        return read_header(path)
    except FleetError:
        # A file that is no table is of no kind; the folder says so with the name.
        return ()


def _serving_points_missing(path: Path) -> str | None:
    header = _header(path)
    lacking = [name for name in REQUIRED_COLUMNS if name not in header]
    if not lacking:
        return ""
    if path.name == "serving_points.csv" or 2 * len(lacking) < len(REQUIRED_COLUMNS):
        columns = ", ".join(repr(name) for name in lacking)
        return f"its columns are not those of measured serving points: it lacks {columns}"
    return None


def _compare_serving_points(path: Path, name: str) -> Measurements:
    from solver.performance.validation.measured.validate import validate_measured

    return validate_measured(path, name=name)


def _kernels_missing(path: Path) -> str | None:
    if path.suffix != ".parquet" or path.stem not in KERNEL_TABLES:
        return None
    if find_spec("pyarrow") is None:
        return "it is a parquet file, which needs an extra: pip install 'fleetfront[fit]'"
    columns = kernel_columns(path)
    lacking = [name for name in KERNEL_TABLES[path.stem].columns if name not in columns]
    names = ", ".join(repr(name) for name in lacking)
    return f"its columns are not those of its name: it lacks {names}" if lacking else ""


def _compare_kernels(path: Path, name: str) -> Measurements:
    from solver.performance.validation.measured.kernels import validate_kernels

    return validate_kernels(path, name=name)


def _throughput_missing(path: Path) -> str | None:
    header = _header(path)
    if "output_tok_s_per_gpu" not in header:
        return None
    lacking = ", ".join(repr(name) for name in missing_columns(header))
    return f"its columns are not those of published throughput: it lacks {lacking}" * bool(lacking)


def _compare_throughput(path: Path, name: str) -> Measurements:
    from solver.performance.validation.throughput.report import validate_throughput

    return validate_throughput(path, name=name)


MEASURED_KINDS: tuple[MeasuredKind, ...] = (
    MeasuredKind("serving_points.csv", _serving_points_missing, _compare_serving_points),
    MeasuredKind("gemm.parquet (and other kernels)", _kernels_missing, _compare_kernels),
    MeasuredKind("tensorrt_llm_tables.csv", _throughput_missing, _compare_throughput),
)
"""All kinds, in the order in which a file is asked whether it is one."""


def measured_kind_of(path: Path) -> MeasuredKind | str | None:
    """The kind of a file; else what keeps it from being one, or ``None`` for a foreign file."""
    nearly: str | None = None
    for kind in MEASURED_KINDS:
        missing = kind.missing(path)
        if missing == "":
            return kind
        nearly = nearly or missing
    return nearly
