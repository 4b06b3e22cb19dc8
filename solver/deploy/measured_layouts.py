"""Degrees from the name of a measured layout, where it is written as this project writes layouts.

The notation is that of the results: ``TP8 PP2 W8 KV16``, ``TP1 DP8 EP8 fp8 KV8 +3 drafted``, with
``batch 16`` after it in tables of measured points, and ``rate 16`` where a benchmark limited the
rate alone: how many sequences ran together is then not known. Any other name is a name: a person
has to say what it stands for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from solver.catalog.weight_formats import FORMAT_BITS
from solver.errors import ResultError
from solver.report.numbers import clean

__all__ = ["MeasuredLayout", "measured_layout"]

_FORMATS = "|".join(sorted(FORMAT_BITS, key=len, reverse=True))
_NOTATION = re.compile(
    r"(?:(?P<one>1 device)|TP(?P<grid>2D)?(?P<tp>[1-9]\d{0,5}))"
    r"(?: DP(?P<dp>[1-9]\d{0,5}))?(?: EP(?P<ep>[1-9]\d{0,5}))?(?: PP(?P<pp>[1-9]\d{0,5}))?"
    rf"(?: (?:W(?P<bits>4|8|16)|(?P<format>{_FORMATS})))?(?: KV(?P<kv>4|8|16))?"
    r"(?: \+(?P<draft>[1-9]\d{0,2}) drafted)?"
    # How the server was loaded, as importers of benchmarks call it; a repeat is numbered.
    r"(?:,? rate (?:unlimited|of a trace|\d{1,9}(?:\.\d{1,9})?))?"
    r"(?:,? batch (?P<batch>[1-9]\d{0,6}))?(?: \([1-9]\d{0,3}\))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MeasuredLayout:
    """What the name of a layout says; ``None`` where it says nothing."""

    tensor_parallel: int
    tensor_parallel_2d: int
    pipeline_parallel: int
    expert_parallel: int
    attention_data_parallel: int
    weight_bits: int | None
    weight_format: str | None
    kv_bits: int | None
    draft_tokens: int
    batch: int | None


def measured_layout(name: str, *, devices: int, where: str) -> MeasuredLayout:
    """Read a layout's name.

    Raises
    ------
    ResultError
        For a name in another notation, and where its degrees do not make ``devices``.
    """
    found = _NOTATION.fullmatch(name)
    if found is None:
        raise ResultError.one(
            f"the layout {clean(name, limit=60)!r} is a name from a measurement, which does not "
            "say how the model lies on the devices",
            where=where,
            mend="Write the degrees in the table of measured points, such as layout 'TP8' or "
            "'TP1 DP8 EP8 fp8 KV8', and solve again",
        )
    degree = {key: int(found[key] or 1) for key in ("tp", "dp", "ep", "pp")}
    grid = found["grid"] is not None
    if degree["tp"] * degree["dp"] * degree["pp"] != devices:
        raise ResultError.one(
            f"the layout {clean(name, limit=60)!r} is of "
            f"{degree['tp'] * degree['dp'] * degree['pp']} devices (TP x DP x PP), but the "
            f"measurement says {devices}",
            where=where,
            mend="Correct the layout or the devices in the table of measured points, and solve "
            "again",
        )
    form = None if found["format"] is None else found["format"].lower()
    bits = FORMAT_BITS[form] if form is not None else _number(found["bits"])
    return MeasuredLayout(
        tensor_parallel=1 if grid else degree["tp"],
        tensor_parallel_2d=degree["tp"] if grid else 0,
        pipeline_parallel=degree["pp"],
        expert_parallel=degree["ep"],
        attention_data_parallel=degree["dp"],
        weight_bits=bits,
        weight_format=form,
        kv_bits=_number(found["kv"]),
        draft_tokens=int(found["draft"] or 0),
        batch=_number(found["batch"]),
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
