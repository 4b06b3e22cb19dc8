"""The error of the performance model in words: how far its predictions were from measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.numbers import clean

__all__ = ["error_details", "error_sentence"]


def _share(value: float, *, signed: bool = False) -> str:
    """``9 %``; one decimal below 1 %, so that a small error is not told as none."""
    sign = "+" if signed else ""
    decimals = 0 if abs(value) >= 0.01 or value == 0 else 1
    return f"{100 * value:{sign}.{decimals}f} %"


def _points(told: Mapping[str, Any]) -> str:
    """``412 measured points of dense models on H100 SXM``."""
    rows = int(told["rows"])
    noun = "point" if rows == 1 else "points"
    return f"{rows:,} measured {noun} of {clean(told['of'])}"


def error_sentence(told: Mapping[str, Any] | None) -> str:
    """One line: ``model error: median 9 %, 95th percentile 31 % (412 measured points of ...)``.

    Empty where a result says nothing about the error, as those of older versions do not.
    """
    if told is None:
        return ""
    if not told.get("measured"):
        return f"model error: {clean(told.get('note', 'not measured'), limit=400)}"
    text = (
        f"model error: median {_share(float(told['tpot_median']))}, 95th percentile "
        f"{_share(float(told['tpot_p95']))} ({_points(told)})"
    )
    return f"{text}; {clean(told['note'], limit=400)}" if told.get("note") else text


def error_details(told: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Everything known of the error as pairs of what and value, for a page; empty without any."""
    if told is None:
        return []
    pairs = [
        ("performance model", clean(told.get("model", ""))),
        ("kind of question", clean(told.get("question", ""))),
    ]
    if not told.get("measured"):
        return [*pairs, ("compared with measurements", f"no: {clean(told.get('note', ''))}")]
    bias = told.get("bias")
    pairs += [
        ("measured on", _points(told)),
        (
            "time per output token",
            f"median error {_share(float(told['tpot_median']))}, 95th percentile "
            f"{_share(float(told['tpot_p95']))}"
            + ("" if bias is None else f", bias {_share(float(bias), signed=True)}"),
        ),
    ]
    if told.get("ttft_median") is not None and told.get("ttft_p95") is not None:
        pairs.append(
            (
                "time to the first token",
                f"median error {_share(float(told['ttft_median']))}, 95th percentile "
                f"{_share(float(told['ttft_p95']))}",
            )
        )
    if told.get("note"):
        pairs.append(("stands in", clean(told["note"], limit=400)))
    pairs += [
        ("compared", clean(told.get("as_of", ""))),
        ("source", clean(told.get("source", ""), limit=400)),
    ]
    return [(what, value) for what, value in pairs if value]
