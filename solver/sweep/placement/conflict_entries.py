"""One limit of a conflict as a result tells it, and what can be wrong with that by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

from solver.instance.placement.domain import PlacementInstance
from solver.sweep.placement.lifted import (
    HBM,
    LINKS,
    MAX_COST,
    MAX_HOSTS,
    MAX_LAYERS,
    MAX_PRICE,
    MIN_SPEED,
)

__all__ = ["DEGREES", "UNITS", "conflict_faults", "entry_of", "entry_of_degrees", "stated_value"]

DEGREES = "tensor_parallel"
"""Named where no host can run at any degree; no limit, but as much in the way."""
UNITS = {
    DEGREES: "degrees",
    HBM: "GB more per device",
    MAX_LAYERS: "layers",
    LINKS: "links",
    MAX_HOSTS: "hosts",
    MAX_PRICE: "usd/h",
    MIN_SPEED: "tok/s/user",
    MAX_COST: "usd/Mtok",
}
_SHOWN_DIGITS = 6
_KEYS = {"limit", "unit", "stated", "needed", "needed_exact", "text", "set"}


def stated_value(instance: PlacementInstance, name: str) -> Fraction:
    """The value of a limit in the question; 0 where it is no single number."""
    limits = instance.limits
    values: dict[str, Fraction | int | None] = {
        MAX_HOSTS: limits.max_hosts,
        MAX_PRICE: limits.max_usd_per_hour,
        MIN_SPEED: limits.min_speed_tok_per_s,
        MAX_COST: limits.max_cost_usd_per_mtok,
    }
    return Fraction(values.get(name) or 0)


def entry_of(name: str, stated: Fraction, needed: Fraction | None, text: str) -> dict[str, Any]:
    """The entry of a limit, ``set`` aside; ``needed`` is ``None`` where no value of it would do."""
    return {
        "limit": name,
        "unit": UNITS[name],
        "stated": float(stated),
        "needed": None if needed is None else _typed(needed, up=name != MIN_SPEED),
        "needed_exact": None if needed is None else str(needed),
        "text": text,
    }


def _typed(value: Fraction, *, up: bool) -> float:
    """A number to be typed back: whole ones whole, others in six digits on the safe side."""
    if value.denominator == 1:
        return float(value)
    context = Context(prec=_SHOWN_DIGITS, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return float(context.divide(Decimal(value.numerator), Decimal(value.denominator)))


def entry_of_degrees(instance: PlacementInstance) -> dict[str, Any]:
    """The whole conflict where nothing is left to lift and still no host has a way to run."""
    offered = ", ".join(map(str, instance.design.tensor_parallel))
    lead = (
        f"{DEGREES}: no host can run at a degree on offer ({offered}); a degree divides the "
        "model's heads and widths and is at most the devices of the host"
    )
    return {**entry_of(DEGREES, Fraction(0), None, lead), "set": "minimum"}


def conflict_faults(
    instance: PlacementInstance, told: Sequence[Mapping[str, Any]], *, infeasible: bool
) -> list[str]:
    """What is wrong with a conflict by itself, without a search.

    Parameters
    ----------
    told
        Entries as ``explain_infeasible`` makes them.
    infeasible
        Whether the result that tells it has no design.
    """
    if not infeasible:
        return ["limits conflict, and the result is not infeasible"] if told else []
    if not told:
        return ["the result is infeasible, and no limit is named"]
    names = [entry.get("limit") for entry in told]
    faults = []
    if len(set(map(str, names))) < len(names):
        faults.append("a limit is named twice")
    if {entry.get("set") for entry in told} not in ({"minimum"}, {"not reduced"}):
        faults.append("it is not said once whether a smaller set of limits conflicts")
    for entry in told:
        faults += [
            f"{entry.get('limit')!r:.60}: {fault}" for fault in _entry_faults(instance, entry)
        ]
    return faults


def _entry_faults(instance: PlacementInstance, told: Mapping[str, Any]) -> Iterator[str]:
    name, text = told.get("limit"), told.get("text")
    if name not in UNITS:
        yield "is no limit"
        return
    if set(told) - {"unanswered"} != _KEYS:
        yield "keys missing or unknown"
        return
    exact = told["needed_exact"]
    stated = stated_value(instance, name)
    needed = None if exact is None else Fraction(str(exact))
    ours = entry_of(name, stated, needed, "")
    for key in ("unit", "stated", "needed", "needed_exact"):
        if type(told[key]) is not type(ours[key]) or told[key] != ours[key]:
            yield f"{key} is {told[key]!r:.60}, recomputed {ours[key]!r:.60}"
    if needed is not None and (needed >= stated if name == MIN_SPEED else needed <= stated):
        yield "what would do is no wider than what is stated"
    if not (isinstance(text, str) and text.startswith(f"{name}: ")):
        yield "the text is of another limit"
