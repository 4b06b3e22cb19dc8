"""What a person should know of a run before trusting its row, and what its file leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from solver.importers.benchmarks.run import ServingRun
from solver.importers.benchmarks.shared_keys import UNLIMITED
from solver.importers.findings import Missing
from solver.importers.visible import visible

__all__ = ["missing_cells", "notes_on"]

_KEPT_UP = Fraction(95, 100)
"""Share of the offered rate below which a server did not keep up with it."""


def notes_on(run: ServingRun) -> list[str]:
    """What a person should know of one run before trusting its row."""
    notes = [f"{run.where}: {note}" for note in run.notes]
    offered = run.offered_per_s
    if run.load == UNLIMITED:
        notes.append(
            f"{run.where}: all requests were sent at once, so that the time to the first token "
            "is that of the whole queue"
        )
    if offered is not None:
        carried = Fraction(run.requests_per_s) / Fraction(offered)
        if carried >= _KEPT_UP:
            notes.append(
                f"{run.where}: the run asked for {offered.normalize():f} requests/s and got them, "
                "so that its row is a lower bound of what the server can carry"
            )
        else:
            notes.append(
                f"{run.where}: the server completed {float(carried):.0%} of the "
                f"{offered.normalize():f} requests/s it was asked for, so that its queue grew and "
                "the time to the first token depends on the length of the run"
            )
    if run.failed:
        notes.append(
            f"{run.where}: {run.failed} of {run.completed + run.failed} requests failed and count "
            "for nothing"
        )
    if run.ttft_ms is None:
        notes.append(
            f"{run.where}: states no percentile of the time to the first token from 90 on, so that "
            "its row cannot be shown to meet max_ttft_s"
        )
    if run.tpot_ms is None:
        notes.append(f"{run.where}: states no time between output tokens")
    return notes


def missing_cells(
    workload: str,
    file: str,
    rows: Sequence[dict[str, str]],
    machine: str | None,
    machines: Sequence[str],
    hints: Sequence[str],
    no_model: bool,
    model_id: str,
) -> list[Missing]:
    """Questions for cells that stay empty until somebody answers."""
    missing = []
    if not all(row["devices"] for row in rows):
        missing.append(
            Missing(
                key=f"{file}.devices",
                question=f"How many devices did the server have (column devices of {file})?",
                flag="--devices",
                example="1",
            )
        )
    if machine is None:
        seen = f", seen were {hints[0]}" if hints else ""
        missing.append(
            Missing(
                key=f"{file}.machine",
                question=f"Which machine did it run on (column machine of {file}{seen})?",
                flag="--machine",
                example=next(iter(machines), "h100"),
            )
        )
    if no_model:
        name = f"'{visible(model_id)}'" if model_id else "the file names none"
        missing.append(
            Missing(
                key=f"workloads.{workload}.model",
                question=f"Which model of the catalog was served ({name})?",
                flag="--model",
                example="Llama-3.1-8B",
            )
        )
    return missing
