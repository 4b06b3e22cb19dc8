"""Placement questions of any number of hosts, written as files: what the speed scripts measure."""

from __future__ import annotations

from pathlib import Path

__all__ = ["KINDS", "own_question"]

KINDS = ("flow", "chain", "replicas")
_MACHINES = (("a100", "A100-40GB SXM"), ("a10g", "A10G"), ("l4", "L4"))
_MICROBATCH = {"flow": "[1, 8, 64]", "chain": "[1, 8, 64]", "replicas": "[8, 64]"}
_IN_FLIGHT = {"flow": "4", "chain": "[1, 4]", "replicas": "[1, 4]"}
_TRADE_OFF = {
    "flow": '["throughput"]',
    "chain": '["speed", "cost"]',
    "replicas": '["speed", "throughput"]',
}


def own_question(folder: Path, kind: str, hosts: int, *, trunk_gbit_per_s: float) -> Path:
    """Write one question: Phi-4 over two racks, a third each of A100, A10G and L4 machines.

    One device a machine; of the three only the A100 holds the whole model. Machines go to the racks
    in turn; a gateway hangs on the first rack where the question is a flow, and all that passes
    between the racks shares one link.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    trunk_gbit_per_s
        Of the link between the racks.

    Returns
    -------
    Path
        The file, in ``folder``.
    """
    lines = [
        "schema = 1",
        'kind = "placement"',
        f'name = "own-{kind}-{hosts}"',
        f'title = "Phi-4 over {hosts} hosts in two racks"',
        f"trade_off = {_TRADE_OFF[kind]}",
        "[workload]",
        'model = "Phi-4"',
        "context_tokens = 4096",
    ]
    for name, accelerator in _MACHINES:
        lines += [
            "[[machines]]", f'name = "{name}"', f'accelerator = "{accelerator}"', "devices = 1"
        ]  # fmt: skip
    racks: tuple[list[str], list[str]] = ([], [])
    for number in range(hosts):
        machine = _MACHINES[number % len(_MACHINES)][0]
        host = f"{machine}-{number}"
        racks[number // len(_MACHINES) % 2].append(host)
        lines += ["[[hosts]]", f'names = "{host}"', f'machine = "{machine}"']
    lines += ["[[switches]]", 'names = "leaf-1,leaf-2"', 'kind = "leaf"']
    wires = [(",".join(rack), f"leaf-{place}", 25.0) for place, rack in enumerate(racks, 1) if rack]
    wires.append(("leaf-1", "leaf-2", trunk_gbit_per_s))
    if kind == "flow":
        lines += ["[[switches]]", 'names = "gateway"', 'kind = "gateway"']
        wires.append(("gateway", "leaf-1", 25.0))
    for a, b, gbit_per_s in wires:
        lines += [
            "[[links]]", f'a = "{a}"', f'b = "{b}"', f"gbit_per_s = {gbit_per_s}", "latency_us = 5"
        ]  # fmt: skip
    lines += [
        "[design]",
        "tensor_parallel = [1]",
        f"microbatch = {_MICROBATCH[kind]}",
        f"in_flight = {_IN_FLIGHT[kind]}",
    ]
    if kind == "replicas":
        lines.append('replicas = "several"')
    lines += ["[performance]", 'model = "epoch2025"']
    path = folder / f"own-{kind}-{hosts}.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
