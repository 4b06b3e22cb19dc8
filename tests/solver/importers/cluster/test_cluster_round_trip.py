"""From a cluster's files to a solved fleet on the command line, every count kept."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver.cli import main

IMPORT = Path(__file__).parents[4] / "instances/import"
Run = Callable[..., tuple[int, str, str]]
WORKLOAD = """
[[workloads]]
name = "chat"
model = "Llama-3.1-8B"
input_tokens = 1000
output_tokens = 250
requests_per_s = {requests_per_s}
min_speed_tok_per_s = 20

[design]
tensor_parallel = [1, 4]
batch = [8, 128]

[performance]
model = "epoch2025"
flop_efficiency = 0.7
hbm_efficiency = 0.75
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit status, standard output and standard error of a command."""

    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        caught = capsys.readouterr()
        return status, caught.out, caught.err

    return call


@pytest.fixture
def plan(run: Run, tmp_path: Path) -> Path:
    """The two pools with the prices of the quote."""
    path = tmp_path / "plan.toml"
    nodes = IMPORT / "cluster/two-pools.nodes.json"
    assert run("import", "kubectl", nodes, "-o", path)[0] == 0
    assert run("import", "prices", IMPORT / "prices/quote.csv", "--add", "-o", path)[0] == 0
    return path


def solved(run: Run, path: Path, requests_per_s: int) -> tuple[int, dict[str, Any]]:
    path.write_text(path.read_text() + WORKLOAD.format(requests_per_s=requests_per_s))
    status, out, err = run("solve", path, "--json")
    assert "Traceback" not in err
    return status, json.loads(out)


def test_two_pools_and_a_quote_make_a_fleet_that_solves_within_its_stock(
    run: Run, plan: Path
) -> None:
    status, document = solved(run, plan, 400)
    assert status == 0
    assert document["points"]
    for point in document["points"]:
        used: Counter[str] = Counter()
        for node in point["design"]["nodes"]:
            used[node["machine"]] += node["devices"]
            used[node["machine"], node["contract"]] += node["devices"]
        assert used["h100-pool"] <= 24
        assert used["h100-pool"] % 8 == 0
        assert used["l40s-pool"] <= 20
        assert used["l40s-pool"] % 4 == 0
        assert used["h100-pool", "reserved-1y"] <= 16
        assert used["l40s-pool", "spot"] <= 8


def test_the_cordoned_node_is_not_there_to_serve(run: Run, plan: Path) -> None:
    # 600 requests/s need 32 H100 devices: the pool's four nodes would do, its three usable do not.
    status, document = solved(run, plan, 600)
    assert (status, document["status"]) == (3, "infeasible")
    assert any("stock of h100-pool" in str(part) for part in document["conflict"])


def test_a_host_and_its_answers_make_a_fleet_that_solves(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "host.toml"
    status, _, err = run(
        "import", "nvidia-smi", IMPORT / "cluster/h100-host.nvidia-smi.xml", "-o", path,
        "--machine", "h100", "--stock-devices", "16",
        "--usd-per-hour", "2.95", "--as-of", "2026-11",
    )  # fmt: skip
    assert status == 0, err
    status, document = solved(run, path, 100)
    assert status == 0
    assert document["points"][-1]["design"]["nodes"][0]["devices"] == 8


def test_an_import_into_itself_changes_nothing(run: Run, plan: Path) -> None:
    before = plan.read_text()
    assert run("import", "prices", IMPORT / "prices/quote.csv", "--add", "-o", plan)[0] == 0
    assert plan.read_text() == before


def test_a_price_list_alone_makes_the_machines_of_a_fleet(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "priced.toml"
    assert run("import", "prices", IMPORT / "prices/quote.csv", "-o", path)[0] == 0
    named = {machine["name"] for machine in tomllib.loads(path.read_text())["machines"]}
    assert named == {"h100-sxm", "l40s", "h200-sxm"}


@pytest.mark.parametrize("kind", ["kubectl", "nvidia-smi", "prices"])
@pytest.mark.parametrize("content", [b"\x1f\x8b" + bytes(99), b"<script>", b"\xff\xfe\x00", b"["])
def test_files_of_another_kind_end_with_2_and_a_few_lines(
    run: Run, tmp_path: Path, kind: str, content: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    status, out, err = run("import", kind, path)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) <= 3
    assert "Traceback" not in err
