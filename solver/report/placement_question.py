"""What a placement question asks, from the resolved instance of a result: hosts, facts, words."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solver.report.assumptions import assumptions_of
from solver.report.numbers import clean, with_prefix
from solver.report.placement_facts import is_flow
from solver.report.question import leaves, value_text

__all__ = ["facts_of", "host_rows", "placement_assumptions"]

_IN_TABLES = ("kind", "name", "title", "topology", "machines", "model")
_MOST_FACTS = 120
_MOST_ROWS = 60

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def _resolved(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document["instance"].get("resolved", {})
    return found


def host_rows(document: Mapping[str, Any]) -> Table:
    """Hosts by machine: headers and rows of plain text; no row where no network is told."""
    nodes = (_resolved(document).get("topology") or {}).get("nodes") or ()
    groups: dict[tuple[Any, ...], int] = {}
    for node in nodes:
        if node.get("kind") == "host":
            key = tuple(
                node.get(name) for name in ("accelerator", "devices", "hbm_bytes", "usd_per_hour")
            )
            groups[key] = groups.get(key, 0) + 1
    rows: list[tuple[str, ...]] = [
        (
            clean(machine, limit=60),
            f"{count:,}",
            "" if devices is None else f"{devices:,}",
            "" if hbm is None else with_prefix(float(hbm), "B"),
            "" if price is None else f"{float(Fraction(str(price))):,.2f}",
        )
        for (machine, devices, hbm, price), count in groups.items()
    ]
    headers = ("machine", "hosts", "devices", "HBM each", "US$/h")
    return headers, sorted(rows)[:_MOST_ROWS]


def facts_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every other choice of the question as pairs of name and value."""
    tree = {key: value for key, value in _resolved(document).items() if key not in _IN_TABLES}
    pairs = [
        (
            clean(path.replace("_", " ").replace(".", ": "), limit=100),
            clean(value_text(value), limit=300),
        )
        for path, value in leaves(tree).items()
        if value is not None and value not in ("", [], ())
    ]
    return pairs[:_MOST_FACTS]


def placement_assumptions(document: Mapping[str, Any]) -> list[str]:
    """What a reader must know before believing a number, a sentence or two each."""
    resolved = _resolved(document)
    rules = resolved.get("rules") or {}
    flow = [entry["name"] for entry in document["objectives"]] == ["throughput"]
    flow = flow or any(is_flow(point["design"]) for point in document["points"])
    measured = resolved.get("shape") is not None
    told = []
    if flow:
        told.append(
            "Tokens flow through hosts that each hold a range of layers; a host passes on only to "
            "hosts whose range begins where its own ends. Latency plays no part."
        )
    elif measured:
        told.append(
            "Latency is the sum over the stages of layers held times measured time a layer, plus "
            "the hand-overs; throughput is the least of what was measured of the hosts and of what "
            "links carry. Both are known at the batches they were measured at."
        )
    else:
        told.append(
            "A token passes all stages and hand-overs in turn, and a stage that computes or hands "
            "over a microbatch does nothing else: the time between two tokens of one user is the "
            "greater of the whole way and of the slowest stage times the microbatches in flight."
        )
    if rules.get("hand_over") == "latency":
        told.append("A hand-over takes the latency of its path alone, whatever its size.")
    else:
        told.append(
            "A hand-over takes the latency of its path and its bytes at the narrowest link; links "
            "forward while they receive. Of all paths the one of least latency is taken."
        )
    told.append(
        "Links that several hand-overs share are counted with all of them, each direction by "
        "itself. Hosts that are alike in all figures stand for each other."
    )
    if not measured:
        model = (resolved.get("performance") or {}).get("model")
        name = model if isinstance(model, str) else document.get("provenance", {}).get(
            "performance_model", ""
        )  # fmt: skip
        told += assumptions_of(str(name))
    told.append(
        "The space of designs is finite and written in the question; whole picoseconds, exact "
        "fractions of a dollar and whole micro-tokens/s are compared, never rounded decimals."
    )
    return told
