"""What a fleet question asks, as tables with sources, from the resolved instance of a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.report.assumptions import assumptions_of
from solver.report.fleet_facts import amount, dollars
from solver.report.numbers import clean, percent, short
from solver.report.question import leaves, value_text

__all__ = ["circumstances_of", "facts_of", "fleet_assumptions", "question_tables"]

Resolved = Mapping[str, Any]
Rows = Sequence[tuple[str, ...]]
Table = tuple[str, tuple[str, ...], Rows]

_IN_TABLES = ("kind", "name", "title", "workloads", "machines", "types", "columns", "racks")
_BARE = ("demand_milli_tok_per_s",)
_MOST_ROWS = 200


def _number(value: Any) -> float | None:
    return None if value is None else float(Fraction(str(value)))


def _told(value: Any, unit: str = "") -> str:
    number = _number(value)
    return "" if number is None else amount(number, unit)


def _is_bare(resolved: Resolved) -> bool:
    return "columns" in resolved


def circumstances_of(document: Mapping[str, Any]) -> list[str]:
    """The question in a few words: workloads, machines, what is traded off."""
    resolved = document["instance"].get("resolved", {})
    if _is_bare(resolved):
        workloads = len(resolved.get("demand_milli_tok_per_s", ()))
        machines, kind = len(resolved.get("types", ())), "type"
    else:
        workloads = len(resolved.get("workloads", ()))
        machines, kind = len(resolved.get("machines", ())), "machine"
    told = [clean(document["instance"]["name"], limit=80)]
    if workloads:
        told.append(f"{workloads:,} workload{'' if workloads == 1 else 's'}")
    if machines:
        told.append(f"{machines:,} {kind}{'' if machines == 1 else 's'} on offer")
    goals = [clean(entry["name"], limit=30) for entry in document["objectives"]]
    told.append(" against ".join(goals))
    return told


def question_tables(document: Mapping[str, Any]) -> list[Table]:
    """Workloads, machines with prices and sources, racks, catalog entries; none that is empty.

    Each is a heading, column headers, and rows of plain text.
    """
    resolved = document["instance"].get("resolved", {})
    if _is_bare(resolved):
        tables = [_types(resolved), _demands(resolved)]
    else:
        tables = [_workloads(resolved), _machines(resolved), _racks(resolved), _sources(resolved)]
    return [table for table in tables if table[2]]


def _types(resolved: Resolved) -> Table:
    rows = [
        (
            f"type {k}",
            dollars(entry["price_cents_per_h"] / 100),
            "" if entry.get("watts") is None else f"{entry['watts']:,}",
            "no limit" if entry.get("stock") is None else f"{entry['stock']:,}",
        )
        for k, entry in enumerate(resolved.get("types", ()))
    ]
    return "Types of device", ("type", "US$/h", "W", "stock"), rows[:_MOST_ROWS]


def _demands(resolved: Resolved) -> Table:
    rows = [
        (f"workload {k}", short(demand / 1000))
        for k, demand in enumerate(resolved.get("demand_milli_tok_per_s", ()))
    ]
    return "Demand", ("workload", "tok/s"), rows[:_MOST_ROWS]


def _workloads(resolved: Resolved) -> Table:
    headers = (
        "workload", "models", "requests", "requests/s", "batch", "least tok/s/user", "most TTFT",
        "target tok/s/user", "options from",
    )  # fmt: skip
    rows = []
    for entry in resolved.get("workloads", ()):
        models = []
        for model in entry.get("models", ()):
            score = _told(model.get("quality"))
            models.append(clean(model["name"], limit=60) + (f" (score {score})" if score else ""))
        sizes = [
            f"{size['input_tokens']:,} in, {size['output_tokens']:,} out"
            + ("" if size["share"] == "1" else f" ({percent(_number(size['share']) or 0.0)})")
            for size in entry.get("sizes", ())
        ]
        points = len(entry.get("points", ()))
        rows.append(
            (
                clean(entry["name"], limit=60),
                ", ".join(models),
                "; ".join(sizes[:6]) + (f" and {len(sizes) - 6} more" if len(sizes) > 6 else ""),
                _told(entry.get("requests_per_s")),
                _batch(entry.get("batch")),
                _told(entry.get("min_speed_tok_per_s")),
                _told(entry.get("max_ttft_s"), "s"),
                _told(entry.get("target_speed_tok_per_s")),
                f"{points:,} measured points" if points else "the performance model",
            )
        )
    return "Workloads", *_without_empty(headers, rows)


def _batch(stated: Mapping[str, Any] | None) -> str:
    if stated is None:
        return ""
    return (
        f"{_told(stated['requests_per_day'])} a day, from the start of "
        f"{clean(stated['arrives'], limit=40)}, done within {_told(stated['deadline_hours'], 'h')}"
    )


def _machines(resolved: Resolved) -> Table:
    headers = (
        "machine", "devices a node", "stock", "W a device", "contract", "US$/h a device",
        "paid", "stock of contract", "source",
    )  # fmt: skip
    rows = []
    for entry in resolved.get("machines", ()):
        machine = (
            clean(entry["name"], limit=60),
            f"{entry['node_devices']:,}",
            "no limit" if entry.get("stock_devices") is None else f"{entry['stock_devices']:,}",
            _told(entry.get("watts_per_device")),
        )
        for contract in entry.get("contracts", ()):
            stock = contract.get("stock_devices")
            rows.append(
                (
                    *machine,
                    clean(contract["name"], limit=40),
                    _price(contract),
                    "all day" if contract.get("committed") else "as used",
                    "" if stock is None else f"{stock:,}",
                    clean(contract.get("source", ""), limit=300),
                )
            )
        if not entry.get("contracts"):
            rows.append((*machine, "no price", "", "", "", ""))
    return "Machines and prices", *_without_empty(headers, rows)


def _price(contract: Mapping[str, Any]) -> str:
    usd = _number(contract.get("usd_per_hour"))
    if usd is not None:
        return dollars(usd)
    owned = contract.get("ownership")
    if not isinstance(owned, Mapping):
        return ""
    purchase = _number(owned.get("purchase_usd")) or 0.0
    years = _told(owned.get("depreciation_years"))
    return f"owned: bought at US${dollars(purchase)}, written off over {years} years"


def _racks(resolved: Resolved) -> Table:
    rows = []
    for entry in resolved.get("racks", ()):
        uplink = _number(entry.get("uplink_bytes_per_s"))
        rows.append(
            (
                clean(entry["name"], limit=60),
                f"{entry['count']:,}",
                "" if entry.get("slots") is None else f"{entry['slots']:,}",
                _told(entry.get("watts"), "W"),
                "" if uplink is None else amount(uplink, "B/s"),
                ", ".join(clean(name, limit=40) for name in entry.get("machines", ())) or "all",
            )
        )
    headers = ("racks", "number", "slots", "power", "uplink", "machines")
    return "Racks", *_without_empty(headers, rows)


def _sources(resolved: Resolved) -> Table:
    """Catalog entries in use: whatever carries a name and a source, told once."""
    found = {
        (clean(entry["name"], limit=80), clean(entry["source"], limit=400))
        for entry in _named(resolved)
    }
    return "Catalog entries", ("entry", "source"), sorted(found)


def _named(tree: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(tree, Mapping):
        # Contracts stand in the table of machines, with their sources.
        if tree.get("source") and "name" in tree and "committed" not in tree:
            yield tree
        for key, item in tree.items():
            if key != "points":
                yield from _named(item)
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from _named(item)


def _without_empty(headers: tuple[str, ...], rows: Rows) -> tuple[tuple[str, ...], Rows]:
    kept = [k for k in range(len(headers)) if any(row[k] for row in rows)]
    return (
        tuple(headers[k] for k in kept),
        [tuple(row[k] for k in kept) for row in rows[:_MOST_ROWS]],
    )


def fleet_assumptions(document: Mapping[str, Any]) -> list[str]:
    """What a reader must know before believing a number."""
    resolved = document["instance"].get("resolved", {})
    told = [
        "Every replica counts as its stated capacity, and the fleet as the sum of its replicas; "
        "the answer is exact for the options listed and claims nothing about others.",
        "The speed of a fleet is that of the slowest kind of replica in use.",
        "In a bill, share is the part of its workload that a line carries, and load the part of "
        "what its replicas may be asked for that is asked.",
    ]
    if _is_bare(resolved):
        return [
            *told,
            "Columns are taken as the file states them; speed is one over the stated level.",
        ]
    workloads = resolved.get("workloads", ())
    if any(entry.get("points") for entry in workloads):
        told.append(
            "Measured operating points are taken as they stand: capacity, latency and power of a "
            "replica, at full load, as in the table that the question names."
        )
    if any(not entry.get("points") for entry in workloads):
        performance = resolved.get("performance", {})
        told.extend(assumptions_of(clean(performance.get("model", ""), limit=40)))
    if len(resolved.get("periods", ())) > 1:
        told.append("Money, power, tokens and devices of a point are means over the day.")
    if any(entry.get("batch") for entry in workloads):
        told.append(
            "Batch work is done in whole periods between its arrival and its deadline, in any "
            "order; its requests/s are a mean over the day, and nobody waits for its tokens, so "
            "that it has no part in the speed."
        )
    return told + _headroom(resolved.get("service") or {})


def _headroom(service: Mapping[str, Any]) -> list[str]:
    told = []
    if service.get("wait_percentile") is not None:
        share = percent(_number(service["wait_percentile"]) or 0.0)
        told.append(
            f"Replicas are loaded only so far that {share} of requests start within "
            f"{_told(service.get('max_wait_s'), 's')}."
        )
    else:
        told.append("Replicas are loaded fully: no headroom for waiting was asked for.")
    if service.get("spare_replicas"):
        told.append(f"{service['spare_replicas']:,} replicas of each pool may fail.")
    if service.get("survive_rack_loss"):
        told.append("Demand is met with any one rack gone.")
    return told


def facts_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every other choice of the question, as pairs of its place and its value."""
    resolved = document["instance"].get("resolved", {})
    rest = {key: value for key, value in resolved.items() if key not in (*_IN_TABLES, *_BARE)}
    return [
        (clean(path.replace("_", " ").replace(".", ": ")), clean(value_text(value), limit=400))
        for path, value in leaves(rest).items()
        if value is not None and value not in ("", [])
    ]
