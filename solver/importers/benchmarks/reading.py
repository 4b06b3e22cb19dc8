"""The runs of one file as findings, whichever tool wrote them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from solver.errors import Fault
from solver.importers.benchmarks.records import read_records
from solver.importers.benchmarks.run import Fields, ServingRun
from solver.importers.benchmarks.run_checks import failed_share_limit
from solver.importers.benchmarks.run_findings import findings_of, refuse
from solver.importers.findings import Answers, Findings

__all__ = ["read_runs"]


def read_runs(
    path: Path,
    answers: Answers,
    run_of: Callable[[Fields, Fraction], ServingRun | None],
    *,
    what: str,
    smaller: str,
) -> Findings:
    """Measured operating points from every run that a file holds.

    Parameters
    ----------
    run_of
        Reads one run, noting its faults; the share of requests that may have failed is given.
    what, smaller
        What the file should be, and how to get a smaller one.

    Raises
    ------
    InstanceError
        With every fault: what is missing, contradicts itself, or does not fit the answers.
    """
    faults: list[Fault] = []
    limit = failed_share_limit(answers.max_failed_share)
    runs = []
    for where, record in read_records(path, what=what, smaller=smaller):
        run = run_of(Fields(record, where, faults), limit)
        if run is not None:
            runs.append(run)
    refuse(faults)
    return findings_of(path, runs, answers)
