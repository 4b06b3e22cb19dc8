"""The kinds of file that ``fleetfront import`` reads, the reader of each, and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from solver.errors import Fault, InstanceError
from solver.importers.answering import FLAGS
from solver.importers.findings import Answers, Findings

__all__ = ["KINDS", "ImportKind", "Reader", "check_taken", "reader_of"]

Reader = Callable[[Path, Answers], Findings]
"""Reads a file with the answers given beside it; raises ``FleetError`` with every fault."""

_OF_QUESTION = ("name", "question")
_PRICE = ("usd_per_hour", "price_source", "as_of")
_WORKLOAD = (
    "workload",
    "model",
    "input_tokens",
    "output_tokens",
    "requests_per_s",
    "min_speed_tok_per_s",
    "max_ttft_s",
)
_POINTS = (*_WORKLOAD, *_PRICE, "machine", "accelerator", "devices")
_RUNS = (*_POINTS, "layout", "phase", "max_failed_share")


@dataclass(frozen=True, slots=True)
class ImportKind:
    """One kind of file: its name on the command line, what it is, and where its reader lives.

    ``takes`` are the answers, by the fields of ``Answers``, that its reader makes use of.
    """

    name: str
    what: str
    home: str
    takes: tuple[str, ...]


KINDS: dict[str, ImportKind] = {
    kind.name: kind
    for kind in (
        ImportKind(
            "model",
            "Hugging Face config.json",
            "models.config_json:read_model",
            (*_WORKLOAD, *_PRICE, "accelerator", "context_tokens"),
        ),
        ImportKind(
            "kubectl",
            "kubectl get nodes -o json",
            "cluster.kubectl:read_nodes",
            (*_PRICE, "machine", "accelerator"),
        ),
        ImportKind(
            "nvidia-smi",
            "nvidia-smi -q -x",
            "cluster.nvidia_smi:read_devices",
            (*_PRICE, "machine", "accelerator", "stock_devices"),
        ),
        ImportKind("vllm", "JSON of 'vllm bench serve'", "benchmarks.vllm:read_vllm", _RUNS),
        ImportKind("sglang", "SGLang's bench_serving", "benchmarks.sglang:read_sglang", _RUNS),
        ImportKind(
            "aiperf", "JSON of AIPerf or GenAI-Perf", "benchmarks.aiperf:read_aiperf", _RUNS
        ),
        ImportKind(
            "points", "CSV of measured points", "benchmarks.points:read_point_table", _POINTS
        ),
        ImportKind(
            "prices",
            "CSV or TOML of prices",
            "prices.price_list:read_prices",
            ("machine", "price_source", "as_of"),
        ),
    )
}


def reader_of(kind: ImportKind) -> Reader:
    """The reader of a kind, imported when it is needed."""
    module, _, name = kind.home.partition(":")
    reader: Reader = getattr(import_module(f"solver.importers.{module}"), name)
    return reader


def check_taken(kind: ImportKind, answers: Answers) -> None:
    """Refuse answers that the reader of a kind makes no use of: they would be lost unseen.

    Raises
    ------
    InstanceError
        With every such option, and the kinds of file that take it.
    """
    taken = {*_OF_QUESTION, *kind.takes}
    faults = []
    for field, flag in FLAGS.items():
        if getattr(answers, field) is None or field in taken:
            continue
        others = ", ".join(one.name for one in KINDS.values() if field in one.takes)
        mine = next((FLAGS[one] for one in kind.takes if one.endswith(field)), None)
        mend = f"Give {mine}" if mine else f"Leave it out; it goes with import {others}"
        faults.append(Fault(flag, f"is not used by import {kind.name} ({kind.what})", mend))
    if faults:
        raise InstanceError.all_of(faults)
