"""The plan behind one point: facts, tables, and what sets its pace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solver.explore.damage import told_damage
from solver.report.design import BINDINGS, hbm_share, layout_name, precision_name
from solver.report.fleet_facts import amount, goals_of
from solver.report.numbers import clean, percent, short
from solver.result import kind_of

__all__ = ["PlanView", "Table", "plan_view"]

Document = Mapping[str, Any]
Design = Mapping[str, Any]

_TERMS = {
    "arithmetic_s": "arithmetic",
    "hbm_s": "HBM",
    "network_s": "network",
    "network_latency_s": "of which network latency",
    "launch_s": "kernel launches",
}
_FIGURES = (
    ("Model", "model", ""),
    ("Output of the replica", "tok_per_s", "tok/s"),
    ("Price of the replica", "usd_per_hour", "US$/h"),
    ("Time to first token", "ttft_s", "s"),
    ("Power", "watts", "W"),
    ("Energy", "j_per_token", "J/token"),
    ("CO2", "g_co2_per_mtok", "g/Mtok"),
    ("Quality", "quality", ""),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of plain text: what it shows, its columns, its rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """One point as a plan.

    Parameters
    ----------
    title
        Which point it is.
    facts
        Pairs of what and value.
    tables
        What to run and what to buy or rent; stages and links of a placement; parts of a step.
    binding
        What sets its pace or is full, a sentence each.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    binding: tuple[str, ...]


@told_damage
def plan_view(document: Document, index: int) -> PlanView:
    """The plan behind point ``index`` of a result of any kind.

    Raises
    ------
    ResultError
        If there is no such point, or a value is missing or of the wrong type.
    """
    if index < 0:
        raise IndexError(f"point {index} is not there")
    point = document["points"][index]
    design = point["design"]
    values = tuple(
        (goal.name[:1].upper() + clean(goal.name, limit=30)[1:],
         goal.told(float(point["objectives"][goal.name])))
        for goal in goals_of(document)
    )  # fmt: skip
    title = f"Point {index + 1:,} of {len(document['points']):,}"
    if kind_of(document) == "fleet":
        facts, tables, binding = _fleet(document, index)
    elif kind_of(document) == "placement":
        facts, tables, binding = _placement(design)
    else:
        facts, tables, binding = _replica(design)
    told = {label for label, _ in values}
    facts = tuple(fact for fact in facts if fact[0] not in told)
    told_proof = point.get("proof", {})
    closed = clean(told_proof.get("closed_by", "not stated"), limit=40)
    engine = clean(told_proof.get("engine", "not stated"), limit=40)
    proof = closed if engine == closed else f"{closed} ({engine})"
    return PlanView(title, (*values, *facts, ("Proved by", proof)), tables, binding)


_Parts = tuple[tuple[tuple[str, str], ...], tuple[Table, ...], tuple[str, ...]]


def _replica(design: Design) -> _Parts:
    facts = []
    if "devices" in design and "accelerator" in design:
        clock = design.get("clock_mhz")
        at = "" if clock is None else f" at {clock:,} MHz"
        facts.append(("Devices", f"{design['devices']:,} × {clean(design['accelerator'])}{at}"))
    facts.append(("Layout", layout_name(design) if "tensor_parallel" in design else ""))
    facts.append(("Batch", f"{design['batch']:,}" if "batch" in design else ""))
    microbatches = int(design.get("microbatches") or 1)
    facts.append(("Microbatches", f"{microbatches:,}" if microbatches > 1 else ""))
    facts.append(("Precision", precision_name(design)))
    for label, key, unit in _FIGURES:
        value = design.get(key)
        if value is not None:
            told = clean(value, limit=60) if key == "model" else amount(float(value), unit)
            facts.append((label, told))
    share = hbm_share(design)
    facts.append(("HBM used", "" if share is None else percent(share)))
    terms = design.get("terms") or {}
    step_s = float(design.get("step_latency_s") or 0.0)
    rows = tuple(
        (
            _TERMS.get(key, clean(key, limit=40)),
            short(1e3 * float(value)),
            percent(float(value) / step_s) if step_s else "",
        )
        for key, value in terms.items()
    )
    table = Table("Parts of one decoding step", ("part", "ms", "share of the step"), rows)
    binding = BINDINGS.get(str(design.get("binding", "")))
    paced = () if binding is None else (f"Paced by {binding.title}: {binding.meaning}.",)
    return tuple((k, v) for k, v in facts if v), (table,) if rows else (), paced


def _fleet(document: Document, index: int) -> _Parts:
    from solver.report.fleet_bill import bill_of
    from solver.report.fleet_facts import limits_of
    from solver.report.fleet_findings import neighbours

    bill = bill_of(document, index)
    tables = [
        Table("Replicas to run", bill.replica_headers, bill.replicas),
        Table("Nodes to buy or rent", bill.node_headers, bill.nodes),
    ]
    tables += [
        Table(heading, ("change",), tuple((line,) for line in lines))
        for heading, lines in neighbours(document, index)
    ]
    full = tuple(
        f"Full: {limit.title}, {limit.told}."
        for limit in limits_of(document["points"][index]["design"])
        if limit.share == 1.0 and not limit.supply
    )
    facts = [("In total", bill.totals), ("Throughout", bill.everywhere)]
    return tuple((k, v) for k, v in facts if v), tuple(t for t in tables if t.rows), full


def _placement(design: Design) -> _Parts:
    from solver.report.placement_facts import (
        host_count,
        hosts_by_machine,
        machines_in_short,
        setting_text,
    )
    from solver.report.placement_stages import link_table, stage_tables

    facts = [
        ("Hosts", f"{host_count(design):,} ({machines_in_short(hosts_by_machine(design))})"),
        ("Microbatch × in flight", setting_text(design)),
    ]
    if design.get("usd_per_hour") is not None:
        facts.append(("Price", amount(float(design["usd_per_hour"]), "US$/h")))
    stages = stage_tables(design)
    tables = [Table(entry.heading or "Stages", entry.headers, entry.rows) for entry in stages]
    tables.append(Table("Links in use", *link_table(design)))
    told = tuple(sentence for entry in stages for sentence in entry.sentences)
    return tuple((k, v) for k, v in facts if v), tuple(t for t in tables if t.rows), told
