"""Tables of small sound placement questions, one for every source of a network."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "samples"
WIRE = {"gbit_per_s": 100, "latency_us": 5}

INLINE: dict[str, Any] = {
    "schema": 1,
    "kind": "placement",
    "name": "small",
    "workload": {"model": "Llama-3.1-8B", "context_tokens": 2048},
    "machines": [
        {"name": "a100", "accelerator": "A100-80GB SXM", "devices": 2, "usd_per_hour": "1.9"},
        {"name": "l4", "accelerator": "L4", "devices": 4},
    ],
    "hosts": [
        {"names": "a[0-1]", "machine": "a100"},
        {"names": "l4-[0-2]", "machine": "l4"},
    ],
    "switches": [
        {"names": "leaf", "kind": "leaf"},
        {"names": "gw", "kind": "gateway"},
    ],
    "links": [
        {"a": "a[0-1],l4-[0-2]", "b": "leaf", **WIRE},
        {"a": "gw", "b": "leaf", "mb_per_s": 1250, "latency_ms": "0.2"},
    ],
    "topology": {"entry": "gw"},
    "design": {"tensor_parallel": [1, 2], "microbatch": [1, 8], "in_flight": [1, 2]},
    "performance": {"model": "epoch2025"},
}
"""Everything inline, one gateway."""

MEASURED: dict[str, Any] = {
    "schema": 1,
    "kind": "placement",
    "name": "measured",
    "trade_off": ["speed", "throughput"],
    "workload": {"shape": {"layers": 4, "activation_bytes": 16384, "token_bytes": 2}},
    "machines": [
        {"name": "A100", "hbm_gb": 40, "max_layers": 3},
        {"name": "L4", "hbm_gb": 24},
    ],
    "measured": {"rates": "rates.csv", "layer_times": "times.csv"},
    "hosts": [
        {"names": "a100-[0-1]", "machine": "A100"},
        {"names": "l4-0", "machine": "L4"},
    ],
    "switches": [{"names": "gw", "kind": "gateway"}],
    "topology": {"links_file": "links.csv", "entry": "gw"},
    "design": {"microbatch": 30},
    "rules": {"hand_over": "latency"},
}
"""Tables of measurements and of links."""


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with dotted keys changed, numbers leading into lists; ``None`` removes a key."""
    raw = copy.deepcopy(base)
    for key, value in changes.items():
        *path, last = key.split(".")
        place: Any = raw
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return raw


_NO_PARTS: dict[str, Any] = {"hosts": None, "switches": None, "links": None, "topology": None}


def built(**topology: Any) -> dict[str, Any]:
    """The inline question with its network from ``topology`` alone."""
    return changed(INLINE, {**_NO_PARTS, "topology": topology})


SOURCES: dict[str, dict[str, Any]] = {
    "inline": INLINE,
    "measured": MEASURED,
    "flow": changed(MEASURED, {"trade_off": ["throughput"], "design": None}),
    "graphml": changed(
        built(file="cluster.graphml", entry="gw"),
        {"machines": [{"name": "a100x4", "accelerator": "A100-80GB SXM", "devices": 4}]},
    ),
    "node-link": changed(
        built(file="cluster.json", entry="gw"),
        {"machines": [{"name": "a100x4", "accelerator": "A100-80GB SXM"}]},
    ),
    "slurm": built(
        file="topology.conf", machine={"a[01-02]": "a100", "l[01-03]": "l4"}, wires=[WIRE]
    ),
    "nvidia-smi": built(file="topo.txt", machine="l4", pcie={"PIX": WIRE, "SYS": WIRE}),
    "nvlinks": built(
        file="nvlinks.txt", machine="a100", nvlink={"gb_per_s": 25, "latency_us": "0.5"}
    ),
    "dgx_pod": built(builder="dgx_pod", machine="a100", count=4),
    "rail_optimised": built(
        builder="rail_optimised", machine="a100", count=4, rails=2, radix=4, wire=WIRE
    ),
    "fat_tree": built(builder="fat_tree", machine="l4", radix=4, count=6, host_wire=WIRE),
    "nvl72_racks": built(builder="nvl72_racks", machine="a100", racks=2, trays=3),
    "heterogeneous_rows": built(
        builder="heterogeneous_rows",
        trunk=WIRE,
        rows=[
            {"name": "r1", "machines": {"a100": 1, "l4": 2}, "wire": WIRE},
            {"name": "r2", "machines": {"l4": 3}},
        ],
    ),
    "regions_over_wan": built(
        builder="regions_over_wan",
        gateway=WIRE,
        regions=[
            {"name": "east", "rows": [{"name": "r", "machines": {"l4": 2}}]},
            {"name": "west", "builder": "dgx_pod", "machine": "a100", "count": 2},
        ],
        wan=[{"a": "east", "b": "west", "gbit_per_s": 10, "km": 4000}],
    ),
}
"""One question for every source."""
