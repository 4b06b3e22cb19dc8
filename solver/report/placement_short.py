"""A placement design in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from solver.report.placement_facts import (
    chains_of,
    is_flow,
    layers_text,
    range_groups,
    setting_text,
    stage_name,
)

__all__ = ["design_in_short"]

Design = Mapping[str, Any]


def design_in_short(design: Design) -> str:
    """The design in a line.

    ``2 × h100 TP8: 40 each | l40s TP4: 10`` for a chain, stages in order; ``2 of [l4: 32, 16×1]``
    for replicas that are alike, with their setting; ``8 × a100: 1-20`` for the ranges of a flow.
    """
    if is_flow(design):
        return ", ".join(_ranges_in_short(design))
    if "replicas" not in design:
        return _chain_in_short(design["stages"])
    chains = []
    for chain in chains_of(design):
        setting = setting_text(chain).replace(" ", "")
        chains.append(_chain_in_short(chain["stages"]) + (f", {setting}" if setting else ""))
    counts = {text: chains.count(text) for text in chains}
    return "; ".join(f"{n} of [{text}]" for text, n in counts.items())


def _ranges_in_short(design: Design) -> list[str]:
    """``2 × t4: 1-6``; hosts of one kind one after the other ``12 × t4: 1-24 (2 each)``."""
    rows: list[list[Mapping[str, Any]]] = []
    ends: list[int] = []
    for _, stages in range_groups(design):
        first, held = int(stages[0]["first_layer"]), int(stages[0]["layers"])
        last = rows[-1][-1] if rows else None
        if (
            last is not None
            and len(stages) == 1
            and ends[-1] == first
            and stage_name(last) == stage_name(stages[0])
            and last["layers"] == held
            and len({int(stage["first_layer"]) for stage in rows[-1]}) == len(rows[-1])
        ):
            rows[-1] += stages
            ends[-1] += held
        else:
            rows.append(list(stages))
            ends.append(first + held)
    told = []
    for row, end in zip(rows, ends, strict=True):
        times = f"{len(row)} × " if len(row) > 1 else ""
        whole = {"first_layer": row[0]["first_layer"], "layers": end - int(row[0]["first_layer"])}
        each = f" ({row[0]['layers']} each)" if whole["layers"] != row[0]["layers"] else ""
        told.append(f"{times}{stage_name(row[0])}: {layers_text(whole)}{each}")
    return told


def _chain_in_short(stages: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for name, group in groupby(stages, key=stage_name):
        held = [int(stage["layers"]) for stage in group]
        times = f"{len(held)} × " if len(held) > 1 else ""
        parts.append(f"{times}{name}: {_held_text(held)}")
    return " | ".join(parts)


def _held_text(held: Sequence[int]) -> str:
    """``40``, ``8 each``, ``41+39``; from three alike in a row ``4×8+2×6``."""
    if len(held) > 1 and len(set(held)) == 1:
        return f"{held[0]} each"
    parts: list[str] = []
    for layers, group in groupby(held):
        count = len(list(group))
        parts += [f"{count}×{layers}"] if count > 2 else [str(layers)] * count
    return "+".join(parts)
