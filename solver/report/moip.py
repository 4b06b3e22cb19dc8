"""A nondominated set for people: on the terminal, and as a table for other programs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TextIO

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.report.findings import count_of
from solver.report.numbers import aligned, clean, percent
from solver.report.table import fitted_table
from solver.report.terminal import show
from solver.sweep.moip.claims import Claim, Corner
from solver.sweep.moip.document import exact_number, gap_of
from solver.sweep.moip.infeasible import row_text
from solver.sweep.moip.outcome import OpenBox, SearchOutcome

__all__ = ["found_of", "print_moip", "short_moip_status", "stated_range", "write_moip_csv"]

MAX_ROWS = 18
_MAX_BOXES = 8
_DESIGN_WIDTH = 44
Found = tuple[Image, IntArray, tuple[Claim, ...] | None]


def found_of(outcome: SearchOutcome) -> list[Found]:
    """Image, columns and proof (``None`` for a candidate) of all that was found, by image."""
    found: list[Found] = [(point.image, point.x, point.proof) for point in outcome.points]
    found += [(candidate.image, candidate.x, None) for candidate in outcome.candidates]
    return sorted(found, key=lambda entry: entry[0])


def short_moip_status(outcome: SearchOutcome) -> str:
    """Status with its numbers in a few words: ``complete: 43 nondominated points``."""
    count = count_of(len(outcome.points), "nondominated point")
    if outcome.status == "complete":
        return f"complete: {count}"
    if outcome.status == "infeasible":
        return "infeasible: proved that no point meets all rows"
    parts = [f"partial: {count} proved"]
    if outcome.candidates:
        parts.append(f"{count_of(len(outcome.candidates), 'more point')} found")
    parts.append(f"{count_of(len(outcome.open_boxes), 'box', 'boxes')} still open")
    return ", ".join(parts)


def stated_range(
    program: MultiObjectiveProgram, floor: Corner, corner: Corner
) -> list[tuple[Fraction, Fraction]]:
    """For each objective the least and greatest stated value inside a box, both inclusive."""
    ends = zip(program.stated(floor), program.stated([value - 1 for value in corner]), strict=True)
    return [(min(pair), max(pair)) for pair in ends]


def print_moip(
    outcome: SearchOutcome,
    console: Console,
    *,
    conflict: Sequence[str] = (),
    where_all: str = "",
) -> None:
    """Print what a search found.

    Parameters
    ----------
    console
        Where to; its width decides which columns the table has.
    conflict
        Rows that cannot hold together, for an infeasible program.
    where_all
        Where all points are, for the line under the table.
    """
    ascii_only = console.options.ascii_only
    parts = _headline(outcome)
    found = found_of(outcome)
    if found:
        chosen = _spread(len(found))
        told = count_of(len(found), "point")
        if len(chosen) < len(found):
            told = f"{len(chosen)} of {told}"
        rows = [found[index] for index in chosen]
        parts += [
            Text(""),
            _table(outcome.program, rows, width=console.width, ascii_only=ascii_only),
            Text(""),
            Text("; ".join(text for text in (told, clean(where_all)) if text), style="dim"),
        ]
    parts += _open_boxes(outcome)
    parts += _conflict(outcome, conflict)
    parts += [Text(f"note: {clean(note, limit=400)}", style="yellow") for note in outcome.notes]
    show(console, Group(*parts))


def _headline(outcome: SearchOutcome) -> list[RenderableType]:
    program = outcome.program
    goals = ", ".join(
        f"{clean(name, limit=30)} ({sense})"
        for name, sense in zip(program.objective_names, program.senses, strict=True)
    )
    sizes = (
        f"objectives {goals}; {count_of(program.milp.n_columns, 'column')}, "
        f"{count_of(program.milp.n_rows, 'row')}"
    )
    solves = ", ".join(
        f"{count_of(count, 'solve')} by {name}" for name, count in outcome.solves.items() if count
    )
    effort = f"{outcome.wall_s:,.2f} s, {outcome.cpu_s:,.2f} s of processor time"
    colour = {"complete": "green", "partial": "yellow", "infeasible": "red"}[outcome.status]
    return [
        Text(clean(program.name), style="bold"),
        Text(sizes),
        Text(short_moip_status(outcome), style=colour),
        Text("; ".join(text for text in (effort, solves) if text), style="dim"),
    ]


def _spread(count: int) -> list[int]:
    """Indices of at most ``MAX_ROWS`` of ``count`` points, evenly spaced, both ends among them."""
    if count <= MAX_ROWS:
        return list(range(count))
    return sorted({round(place) for place in np.linspace(0, count - 1, MAX_ROWS).tolist()})


def _number(value: Fraction) -> str:
    """An exact value where it is whole, six digits where it is not."""
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.6g}"


def _cells(values: Sequence[Fraction]) -> list[str]:
    """A column of values: as many decimals as all of them need, or six digits."""
    if all(value.denominator == 1 for value in values):
        return [f"{value.numerator:,}" for value in values]
    for decimals in range(1, 7):
        if all(10**decimals % value.denominator == 0 for value in values):
            return [f"{float(value):,.{decimals}f}" for value in values]
    return aligned([float(value) for value in values], digits=6)


def _design(program: MultiObjectiveProgram, x: IntArray) -> str:
    """The columns that are not zero: ``x1, x4 = 3``."""
    parts = []
    for column in np.flatnonzero(x).tolist():
        value, name = int(x[column]), program.column_names[column]
        parts.append(name if value == 1 else f"{name} = {value}")
        if sum(len(part) + 2 for part in parts) > _DESIGN_WIDTH:
            break
    return clean(", ".join(parts) or "all zero", limit=_DESIGN_WIDTH)


def _proof(proof: tuple[Claim, ...] | None) -> str:
    if proof is None:
        return "not proved"
    ways = dict.fromkeys(f"{claim.closed_by} ({claim.engine})" for claim in proof)
    return clean(", ".join(ways), limit=60)


def _table(
    program: MultiObjectiveProgram, rows: Sequence[Found], *, width: int, ascii_only: bool
) -> RenderableType:
    stated = [program.stated(image) for image, _, _ in rows]
    columns = [_cells(values) for values in zip(*stated, strict=True)]
    columns.append([_design(program, x) for _, x, _ in rows])
    columns.append([_proof(proof) for _, _, proof in rows])
    goals = [
        f"{clean(name, limit=30)}\n{sense}"
        for name, sense in zip(program.objective_names, program.senses, strict=True)
    ]
    numbers = [True] * len(goals)
    return fitted_table(
        [*goals, "columns\nnot zero", "nondominated\nby"],
        [list(row) for row in zip(*columns, strict=True)],
        width=width,
        give_up=[0] * len(goals) + [2, 1],
        numeric=[*numbers, False, False],
        ascii_only=ascii_only,
    )


def _size(box: OpenBox) -> float:
    """Volume of a box as a float, to list the largest first."""
    return float(
        np.prod(
            [max(0, high - low) for low, high in zip(box.floor, box.corner, strict=True)],
            dtype=float,
        )
    )


def _share(value: float) -> str:
    """Per cent; a small share is never told as none."""
    return percent(value) if value >= 5e-4 or not value else f"{100 * value:.1g} %"


def _open_boxes(outcome: SearchOutcome) -> list[RenderableType]:
    if not outcome.open_boxes:
        return []
    program, gap = outcome.program, gap_of(outcome)
    left, region = int(gap["open"]), int(gap["region"])
    lines: list[RenderableType] = [
        Text("Not closed by a proof; more nondominated points may lie where", style="yellow")
    ]
    boxes = sorted(outcome.open_boxes, key=lambda box: (-_size(box), box.corner))
    for box in boxes[:_MAX_BOXES]:
        ranges = zip(
            program.objective_names, stated_range(program, box.floor, box.corner), strict=True
        )
        told = ", ".join(
            f"{clean(name, limit=30)} is {_number(low)} to {_number(high)}"
            if low < high
            else f"{clean(name, limit=30)} is {_number(low)}"
            for name, (low, high) in ranges
        )
        lines.append(Padding(Text(f"{told}: {clean(box.reason)}"), (0, 0, 0, 2)))
    if len(boxes) > _MAX_BOXES:
        rest = count_of(len(boxes) - _MAX_BOXES, "smaller box", "smaller boxes")
        lines.append(Padding(Text(f"and {rest}, all in the result file"), (0, 0, 0, 2)))
    lines.append(
        Text(
            f"gap: {_share(gap['relative'])} of objective space is open "
            f"({left:,} of {region:,} vectors that the bounds of columns allow)"
        )
    )
    if outcome.candidates:
        count = count_of(len(outcome.candidates), "point")
        lines.append(Text(f"{count} found may still be dominated by one that is not known."))
    return lines


def _conflict(outcome: SearchOutcome, conflict: Sequence[str]) -> list[RenderableType]:
    if not conflict:
        return []
    lines: list[RenderableType] = [
        Text(""),
        Text(
            "One row alone, with the bounds of its columns, rules out every point:"
            if len(conflict) == 1
            else f"These {len(conflict)} rows conflict; without any one of them the others can "
            "hold:"
        ),
    ]
    lines += [
        Padding(Text(f"{clean(name)}: {clean(row_text(outcome.program, name))}"), (0, 0, 0, 2))
        for name in conflict
    ]
    lines.append(Text("Relax or drop one of them, or widen the bounds of their columns."))
    return lines


def write_moip_csv(outcome: SearchOutcome, stream: TextIO) -> None:
    """Write every point found as CSV (RFC 4180, but lines end in a plain newline).

    Columns: the objectives in stated senses, exact (``p/q`` where not whole); ``proved`` (yes, no);
    who closed its boxes and how; then every column that is not zero in some point.
    """
    program = outcome.program
    found = found_of(outcome)
    used = sorted({int(column) for _, x, _ in found for column in np.flatnonzero(x)})
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        [
            *program.objective_names,
            "proved",
            "proof_engines",
            "proof_closed_by",
            *(program.column_names[column] for column in used),
        ]
    )
    for image, x, proof in found:
        claims = proof or ()
        row: list[Any] = [exact_number(value) for value in program.stated(image)]
        row += [
            "yes" if claims else "no",
            " ".join(dict.fromkeys(claim.engine for claim in claims)),
            " ".join(dict.fromkeys(claim.closed_by for claim in claims)),
        ]
        writer.writerow(row + [int(x[column]) for column in used])
