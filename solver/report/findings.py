"""Status, open boxes and conflicts as sentences, the same on terminal, plot and page."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solver.report.design import DESIGN_KEYS, layout_name, precision_name
from solver.report.numbers import clean, percent, short, speed_of_latency
from solver.report.question import leaves, value_text
from solver.result import ConflictingLimit, OpenBox, Result

__all__ = [
    "box_range",
    "box_sentence",
    "conflict_heading",
    "count_of",
    "limit_needs",
    "limit_sentence",
    "limit_value",
    "nearest_lines",
    "short_status",
    "status_sentence",
    "warnings_of",
]

BoxRange = tuple[float | None, float | None, float | None, float | None]


def count_of(number: int, noun: str, plural: str = "") -> str:
    """``1 point``, ``4,643 points``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def short_status(result: Result) -> str:
    """Status with its numbers in a few words: ``complete: 4,643 points``."""
    points = count_of(len(result.points), "point")
    if result.status == "complete":
        return f"complete frontier: {points}"
    if result.status == "partial":
        return f"partial: {points} found, {count_of(len(result.open_boxes), 'region')} still open"
    return "infeasible: no design meets all limits"


def status_sentence(result: Result) -> str:
    """What the status means, in a sentence or two."""
    count = len(result.points)
    if result.status == "complete":
        if count == 1:
            return (
                "Complete: one design is at once the fastest and the cheapest, and every other in "
                "the space is proved to be no better."
            )
        return (
            f"Complete: {count:,} points, and it is proved that no design in the space is faster "
            "than one of them at the same cost, or cheaper at the same speed."
        )
    if result.status == "partial":
        return (
            f"Partial: {count_of(count, 'point')} found before a limit was reached; "
            f"{count_of(len(result.open_boxes), 'region')} of speed and cost "
            f"{'is' if len(result.open_boxes) == 1 else 'are'} not closed by a proof, and better "
            "designs may hide there."
        )
    return "Infeasible: it is proved that no design in the space meets all limits."


def box_range(box: OpenBox) -> BoxRange:
    """Slowest and fastest speed (tok/s/user), least and greatest cost (US$/Mtok) of an open box.

    ``None`` where the box has no bound on that side.
    """
    slow = speed_of_latency(box.latency_ps_max) if box.latency_ps_max else None
    fast = speed_of_latency(box.latency_ps_min) if box.latency_ps_min else None
    low = float(Fraction(box.cost_min)) if box.cost_min is not None else None
    high = float(Fraction(box.cost_below)) if box.cost_below is not None else None
    return slow, fast, low, high


def _between(low: float | None, high: float | None) -> str:
    """``from 1 to 2``, ``of 1 or more``, ``up to 2``, ``any``."""
    if low is None and high is None:
        return "any"
    if high is None and low is not None:
        return f"{short(low)} or more"
    if low is None and high is not None:
        return f"up to {short(high)}"
    assert low is not None  # both sides are bounded here
    assert high is not None
    return f"{short(low)} to {short(high)}"


def box_sentence(box: OpenBox) -> str:
    """Where the box lies and why it is open."""
    slow, fast, low, high = box_range(box)
    return (
        f"speed {_between(slow, fast)} tok/s/user, cost {_between(low, high)} US$/Mtok: "
        f"{clean(box.reason)}"
    )


def limit_value(limit: ConflictingLimit) -> str:
    """The value of a conflicting limit, with its unit."""
    return f"{short(limit.value)} {clean(limit.unit)}".strip()


def limit_needs(limit: ConflictingLimit) -> str:
    """What the limit would have to be, the others unchanged; or that it cannot mend it alone."""
    if limit.needed is None:
        return "cannot alone"
    # All digits: the value is rounded to the side on which it works.
    text = f"{limit.needed:g} {clean(limit.unit)}".strip()
    if limit.change is None:
        return text
    change = f"{'+' if limit.change > 0 else ''}{short(limit.change)}"
    relative = f", {percent(limit.change / limit.value, signed=True)}" if limit.value else ""
    return f"{text} ({change}{relative})"


def limit_sentence(limit: ConflictingLimit) -> str:
    """The limit, what it would need, and why, in one line of text."""
    needs = (
        "no value of it alone mends the conflict"
        if limit.needed is None
        else f"with the others unchanged it would have to be {limit_needs(limit)}"
    )
    text = f"{clean(limit.limit)} = {limit_value(limit)}: {needs}"
    why = clean(limit.explanation)
    return f"{text}; {why}" if why else text


def conflict_heading(result: Result) -> str:
    """What kind of set the conflicting limits are."""
    conflict = result.conflict
    if conflict is None:
        return ""
    if len(conflict.limits) == 1:
        return "One limit alone rules out every design."
    smallest = (
        "no smaller set of limits conflicts"
        if conflict.is_minimum
        else "without any one of them a design exists"
    )
    return f"These {len(conflict.limits)} limits conflict; {smallest}."


def _refusal(entry: Mapping[str, Any]) -> str:
    """``min_speed: 37.88 tok/s/user, the limit is 60``."""
    unit = clean(entry.get("unit", ""))
    value, limit = (
        short(float(entry[key])) if isinstance(entry.get(key), int | float) else "not stated"
        for key in ("value", "limit_value")
    )
    return f"{clean(entry.get('limit', ''))}: {value} {unit}, the limit is {limit}"


def nearest_lines(nearest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The candidate that came closest as pairs of what and value.

    First its design, then each limit that refused it with the value it reached, then whatever else
    is known of it.
    """
    rest = dict(nearest)
    pairs: list[tuple[str, str]] = []
    design = rest.pop("design", None)
    if not isinstance(design, Mapping):
        design = {key: rest.pop(key) for key in (*DESIGN_KEYS, "two_dimensional") if key in rest}
    if "tensor_parallel" in design:
        named = dict(design)
        if named.get("two_dimensional"):
            named["tensor_parallel_2d"] = named["tensor_parallel"]
        where = clean(named.get("accelerator", ""))
        if "devices" in named:
            where = f"{value_text(named['devices'])} × {where}"
        parts = [where, layout_name(named), precision_name(named)]
        if "batch" in named:
            parts.append(f"batch {value_text(named['batch'])}")
        pairs.append(("design", ", ".join(part for part in parts if part)))
    elif design:
        pairs += [(clean(key), value_text(value)) for key, value in leaves(design).items()]
    refusals = rest.pop("refused_by", ())
    if isinstance(refusals, list | tuple) and all(isinstance(r, Mapping) for r in refusals):
        pairs += [("refused by", _refusal(entry)) for entry in refusals]
    else:
        pairs.append(("refused by", value_text(refusals)))
    for path, value in leaves(rest).items():
        pairs.append((clean(path.replace("_", " ").replace(".", ": ")), value_text(value)))
    return pairs


def warnings_of(result: Result) -> list[str]:
    """Warnings of the run, such as a price older than a year."""
    found = result.provenance.get("warnings", ())
    entries = found if isinstance(found, list | tuple) else (found,)
    return [clean(entry, limit=400) for entry in entries]
