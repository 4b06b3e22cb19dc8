"""Result documents of fleet questions, made by hand: no solver is needed to report on them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["document", "infeasible", "partial", "point", "replicas", "single", "three"]

SPEED = {"name": "speed", "unit": "tok/s/user", "sense": "max"}
COST = {"name": "cost", "unit": "usd/h", "sense": "min"}
POWER = {"name": "power", "unit": "W", "sense": "min"}
THROUGHPUT = {"name": "throughput", "unit": "tok/s", "sense": "max"}


def replicas(layout: str, machine: str, count: int, devices: int, **changes: Any) -> dict[str, Any]:
    """An entry of ``replicas``: each of ``devices`` devices carries one request/s for each."""
    workload = changes.pop("workload", "chat")
    return {
        "workload": workload,
        "option": f"{workload}: {layout} on {machine}",
        "layout": layout,
        "machine": machine,
        "region_or_rack": "",
        "count": count,
        "pools": None,
        "model": "m",
        "phase": "aggregated",
        "period": "",
        "contract": "",
        "devices": devices,
        "requests_per_s": float(devices),
        "tok_per_s": 10.0 * devices,
        **changes,
    }


def nodes(machine: str, contract: str, count: int, usd: float) -> dict[str, Any]:
    """An entry of ``nodes``, of eight devices each."""
    return {
        "machine": machine,
        "contract": contract,
        "period": "",
        "region_or_rack": "",
        "count": count,
        "devices": 8 * count,
        "usd_per_hour": usd,
    }


def point(
    values: Mapping[str, str], entries: Sequence[dict[str, Any]], *, on_nodes: int = 0
) -> dict[str, Any]:
    """A point whose exact values are ``values``; ``on_nodes`` nodes of h100 are bought."""
    used = sum(e["count"] * e["devices"] for e in entries if e["machine"] == "h100")
    other = sum(e["count"] * e["devices"] for e in entries if e["machine"] != "h100")
    held = 8 * on_nodes + other
    return {
        "objectives": {name: float(Fraction(value)) for name, value in values.items()},
        "exact": dict(values),
        "design": {
            "replicas": list(entries),
            "nodes": [nodes("h100", "reserved", on_nodes, 16.0 * on_nodes)] if on_nodes else [],
            "devices": held,
            "devices_in_replicas": used + other,
            "utilisation": {
                "devices of h100": {
                    "used": float(used), "limit": 8.0 * on_nodes, "unit": "devices",
                    "share": used / (8 * on_nodes) if on_nodes else None,
                },
                "stock of h100": {
                    "used": 8.0 * on_nodes, "limit": 64.0, "unit": "devices",
                    "share": on_nodes / 8,
                },
                "power": {
                    "used": 500.0 * held, "limit": 40000.0, "unit": "W", "share": held / 80,
                },
            },
            "usd_per_hour": 16.0 * on_nodes + 1.0 * other,
            "watts": 500.0 * held,
            "tok_per_s": 240.0,
            "tok_per_s_per_gpu": 240.0 / held if held else None,
        },
        "plan": {},
        "image": [],
        "proof": {"nondominated": "proved", "engine": "cp-sat", "closed_by": "bound", "claims": []},
    }  # fmt: skip


def whole(points: Sequence[dict[str, Any]], objectives: Sequence[dict[str, str]]) -> dict[str, Any]:
    """A complete document around ``points``."""
    return {
        "schema": 1,
        "status": "complete",
        "instance": {
            "name": "small",
            "kind": "fleet",
            "sha256": "ab" * 32,
            "resolved": {
                "kind": "fleet",
                "name": "small",
                "title": "A small fleet",
                "periods": [{"name": "day", "hours": "24"}],
                "workloads": [
                    {
                        "name": "chat",
                        "models": [{"name": "m", "model": None, "quality": None}],
                        "sizes": [{"input_tokens": 100, "output_tokens": 10, "share": "1"}],
                        "requests_per_s": "24",
                        "min_speed_tok_per_s": "20",
                        "points": [{"layout": "TP8"}],
                    }
                ],
                "machines": [
                    {
                        "name": "h100",
                        "node_devices": 8,
                        "watts_per_device": "500",
                        "stock_devices": 64,
                        "contracts": [
                            {
                                "name": "reserved", "usd_per_hour": "2", "committed": True,
                                "stock_devices": None, "source": "a price list of May",
                            }
                        ],
                    }
                ],
                "limits": {"max_watts": "40000"},
                "service": {"wait_percentile": None},
            },
        },
        # Copies: a test may change the document it was given.
        "objectives": [dict(objective) for objective in objectives],
        "points": list(points),
        "claims": [],
        "open_boxes": [],
        "conflict": [],
        "answers": {},
        "ideal": {},
        "nadir": {},
        "provenance": {
            "formulation": "default",
            "engines": {"cp-sat": "9.15"},
            "solves": 4,
            "wall_s": 1.5,
            "cpu_s": 1.25,
            "warnings": [],
            "notes": [],
            "columns": {"stated": 12, "kept": 6},
        },
        "digest": "cd" * 32,
    }  # fmt: skip


def document() -> dict[str, Any]:
    """Three points: fast on h100, the knee on both machines, cheap on l40s."""
    return whole(
        [
            point({"speed": "100", "cost": "96"}, [replicas("TP8", "h100", 6, 8)], on_nodes=6),
            point(
                {"speed": "80", "cost": "40"},
                [replicas("TP4", "h100", 4, 4), replicas("TP2", "l40s", 4, 2)],
                on_nodes=2,
            ),
            point({"speed": "25", "cost": "24"}, [replicas("TP2", "l40s", 12, 2)]),
        ],
        [SPEED, COST],
    )


def three() -> dict[str, Any]:
    """The same with power as a third objective."""
    found = document()
    found["objectives"].append(copy.deepcopy(POWER))
    for entry in found["points"]:
        watts = int(entry["design"]["watts"])
        entry["objectives"]["power"], entry["exact"]["power"] = float(watts), str(watts)
    return found


def single() -> dict[str, Any]:
    """The most throughput, as the only objective."""
    return whole(
        [point({"throughput": "240"}, [replicas("TP8", "h100", 3, 8)], on_nodes=3)], [THROUGHPUT]
    )


def partial() -> dict[str, Any]:
    """One region stayed open, and one point is not proved."""
    found = document()
    found["status"] = "partial"
    found["open_boxes"] = [
        {"corner": [3, 9], "floor": [0, 5], "reason": "time limit", "region": "speed above 25"}
    ]
    found["points"][1]["proof"] = {
        "nondominated": "not proved", "engine": "", "closed_by": "open", "claims": [],
    }  # fmt: skip
    return found


def infeasible() -> dict[str, Any]:
    """Nothing meets stock and power together."""
    found = document()
    found["status"], found["points"] = "infeasible", []
    found["conflict"] = [
        {
            "limit": "stock of h100", "unit": "devices", "stated": 64.0, "needed": 72.0,
            "needed_exact": "72", "set": "minimum",
            "text": "stock of h100: 64 devices stated; 72 devices would do",
        },
        {"limit": "power", "unit": "kW", "stated": 40.0, "needed": None, "set": "minimum"},
    ]  # fmt: skip
    return found
