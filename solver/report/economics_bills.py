"""Bills of services before and after each feature: a waterfall as a table, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from solver.economics.bills import Bill, BillStep
from solver.report.economics_bill_notes import step_name, step_notes
from solver.report.numbers import aligned, clean, short
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = ["bill_lines", "bills_csv", "print_bills", "told", "unit_of"]

_UNITS = {"usd_per_hour": "US$/h", "usd_per_session": "US$/session"}
_MILLE = 1000


def unit_of(bill: Bill) -> str:
    """What people read: dollars a session are told by the thousand."""
    return "US$/h" if bill.unit == "usd_per_hour" else "US$/1000 sessions"


def told(bill: Bill, usd: Fraction | None) -> float | None:
    """A cost of ``bill`` in ``unit_of``."""
    if usd is None:
        return None
    return float(usd) if bill.unit == "usd_per_hour" else float(usd * _MILLE)


def print_bills(bills: Sequence[Bill], console: Console) -> None:
    """One table for each service, with the plans behind it."""
    width, ascii_only = console.width, console.options.ascii_only
    parts: list[RenderableType] = []
    for bill in bills:
        if parts:
            parts.append(Text(""))
        parts.extend(_told_bill(bill, width=width, ascii_only=ascii_only))
    show(console, Group(*parts))


def _told_bill(bill: Bill, *, width: int, ascii_only: bool) -> list[RenderableType]:
    steps, rates = bill.steps, bill.unit == "usd_per_hour"
    added = [bill.added(place) if place else None for place in range(len(steps))]
    costs = aligned([told(bill, step.usd) for step in steps])
    session = [bill.usd_per_session(step) for step in steps]
    per_mille = aligned([None if usd is None else float(usd * _MILLE) for usd in session])
    stored = [_stored(step) for step in steps]
    columns: list[tuple[str, list[str], int, bool]] = [
        ("service", [step_name(step, ascii_only=ascii_only) for step in steps], 0, False),
        *_demand_columns(bill),
        (unit_of(bill).replace("/", "/\n", 1), [cost or "none" for cost in costs], 0, True),
        ("adds", _signed([told(bill, usd) for usd in added]), 1, True),
    ]
    if rates:
        columns.append(("US$/1000\nsessions", per_mille, 2, True))
    if any(stored):
        columns.append(("stored\nGB", stored, 6, True))
    table = fitted_table(
        [header for header, *_ in columns],
        [list(row) for row in zip(*(cells for _, cells, *_ in columns), strict=True)],
        width=width,
        give_up=[give_up for _, _, give_up, _ in columns],
        numeric=[numeric for *_, numeric in columns],
        ascii_only=ascii_only,
    )
    heading = Text(f"Bill of {clean(bill.subject)}, feature by feature", style="bold")
    plans = [
        f"{step_name(step, ascii_only=ascii_only)}: {clean(step.cheapest.plan)}"
        for step in steps
        if step.cheapest.plan
    ]
    return [
        heading,
        table,
        *(Text(line) for line in bill_lines(bill, ascii_only=ascii_only)),
        Text("What each step adds", style="bold"),
        *(Text(line) for line in step_notes(bill, ascii_only=ascii_only)),
        *([Text("Cheapest plans", style="bold")] if plans else []),
        *(Text(line) for line in plans),
    ]


def _demand_columns(bill: Bill) -> list[tuple[str, list[str], int, bool]]:
    if bill.unit == "usd_per_hour":
        return [
            ("calls\n/s", aligned([_float(s.requests_per_s) for s in bill.steps]), 3, True),
            ("prefill\ntok/s", _whole([s.prefill_tok_per_s for s in bill.steps]), 0, True),
            ("decode\ntok/s", _whole([s.decode_tok_per_s for s in bill.steps]), 0, True),
        ]
    return [
        ("calls\n/session", aligned([float(s.demand.calls) for s in bill.steps]), 3, True),
        ("prefill\ntokens", _whole([s.demand.prefill_tokens for s in bill.steps]), 0, True),
        ("decode\ntokens", _whole([s.demand.output_tokens for s in bill.steps]), 0, True),
    ]


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _whole(values: Sequence[Fraction | None]) -> list[str]:
    return ["" if value is None else f"{float(value):,.0f}" for value in values]


def _signed(values: Sequence[float | None]) -> list[str]:
    cells = aligned(values)
    return [
        f"+{cell}" if value is not None and value > 0 else cell
        for cell, value in zip(cells, values, strict=True)
    ]


def _stored(step: BillStep) -> str:
    return short(float(step.cheapest.stored_gb), 3) if step.cheapest.stored_gb else ""


def bill_lines(bill: Bill, *, ascii_only: bool = False) -> list[str]:
    """What must be said with the table: before and after, what is open or impossible."""
    steps = bill.steps
    first, last = steps[0], steps[-1]
    lines = []
    if first.usd and last.usd is not None and len(steps) > 1:
        computed = float(last.demand.prefill_tokens / first.demand.prefill_tokens)
        written = last.demand.output_tokens / first.demand.output_tokens
        tokens = "as many tokens"
        if written != 1:
            tokens = f"{short(float(written), 3)} times the output tokens"
        lines.append(
            f"The whole service costs {short(float(last.usd / first.usd), 3)} times what its "
            f"visible tokens cost alone: it computes {short(computed, 3)} times the prompt tokens "
            f"and writes {tokens}."
        )
    for step in steps:
        found, name = step.cheapest, step_name(step, ascii_only=ascii_only)
        if found.why_none:
            lines.append(f"{name}: nothing on offer serves it: {clean(found.why_none)}.")
        if found.unproved:
            lines.append(f"{name}: not proved to be the least ({clean(found.unproved)}).")
    return lines


_HEADER = (
    "subject",
    "step",
    "sessions [1/s]",
    "calls a session",
    "requests [1/s]",
    "prefill tokens a session",
    "cached tokens a session",
    "decode tokens a session",
    "visible tokens a session",
    "prefill [tok/s]",
    "decode [tok/s]",
    "unit",
    "cost",
    "cost exact",
    "serving",
    "storage",
    "stored [GB]",
    "added",
    "cost a session [US$]",
    "proved",
    "open or impossible because",
    "plan",
)


def bills_csv(bills: Sequence[Bill]) -> str:
    """Every step of every bill as CSV (RFC 4180, but lines end in a plain newline).

    Rates are those of the busiest period, costs means over the day; a cost that nobody knows is an
    empty cell. Floats have every digit they need to come back the same.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEADER)
    for bill in bills:
        for place, step in enumerate(bill.steps):
            writer.writerow(["" if value is None else value for value in _row(bill, place, step)])
    return stream.getvalue()


def _row(bill: Bill, place: int, step: BillStep) -> list[Any]:
    demand, found = step.demand, step.cheapest
    return [
        clean(bill.subject),
        step.name,
        _float(step.sessions_per_s),
        float(demand.calls),
        _float(step.requests_per_s),
        float(demand.prefill_tokens),
        float(demand.cached_tokens),
        float(demand.output_tokens),
        float(demand.visible_tokens),
        _float(step.prefill_tok_per_s),
        _float(step.decode_tok_per_s),
        _UNITS[bill.unit],
        _float(step.usd),
        None if step.usd is None else str(step.usd),
        _float(found.serving_usd),
        None if step.usd is None else float(found.storage_usd),
        _float(found.stored_gb),
        _float(bill.added(place)),
        _float(bill.usd_per_session(step)),
        "no" if found.unproved else "yes",
        clean(found.unproved or found.why_none),
        clean(found.plan),
    ]
