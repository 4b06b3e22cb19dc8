"""Random fleets written as other tools write them, imported in random order, read back exactly.

The generator below knows the formats from their documentation alone and shares no code with the
readers: what it meant is what the question has to say, to the last digit.
"""

from __future__ import annotations

import csv
import io
import json
import random
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from solver.cli import main

MODELS = Path(__file__).resolve().parents[3] / "instances" / "import" / "models"
DEVICES = (
    # label of GPU Feature Discovery, catalog, MiB, words of a quote
    ("NVIDIA-H100-80GB-HBM3", "H100 SXM", 81559, "NVIDIA H100 80GB HBM3"),
    ("NVIDIA-L40S", "L40S", 46068, "l40s"),
    ("NVIDIA-H200", "H200 SXM", 143771, "H200 SXM"),
    ("NVIDIA-A100-SXM4-80GB", "A100-80GB SXM", 81920, "A100 SXM4 80GB"),
)
CONTRACTS = (("on_demand", "On-Demand", "on_demand"), ("spot", "spot", "spot"))


@dataclass
class Fleet:
    """What was meant: machines by name, one workload, rows of measured points."""

    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    workload: dict[str, Any] = field(default_factory=dict)
    points: list[dict[str, Fraction | str]] = field(default_factory=list)
    steps: dict[str, list[str]] = field(default_factory=dict)


def fleet(chance: random.Random, folder: Path) -> Fleet:
    meant = Fleet()
    products = chance.sample(DEVICES, chance.randint(1, 3))
    pools = [(f"pool-{chance.randint(0, 99)}.{place}", one) for place, one in enumerate(products)]
    if chance.random() < 0.5:
        pools.append((f"more_{chance.randint(0, 99)}", products[0]))
    nodes = []
    for name, (label, accelerator, mib, _) in pools:
        size, count = chance.choice((1, 2, 4, 8)), chance.randint(1, 5)
        nodes += [node(name, label, mib, size) for _ in range(count)]
        nodes += [
            node(name, label, mib, size, **{chance.choice(("cordoned", "lost")): True})
            for _ in range(chance.randint(0, 2))
        ]
        meant.machines[name] = {
            "accelerator": accelerator,
            "node_devices": size,
            "stock_devices": size * count,
        }
    nodes += [node("cpu", "", 0, 0) for _ in range(chance.randint(0, 3))]
    chance.shuffle(nodes)
    written = {"apiVersion": "v1", "kind": chance.choice(("List", "NodeList")), "items": nodes}
    (folder / "nodes.json").write_text(json.dumps(written))
    prices(chance, folder, products, meant)
    workload(chance, folder, meant)
    measure(chance, folder, meant)
    return meant


def node(
    pool: str, label: str, mib: int, size: int, *, cordoned: bool = False, lost: bool = False
) -> dict[str, Any]:
    labels = {"eks.amazonaws.com/nodegroup": pool, "kubernetes.io/os": "linux"}
    offered = {"cpu": "64", "memory": "2097152Ki"}
    if label:
        labels |= {"nvidia.com/gpu.product": label, "nvidia.com/gpu.memory": str(mib)}
        labels |= {"nvidia.com/gpu.count": str(size)}
        offered["nvidia.com/gpu"] = str(size)
    return {
        "kind": "Node",
        "metadata": {"name": f"{pool}-x", "labels": labels},
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {
            "capacity": offered,
            "allocatable": offered,
            "conditions": [{"type": "Ready", "status": "Unknown" if lost else "True"}],
        },
    }


def prices(
    chance: random.Random, folder: Path, products: list[tuple[str, str, int, str]], meant: Fleet
) -> None:
    by_instance = chance.random() < 0.5
    columns = ("usd_per_instance_hour", "usd_per_gpu_hour", "USD per GPU hour")
    column = columns[0] if by_instance else chance.choice(columns[1:])
    header = ["GPU", "Contract", column, "Vendor", "As of", "note"]
    rows = []
    for _, accelerator, _, words in products:
        found = []
        for name, spelled, kind in chance.sample(CONTRACTS, chance.randint(1, 2)):
            cents, size = Fraction(chance.randint(30, 900), 100), chance.choice((1, 2, 4, 8))
            amount = cents * size if by_instance else cents
            text = f"{amount.numerator * 100 // amount.denominator / 100:.2f}"
            assert Fraction(text) == amount
            day = f"2026-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
            row = [words, spelled, chance.choice((text, f"${text}", f"{text} USD")), "A", day, "x"]
            rows.append([*row, str(size)] if by_instance else row)
            found.append({"name": name, "kind": kind, "usd_per_hour": cents, "as_of": day})
        for machine in meant.machines.values():
            if machine["accelerator"] == accelerator:
                machine["contracts"] = found
    if by_instance:
        header.append("GPUs per instance")
    order = list(range(len(header)))
    chance.shuffle(order)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=chance.choice(",;\t"))
    writer.writerows([[row[place] for place in order] for row in (header, *rows)])
    (folder / "quote.csv").write_text(out.getvalue())


def workload(chance: random.Random, folder: Path, meant: Fleet) -> None:
    rate = Fraction(chance.randint(1, 4000), 100)
    limit = Fraction(chance.randint(1, 50), 10)
    lengths = chance.randint(100, 4000), chance.randint(10, 900)
    meant.workload = {
        "name": "chat",
        "model": "Llama-3.1-8B",
        "input_tokens": lengths[0],
        "output_tokens": lengths[1],
        "requests_per_s": rate,
        "max_ttft_s": limit,
    }
    options = {
        "--workload": "chat",
        "--requests-per-s": f"{float(rate):.2f}",
        "--max-ttft-s": f"{float(limit):.1f}",
        "--input-tokens": str(lengths[0]),
        "--output-tokens": str(lengths[1]),
    }
    words = [word for pair in options.items() for word in pair]
    meant.steps["model"] = [str(MODELS / "llama-3.1-8b" / "config.json"), *words]
    meant.steps["kubectl"] = [str(folder / "nodes.json")]
    meant.steps["prices"] = [str(folder / "quote.csv")]


def measure(chance: random.Random, folder: Path, meant: Fleet) -> None:
    """Runs of ``vllm bench serve`` on machines of the fleet, one file a run."""
    for place in range(chance.randint(1, 3)):
        done, seconds = chance.randint(50, 999), chance.randint(10, 600)
        degree, most = chance.choice((1, 2, 4)), 2 ** chance.randint(0, 8)
        tpot = Decimal(chance.randint(10**6, 10**8)) / 10**6
        ttft = Decimal(chance.randint(10**7, 10**9)) / 10**6
        sizes = meant.workload["input_tokens"], meant.workload["output_tokens"]
        record = {
            "model_id": "meta-llama/Llama-3.1-8B-Instruct",
            "num_prompts": done,
            "completed": done,
            "failed": 0,
            "duration": float(seconds),
            "request_rate": "inf",
            "max_concurrency": most,
            "total_input_tokens": done * sizes[0],
            "total_output_tokens": done * sizes[1],
            "request_throughput": done / seconds,
            "output_throughput": done * sizes[1] / seconds,
            "mean_tpot_ms": float(tpot),
            "p99_ttft_ms": float(ttft),
            "tp": str(degree),
        }
        path = folder / f"run-{place}.json"
        path.write_text(json.dumps(record))
        machine = chance.choice(list(meant.machines))
        meant.steps[f"vllm {place}"] = [str(path), "--machine", machine, "--workload", "chat"]
        meant.points.append(
            {
                "workload": "chat",
                "machine": machine,
                "devices": Fraction(degree),
                "requests_per_s": Fraction(repr(done / seconds)),
                "tpot_ms": Fraction(tpot),
                "ttft_ms": Fraction(ttft),
                "input_tokens": Fraction(sizes[0]),
                "output_tokens": Fraction(sizes[1]),
            }
        )


def scribbled(chance: random.Random, out: Path, number: int) -> str:
    """A remark of a person put above a random table of the file, as an editor would."""
    lines = out.read_text().splitlines()
    heads = [place for place, line in enumerate(lines) if line.startswith("[")]
    remark = f"# mine, number {number}: do not lose"
    if heads:
        lines.insert(chance.choice(heads), remark)
    else:
        lines.append(remark)
    out.write_text("\n".join(lines) + "\n")
    return remark


def exact(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Some keys of a table, numbers as fractions."""
    return {
        key: Fraction(value) if key.endswith(("_per_hour", "_per_s", "_s")) else value
        for key, value in table.items()
        if key in keys
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_random_fleet_is_imported_as_it_was_meant(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    meant = fleet(chance, tmp_path)
    order = list(meant.steps)
    chance.shuffle(order)
    out = tmp_path / "plan.toml"
    remarks: list[str] = []
    waiting = list(order)
    while waiting:
        step = waiting.pop(0)
        added = ["--add"] if out.exists() else []
        begun = out.read_bytes() if out.exists() else b""
        status = main(
            ["import", step.split()[0], *meant.steps[step], *added, "-o", str(out), "--quiet"]
        )
        told = capsys.readouterr().err
        if "kubectl" in waiting and step == "prices":
            # Prices before the cluster: refused, or the cluster is; then the file is begun anew.
            if status == 0:
                assert main(["import", "kubectl", *meant.steps["kubectl"], "--add", "-o", str(out)])
                assert "Import the cluster first" in capsys.readouterr().err
                out.write_bytes(begun) if begun else out.unlink()
            else:
                assert "Import the cluster first" in told
                assert (out.read_bytes() if out.exists() else b"") == begun
            waiting.append("prices")
            continue
        assert status == 0, told
        remarks.append(scribbled(chance, out, len(remarks)))
    text = out.read_text()
    found = tomllib.loads(text)
    assert all(remark in text.splitlines() for remark in remarks)
    assert "missing:" not in text.partition("schema")[2]
    machines = {entry["name"]: entry for entry in found["machines"]}
    assert machines.keys() == meant.machines.keys()
    for name, wanted in meant.machines.items():
        have = machines[name]
        contracts = [
            exact(one, "name", "kind", "usd_per_hour", "as_of") for one in have["contracts"]
        ]
        assert contracts == wanted["contracts"]
        assert {key: have[key] for key in wanted if key != "contracts"} == {
            key: value for key, value in wanted.items() if key != "contracts"
        }
    (workload,) = found["workloads"]
    assert exact(workload, *meant.workload) == meant.workload
    points = (tmp_path / workload["points"]).read_text().splitlines()
    rows = list(csv.DictReader(line for line in points if not line.startswith("#")))
    read = [
        {
            key: Fraction(row[key]) if isinstance(value, Fraction) else row[key]
            for key, value in meant.points[0].items()
        }
        for row in rows
    ]
    assert sorted(read, key=repr) == sorted(meant.points, key=repr)
    assert main(["show", str(out)]) == 0, capsys.readouterr().err
