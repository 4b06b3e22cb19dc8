"""A small folder of reference files, computed a row at a time by the scalar functions."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from solver.performance.epoch2025.closed_form import toy_latency_s, toy_optimum
from solver.performance.epoch2025.collectives import collective_time
from solver.performance.epoch2025.counts import count
from solver.performance.epoch2025.reference import reference_step, speculative_latency
from solver.performance.validation.constants import ReferenceConstants

WriteTable = Callable[[Path, Sequence[str], Sequence[Sequence[Any]]], Path]

COLLECTIVE_COLUMNS = [
    "gpu", "coll", "n_ranks", "n_nodes", "bytes", "time_s", "latency_part_s", "bandwidth_part_s",
    "chosen_algo",
]  # fmt: skip
COMPONENT_COLUMNS = [
    "gpu", "model", "n_gpu", "batch", "input_len", "two_d", "n_pp", "latency_s",
    "network_time_s", "memory_rw_bytes", "flop", "memory_time_s", "arithmetic_time_s",
    "kernel_launch_time_s",
]  # fmt: skip
PAPER_COLUMNS = [
    "gpu", "model", "n_gpu", "batch", "input_len", "latency_s", "arithmetic_cost_flop",
    "memory_rw_bytes", "arithmetic_time_s", "memory_time_s", "network_time_s",
    "network_latency_part_s", "network_bandwidth_part_s", "kernel_launch_time_s", "total_params",
    "active_params", "kv_bytes_per_token", "fits",
]  # fmt: skip
SPECULATIVE_COLUMNS = [
    "gpu", "model", "draft", "n_gpu", "batch", "input_len", "acceptance", "gamma_max",
    "latency_s", "best_gamma", "base_latency_s", "draft_latency_s",
]  # fmt: skip
EXACT_COLUMNS = [
    "latency_s", "tok_s_per_request", "gpu_s_per_token", "usd_per_mtok", "n_gpu", "batch",
    "two_d", "n_pp", "n_tp",
]  # fmt: skip


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def collective_rows(c: ReferenceConstants) -> list[list[Any]]:
    rows = []
    for gpu, name, ranks, nodes, size in (
        ("H100", "allreduce", 8, 1, 0),
        ("H100", "allreduce", 1, 1, 1024),
        ("A100", "allgather", 32, 4, 10**9),
        ("V100", "p2p", 2, 2, 10**6),
        ("TPU_v4", "allreduce", 16, 16, 4096),
    ):
        time = collective_time(
            name,  # type: ignore[arg-type]
            ranks=ranks,
            nodes=nodes,
            message_bytes=size,
            accelerator=c.accelerators[gpu],
        )
        row = [time.time_s, time.latency_s, time.bandwidth_s, time.protocol]
        rows.append([gpu, name, ranks, nodes, size, *row])
    return rows


def component_rows(c: ReferenceConstants) -> list[list[Any]]:
    rows = []
    for gpu, model in (("H100", "Llama_3_70B_8_bit"), ("A100", "Mixtral_8x22B")):
        for devices, batch in ((4, 1), (8, 6), (9.5, 100), (24, 4096)):
            for two_d in (1, 0):
                for stages in (1, 2, 6):
                    step = reference_step(
                        c.models[model],
                        c.accelerators[gpu],
                        devices=devices,
                        batch=batch,
                        context_tokens=1000,
                        two_dimensional=bool(two_d),
                        stages=stages,
                    )
                    terms = [step.latency_s, step.network_s, step.memory_bytes, step.flop]
                    terms += [step.hbm_s, step.arithmetic_s, step.launch_s]
                    rows.append([gpu, model, devices, batch, 1000, two_d, stages, *terms])
    return rows


def paper_rows(c: ReferenceConstants) -> list[list[Any]]:
    rows = []
    for gpu, model in (("H100", "GPT_3"), ("H200", "GPT_4")):
        for devices, batch in ((3, 1), (40, 64), (100, 1000)):
            llm, accelerator = c.models[model], c.accelerators[gpu]
            step = reference_step(
                llm, accelerator, devices=devices, batch=batch, context_tokens=100
            )
            counts = count(llm)
            kv_bytes = counts.kv_values_per_token * llm.native_kv_bits / 8
            row = [step.latency_s, step.flop, step.memory_bytes, step.arithmetic_s, step.hbm_s]
            row += [step.network_s, step.network_latency_s]
            row += [step.network_s - step.network_latency_s, step.launch_s]
            row += [counts.params, counts.active_params, kv_bytes, int(step.fits)]
            rows.append([gpu, model, devices, batch, 100, *row])
    return rows


def speculative_rows(c: ReferenceConstants) -> list[list[Any]]:
    rows = []
    for devices, batch in ((1, 1), (2, 8), (16, 64)):
        for acceptance, longest in ((0.0, 3), (0.8, 0), (0.8, 5), (0.6, 2)):
            found = speculative_latency(
                c.models["Llama_3_70B"],
                c.models["Llama_3_8B"],
                c.accelerators["H100"],
                devices=devices,
                batch=batch,
                context_tokens=10,
                acceptance=acceptance,
                max_draft_tokens=longest,
            )
            row = [found.latency_s, found.draft_tokens, found.base_latency_s]
            key = ["H100", "Llama_3_70B", "Llama_3_8B", devices, batch, 10, acceptance, longest]
            rows.append([*key, *row, found.draft_latency_s])
    return rows


def exact_rows(c: ReferenceConstants) -> list[list[Any]]:
    rows = []
    for batch, two_d, stages, degree in ((1, 0, 1, 8), (64, 1, 1, 16), (256, 0, 2, 4)):
        devices = stages * degree
        latency_s = reference_step(
            c.models["Llama_3_70B_8_bit"],
            c.accelerators["H100"],
            devices=devices,
            batch=batch,
            context_tokens=5,
            two_dimensional=bool(two_d),
            stages=stages,
        ).latency_s
        gpu_s = devices * latency_s / batch
        row = [latency_s, 1 / latency_s, gpu_s, gpu_s * 2.1 / 3600 * 1e6]
        rows.append([*row, devices, batch, two_d, stages, degree])
    return rows


def closed_form_entries(c: ReferenceConstants) -> list[dict[str, Any]]:
    entries = []
    for stated, model in (("LLaMa 3 8B", "Llama_3_8B"), ("GPT-3", "GPT_3")):
        llm, accelerator = c.models[model], c.accelerators["H100"]
        optimum = toy_optimum(llm, accelerator)
        searched = 1.001 * optimum.devices
        entries.append(
            {
                "model": stated,
                "gpu": "H100",
                "N_star": optimum.devices,
                "v_star": optimum.tok_per_s,
                "N_num": searched,
                "v_num": 1 / toy_latency_s(llm, accelerator, devices=searched),
            }
        )
    return entries


@pytest.fixture(scope="session")
def write_table() -> WriteTable:
    """Writes a comma-separated file and returns its path."""
    return write_csv


@pytest.fixture(scope="session")
def pristine_folder(
    tmp_path_factory: pytest.TempPathFactory, constants: ReferenceConstants
) -> Path:
    """One file of every kind: six files, 5 + 48 + 6 + 12 + 2 + 3 rows."""
    folder = tmp_path_factory.mktemp("pristine")
    write_csv(folder / "collectives.csv", COLLECTIVE_COLUMNS, collective_rows(constants))
    write_csv(folder / "token_latency_components.csv", COMPONENT_COLUMNS, component_rows(constants))
    write_csv(folder / "token_latency_paper.csv", PAPER_COLUMNS, paper_rows(constants))
    write_csv(folder / "speculative.csv", SPECULATIVE_COLUMNS, speculative_rows(constants))
    write_csv(
        folder / "exact" / "Llama_3_70B_8bit__H100__il5.csv", EXACT_COLUMNS, exact_rows(constants)
    )
    entries = json.dumps(closed_form_entries(constants))
    (folder / "toy_closed_form.json").write_text(entries, encoding="utf-8")
    return folder


@pytest.fixture
def reference_folder(tmp_path: Path, pristine_folder: Path) -> Path:
    """A copy of the small folder that a test may spoil."""
    return Path(shutil.copytree(pristine_folder, tmp_path / "reference"))
