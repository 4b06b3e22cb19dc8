"""Every point of a placement frontier as one row of a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from solver.report.fleet_facts import goals_of
from solver.report.numbers import clean
from solver.report.placement_facts import (
    chains_of,
    host_count,
    hosts_by_machine,
    is_flow,
    layers_text,
)
from solver.report.placement_short import design_in_short

__all__ = ["placement_csv"]

Design = Mapping[str, Any]


def _stage_order(design: Design) -> str:
    """``h0 TP8 1-40 > h1 TP8 41-80``: hosts in order; a flow's or other replicas' after ``;``."""

    def told(stage: Mapping[str, Any]) -> str:
        degree = stage.get("tensor_parallel")
        parallel = "" if degree is None else f" TP{degree}"
        return f"{clean(stage['host'])}{parallel} {layers_text(stage)}"

    if is_flow(design):
        return "; ".join(told(stage) for stage in design["stages"])
    return "; ".join(" > ".join(map(told, chain["stages"])) for chain in chains_of(design))


def _of_chains(design: Design, key: str) -> str:
    """A fact of every pipeline; one that all share stands once."""
    told = ["" if chain.get(key) is None else clean(chain[key]) for chain in chains_of(design)]
    return told[0] if len(set(told)) == 1 else "; ".join(told)


def _busiest(design: Design) -> tuple[str, float | str]:
    """Name of the busiest link and its share; empty where no link is in use."""
    holders = [design] if is_flow(design) else chains_of(design)
    links = [link for holder in holders for link in holder.get("links") or ()]
    links = [link for link in links if link.get("busy_fraction") is not None]
    if not links:
        return "", ""
    link = max(links, key=lambda entry: float(entry["busy_fraction"]))
    return clean(link["name"]), float(link["busy_fraction"])


_FACTS: tuple[tuple[str, Callable[[Design], Any]], ...] = (
    ("price [US$/h]", lambda design: design.get("usd_per_hour")),
    ("tokens [tok/s]", lambda design: design.get("tok_per_s")),
    ("hosts", host_count),
    ("microbatch", lambda design: _of_chains(design, "microbatch")),
    ("in flight", lambda design: _of_chains(design, "in_flight")),
    ("batch", lambda design: _of_chains(design, "batch")),
    ("paced by", lambda design: _of_chains(design, "paced_by")),
    ("slowest stage", lambda design: _of_chains(design, "slowest_stage")),
    ("busiest link", lambda design: _busiest(design)[0]),
    ("busiest link share", lambda design: _busiest(design)[1]),
    ("design", design_in_short),
    ("stages", _stage_order),
)


def placement_csv(document: Mapping[str, Any]) -> str:
    """All points as CSV (RFC 4180, but lines end in a plain newline), units in the headers.

    Columns: objectives as decimals; those that are exact fractions as ``p/q`` too; latency in
    picoseconds, where speed is an objective; what closed the point, and by which engine; price
    and tokens; hosts, in all and of every machine; microbatch, number in flight and batch; what
    paces, the slowest stage, the busiest link and its share (0 to 1); the design in short; host,
    tensor-parallel degree and layers (counted from 1) of every stage in order. Several pipelines
    of one point are parted by ``;``; what is not known or does not apply is empty.
    """
    points, goals = document["points"], goals_of(document)
    held = [hosts_by_machine(point["design"]) for point in points]
    machines = sorted({name for entry in held for name in entry})
    exact = [g for g in goals if any(g.name in point.get("exact", {}) for point in points)]
    has_latency = any("latency_ps" in point.get("exact", {}) for point in points)
    header = [f"{goal.name} [{goal.unit}]" for goal in goals]
    header += [f"{goal.name} exact [{goal.unit}]" for goal in exact]
    header += ["latency [ps]"] * has_latency
    header += ["closed by", "engine", *(name for name, _ in _FACTS[:3])]
    header += [f"hosts of {clean(name)}" for name in machines]
    header += [name for name, _ in _FACTS[3:]]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for point, by_machine in zip(points, held, strict=True):
        design, values, proof = point["design"], point.get("exact", {}), point.get("proof", {})
        row: list[Any] = [point["objectives"][goal.name] for goal in goals]
        row += [values.get(goal.name) for goal in exact]
        row += [values.get("latency_ps")] * has_latency
        row += [proof.get("closed_by"), proof.get("engine")]
        row += [fact(design) for _, fact in _FACTS[:3]]
        row += [by_machine.get(name, 0) for name in machines]
        row += [fact(design) for _, fact in _FACTS[3:]]
        writer.writerow(["" if value is None else value for value in row])
    return stream.getvalue()
