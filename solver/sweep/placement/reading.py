"""A placement result file read back: the question, points, claims and open regions as objects."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

from solver.errors import ResultError
from solver.instance.placement.domain import PlacementInstance, PlacementTradeOff
from solver.instance.placement.resolved import placement_from_resolved
from solver.lowering.placement.space import MICRO
from solver.sweep.placement.image import COST, SPEED, Image
from solver.sweep.placement.outcome import Claim, OpenRegion, PlacementAnswer, PlacementPoint
from solver.sweep.placement.strips import Strip

__all__ = ["PLACEMENT_KEYS", "answer_from_dict", "instance_of", "micro_of"]

PLACEMENT_KEYS = {
    "schema", "status", "instance", "objectives", "points", "claims", "open_boxes", "conflict",
    "ideal", "nadir", "provenance", "digest",
}  # fmt: skip
_OPTIONAL = {"model_error"}
_BRACKET_KEYS = {"bracket", "bracket_exact"}
_CLOSED_BY = ("enumeration", "bound", "infeasible")


def instance_of(document: Mapping[str, Any]) -> PlacementInstance:
    """The question inside a result file.

    Raises
    ------
    FleetError
        If it cannot be read.
    """
    told = _mapping(document["instance"])
    return placement_from_resolved(
        _mapping(told["resolved"]),
        where="result: instance.resolved",
        sha256=str(told["sha256"]),
    )


def answer_from_dict(document: Mapping[str, Any], instance: PlacementInstance) -> PlacementAnswer:
    """Points, claims and open regions of a result file; nothing is checked beyond its form.

    Raises
    ------
    ResultError
        If something is missing, unknown or of the wrong type.
    """
    try:
        return _answer(document, instance)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"is damaged ({error!r:.200})",
            where="result",
            mend="Give a file written by 'fleetfront solve --out', unchanged",
        ) from error


def _answer(document: Mapping[str, Any], instance: PlacementInstance) -> PlacementAnswer:
    keys = set(document) - _OPTIONAL
    if keys not in (PLACEMENT_KEYS, PLACEMENT_KEYS | _BRACKET_KEYS):
        odd = sorted(keys ^ PLACEMENT_KEYS, key=str)
        raise ValueError(f"keys missing or unknown: {', '.join(map(str, odd))}")
    if "model_error" in document:
        _mapping(document["model_error"])
    trade_off = instance.trade_off
    provenance = _mapping(document["provenance"])
    bracket = None
    if "bracket_exact" in document:
        bracket = tuple(_image(trade_off, entry) for entry in document["bracket_exact"])
    return PlacementAnswer(
        instance=instance,
        points=tuple(
            PlacementPoint(_image(trade_off, point["exact"]), _mapping(point["design"]))
            for point in document["points"]
        ),
        claims=tuple(_claim(trade_off, _mapping(entry)) for entry in document["claims"]),
        open_regions=tuple(
            OpenRegion(
                _strip(trade_off, entry),
                _text(entry["reason"]),
                _mapping(entry["facts"]),
            )
            for entry in document["open_boxes"]
        ),
        formulation=_text(provenance["formulation"]),
        engines=tuple(_mapping(provenance["engines"])),
        solves=_integer(provenance["solves"]),
        wall_s=float(provenance["wall_s"]),
        cpu_s=float(provenance["cpu_s"]),
        bracket=bracket,
        conflict=tuple(_mapping(entry) for entry in document["conflict"]),
    )


def _claim(trade_off: tuple[PlacementTradeOff, ...], told: Mapping[str, Any]) -> Claim:
    closed_by = told["closed_by"]
    if closed_by not in _CLOSED_BY:
        raise ValueError(f"nothing is closed by {closed_by!r:.60}")
    return Claim(
        _strip(trade_off, told),
        _text(told["engine"]),
        cast("Any", closed_by),
        _mapping(told["facts"]),
    )


def _strip(trade_off: tuple[PlacementTradeOff, ...], told: Mapping[str, Any]) -> Strip:
    low = high = None
    if SPEED in trade_off:
        low, high = (
            None if told[key] is None else _integer(told[key])
            for key in ("latency_ps_min", "latency_ps_below")
        )
    second: int | Fraction | None
    if trade_off[-1] == COST:
        second = None if told["cost_below"] is None else Fraction(_text(told["cost_below"]))
    else:
        above = told["throughput_above"]
        second = None if above is None else -micro_of(above)
    return Strip(low, high, second)


def _image(trade_off: tuple[PlacementTradeOff, ...], told: object) -> Image:
    exact = _mapping(told)
    image: list[int | Fraction] = []
    for name in trade_off:
        if name == SPEED:
            image.append(_integer(exact["latency_ps"]))
        elif name == COST:
            image.append(Fraction(_text(exact["cost"])))
        else:
            image.append(-micro_of(exact["throughput"]))
    return tuple(image)


def micro_of(told: object) -> int:
    """Whole micro-tokens/s of a rate in tok/s, as p/q; ``ValueError`` where they are not whole."""
    rate = Fraction(_text(told)) * MICRO
    if rate.denominator != 1:
        raise ValueError(f"{told!r:.60} tok/s is not a whole number of micro-tokens/s")
    return int(rate)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"a table was expected, not {value!r:.60}")
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {value!r:.60}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r:.60}")
    return value
