"""What tests of benchmark importers look at: the rows and the workload of findings."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from solver.importers.findings import Findings

__all__ = ["SAMPLES", "rows_of", "workload_of"]

SAMPLES = Path(__file__).resolve().parents[4] / "instances" / "import" / "benchmarks"


def rows_of(findings: Findings) -> list[dict[str, str]]:
    """Rows of the only table of points that was written."""
    (data,) = findings.files.values()
    lines = [line for line in data.decode().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def workload_of(findings: Findings) -> dict[str, Any]:
    """Values of the only workload that was found."""
    (entry,) = findings.tables["workloads"]  # type: ignore[misc]
    return {key: figure.value for key, figure in entry.items()}  # type: ignore[union-attr]
