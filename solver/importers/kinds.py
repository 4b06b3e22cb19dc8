"""The kinds of file that ``fleetfront import`` reads, and the reader of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from solver.importers.findings import Answers, Findings

__all__ = ["KINDS", "ImportKind", "Reader", "reader_of"]

Reader = Callable[[Path, Answers], Findings]
"""Reads a file with the answers given beside it; raises ``FleetError`` with every fault."""


@dataclass(frozen=True, slots=True)
class ImportKind:
    """One kind of file: its name on the command line, what it is, and where its reader lives."""

    name: str
    what: str
    home: str


KINDS: dict[str, ImportKind] = {
    kind.name: kind
    for kind in (
        ImportKind(
            "model", "Hugging Face config.json", "solver.importers.models.config_json:read_model"
        ),
        ImportKind(
            "kubectl", "kubectl get nodes -o json", "solver.importers.cluster.kubectl:read_nodes"
        ),
        ImportKind(
            "nvidia-smi", "nvidia-smi -q -x", "solver.importers.cluster.nvidia_smi:read_devices"
        ),
        ImportKind(
            "vllm", "JSON of 'vllm bench serve'", "solver.importers.benchmarks.vllm:read_vllm"
        ),
        ImportKind(
            "sglang", "SGLang's bench_serving", "solver.importers.benchmarks.sglang:read_sglang"
        ),
        ImportKind(
            "aiperf",
            "JSON of AIPerf or GenAI-Perf",
            "solver.importers.benchmarks.aiperf:read_aiperf",
        ),
        ImportKind(
            "points",
            "CSV of measured points",
            "solver.importers.benchmarks.points:read_point_table",
        ),
        ImportKind(
            "prices", "CSV or TOML of prices", "solver.importers.prices.price_list:read_prices"
        ),
    )
}


def reader_of(kind: ImportKind) -> Reader:
    """The reader of a kind, imported when it is needed."""
    module, _, name = kind.home.partition(":")
    reader: Reader = getattr(import_module(module), name)
    return reader
