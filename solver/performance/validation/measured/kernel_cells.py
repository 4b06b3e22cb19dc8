"""Cells of a table of kernel times: sizes and times are numbers, and say something."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solver.errors import Fault, FleetError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_cells"]

_WORDS = frozenset(
    {"system", "backend", "version", "kernel", "dtype", "distribution", "collective"}
)
_MAY_BE_ZERO = frozenset({"window_size"})
"""Zero stands for no window."""


def check_cells(frame: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Refuse sizes and times that are text, missing, infinite, negative or zero.

    Raises
    ------
    FleetError
        With one fault a column, naming the first row that is wrong.
    """
    faults = [
        fault
        for column in columns
        if column not in _WORDS
        for fault in [_fault(frame[column], column, path)]
        if fault is not None
    ]
    if faults:
        raise FleetError.all_of(faults)


def _fault(cells: pd.Series, column: str, path: Path) -> Fault | None:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    mend = "Correct the cell, or leave the row out"
    if not is_numeric_dtype(cells.dtype) or is_bool_dtype(cells.dtype):
        what = f"numbers are needed, and the column is of type {cells.dtype}"
        return Fault(f"{path}: {column}", what, "Write the column as numbers")
    values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    sound = values >= 0 if column in _MAY_BE_ZERO else values > 0
    bad = np.flatnonzero(~(sound & np.isfinite(values)))
    if not len(bad):
        return None
    kind = "a time" if column == "latency_s" else "a size"
    more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    what = f"{kind} that is not positive or not finite ({cells.iloc[bad[0]]}){more}"
    return Fault(f"{path}: row {bad[0] + 1}: {column}", what, mend)
